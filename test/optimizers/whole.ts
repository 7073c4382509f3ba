// One step in f64 of rules that look at whole tensors and have no reference numbers, written from their papers with nothing
// from the core: plain loops, and for SOAP Gram and Schmidt where the core has Householder.

export type Matrix = number[][];

/** A tensor as a rule sees it: its elements, its rows and columns (one row where it is a vector), and state by name. */
export interface Tensor {
  readonly w: number[];
  readonly g: number[];
  readonly shape: readonly [number, number];
  readonly s: Record<string, number[]>;
}

type Options = Record<string, number>;
type Step = (tensors: readonly Tensor[], o: Options, t: number) => void;

const squares = (x: readonly number[]): number => x.reduce((total, y) => total + y * y, 0);

/** Wortsman et al. 2023, algorithm 2. */
const stableAdamW: Step = (tensors, o, t) => {
  const beta = (of: number): number => (of * (1 - of ** (t - 1))) / (1 - of ** t);
  const [beta1, beta2, epsilon] = [beta(o.beta1!), beta(o.beta2!), o.epsilon!];
  for (const { w, g, s } of tensors) {
    const [m, v] = [s.momentum!, s.velocity!];
    g.forEach((x, i) => {
      m[i] = beta1 * m[i]! + (1 - beta1) * x;
      v[i] = beta2 * v[i]! + (1 - beta2) * x * x;
    });
    const mean = g.reduce((total, x, i) => total + (x * x) / Math.max(v[i]!, epsilon ** 2), 0) / g.length;
    const rate = o.learningRate! / Math.max(1, Math.sqrt(mean));
    w.forEach((x, i) => {
      w[i] = x - rate * o.weightDecay! * x - (rate * m[i]!) / (Math.sqrt(v[i]!) + epsilon);
    });
  }
};

/** Ivgi et al. 2023: distance over gradients. */
const dog: Step = (tensors, o, t) => {
  if (t === 1) for (const { w, s } of tensors) s.initial = [...w];
  const away = tensors.flatMap(({ w, s }) => w.map((x, i) => x - s.initial![i]!));
  const size = Math.sqrt(squares(tensors.flatMap(({ w }) => w)));
  const [before, sum] = tensors[0]!.s.sums!;
  const reach = t === 1 ? o.initStep! * (1 + size) : Math.max(before!, Math.sqrt(squares(away)));
  const total = sum! + squares(tensors.flatMap(({ g }) => g));
  for (const { w, g, s } of tensors) {
    g.forEach((x, i) => {
      w[i]! -= ((o.learningRate! * reach) / Math.sqrt(total + o.epsilon!)) * x;
    });
    s.sums = [reach, total];
  }
};

const rowsOf = (x: readonly number[], columns: number): Matrix =>
  Array.from({ length: columns === 0 ? 0 : x.length / columns }, (_, i) => x.slice(i * columns, (i + 1) * columns));
const transposed = (a: Matrix): Matrix => (a[0] ?? []).map((_, j) => a.map((row) => row[j]!));
const times = (a: Matrix, b: Matrix): Matrix => {
  const columns = transposed(b);
  return a.map((row) => columns.map((column) => row.reduce((total, x, k) => total + x * column[k]!, 0)));
};

/** Orthogonal rows of length 1 that span what the first, the first two … rows span: Gram and Schmidt, twice. */
function orthogonal(rows: Matrix): Matrix {
  const made: Matrix = [];
  for (const given of rows) {
    let row = [...given];
    for (const other of [...made, ...made]) {
      const along = row.reduce((total, x, i) => total + x * other[i]!, 0);
      row = row.map((x, i) => x - along * other[i]!);
    }
    const length = Math.sqrt(squares(row));
    made.push(row.map((x) => x / length));
  }
  return made;
}

/** Where Qᵀ·A·Q is largest on its diagonal comes first; the bases have eigenvectors as rows. */
function order(a: Matrix, basis: Matrix): number[] {
  const values = times(basis, a).map((row, i) => row.reduce((total, x, k) => total + x * basis[i]![k]!, 0));
  return values.map((_, i) => i).sort((i, j) => values[j]! - values[i]!);
}

/** Vyas et al. 2024, algorithms 3 and 4, of a step that is not the first. */
const soap: Step = (tensors, o, t) => {
  const mean = (old: number, next: number, beta: number): number => beta * old + (1 - beta) * next;
  const bias = Math.sqrt(1 - o.beta2! ** (t - 1)) / (1 - o.beta1! ** (t - 1));
  for (const { w, g, s, shape } of tensors) {
    const [m, n] = shape;
    const gradient = rowsOf(g, n);
    const vector = s.left!.length === 0;
    let [left, right] = vector ? [[], []] : [rowsOf(s.leftBasis!, m), rowsOf(s.rightBasis!, n)];
    const turn = (x: Matrix): Matrix => (vector ? x : times(times(left, x), transposed(right)));
    s.momentum = s.momentum!.map((x, i) => mean(x, g[i]!, o.beta1!));
    const turned = turn(gradient).flat();
    s.velocity = s.velocity!.map((x, i) => mean(x, turned[i]! ** 2, o.beta2!));
    const divided = turn(rowsOf(s.momentum, n))
      .flat()
      .map((x, i) => x / (Math.sqrt(s.velocity![i]!) + o.epsilon!));
    const back = vector ? divided : times(times(transposed(left), rowsOf(divided, n)), right).flat();
    w.forEach((x, i) => {
      w[i] = x - o.learningRate! * o.weightDecay! * x - o.learningRate! * bias * back[i]!;
    });
    if (vector) continue;
    const squaresOf = (old: number[], x: Matrix): number[] =>
      times(x, transposed(x))
        .flat()
        .map((y, i) => mean(old[i]!, y, o.shampooBeta!));
    s.left = squaresOf(s.left!, gradient);
    s.right = squaresOf(s.right!, transposed(gradient));
    if ((t - 1) % o.preconditionFrequency! !== 0) continue;
    const [l, r] = [rowsOf(s.left, m), rowsOf(s.right, n)];
    const [rows, columns] = [order(l, left), order(r, right)];
    const kept = rowsOf(s.velocity, n);
    s.velocity = rows.flatMap((i) => columns.map((j) => kept[i]![j]!));
    left = orthogonal(
      times(
        rows.map((i) => left[i]!),
        l,
      ),
    );
    right = orthogonal(
      times(
        columns.map((j) => right[j]!),
        r,
      ),
    );
    [s.leftBasis, s.rightBasis] = [left.flat(), right.flat()];
  }
};

/** The rules by the names of their classes. */
export const RULES: Readonly<Record<string, Step>> = { StableAdamW: stableAdamW, DoG: dog, SOAP: soap };
