// What every contestant in the page does: the same network from the same weights on the same samples, and the same Adam.

export const PIXELS = 784;
export const HIDDEN = 128;
export const CLASSES = 10;
export const BATCH = 128;
/** An epoch, as in the peers' own figures. */
export const SAMPLES = 1024;
export const RATE = 1e-3;
/** So small that it does not matter where a library adds it. */
export const EPSILON = 1e-10;
/** Parameters of the one tensor that Adam steps over. */
export const PARAMETERS = 1e6;

/** Samples and labels (as bytes, and as rows of zeros and a one), and the weights to begin with. */
export interface Mlp {
  readonly x: Float32Array;
  readonly y: Uint8Array;
  readonly rows: Float32Array;
  readonly weights: readonly (readonly [values: Float32Array, shape: readonly number[]])[];
}

/** A network in training. */
export interface Training {
  /** The mean loss of each of so many epochs over the samples in their order. */
  losses(epochs: number): Promise<readonly number[]>;
  /** An epoch as a user of the library trains it. */
  epoch(): Promise<unknown>;
}

/** One tensor, ones as its gradient, and Adam. */
export interface Stepping {
  /** Makes so many steps, and ends when they are made. */
  steps(count: number): Promise<unknown>;
  values(): Promise<ArrayLike<number>>;
}

/** A library in the page. */
export interface Contestant {
  /** Begins; says what it runs on. */
  start(backend: string): Promise<string>;
  mlp(task: Mlp): Promise<Training>;
  adam(values: Float32Array): Stepping;
  /** Steps of Adam at once, so many that the end of them costs little. */
  readonly stepsAtOnce: number;
}

/** Ten patterns under noise. */
export function mlpTask(): Mlp {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const patterns = Float32Array.from({ length: CLASSES * PIXELS }, random);
  const y = Uint8Array.from({ length: SAMPLES }, () => CLASSES * random());
  const value = (i: number) => (patterns[y[Math.floor(i / PIXELS)]! * PIXELS + (i % PIXELS)]! + random()) / 2;
  const weights = ([inputs, units]: readonly [number, number]) => {
    const limit = Math.sqrt(6 / (inputs + units));
    const kernel = Float32Array.from({ length: inputs * units }, () => limit * (2 * random() - 1));
    return [[kernel, [inputs, units]] as const, [new Float32Array(units), [units]] as const];
  };
  const layers = [[PIXELS, HIDDEN] as const, [HIDDEN, CLASSES] as const];
  return {
    x: Float32Array.from({ length: SAMPLES * PIXELS }, (_, i) => value(i)),
    y,
    rows: Float32Array.from({ length: SAMPLES * CLASSES }, (_, i) =>
      y[Math.floor(i / CLASSES)] === i % CLASSES ? 1 : 0,
    ),
    weights: layers.flatMap(weights),
  };
}

/** Values from 1 to 2. */
export const adamValues = (): Float32Array => Float32Array.from({ length: PARAMETERS }, (_, i) => 1 + (i % 97) / 97);

/** What `steps` of Adam on a gradient of one make of a value, in f64. */
export function adamResult(value: number, steps: number): number {
  let [m, v] = [0, 0];
  for (let t = 1; t <= steps; t++) {
    m += 0.1 * (1 - m);
    v += 0.001 * (1 - v);
    value -= (RATE * m) / (1 - 0.9 ** t) / (Math.sqrt(v / (1 - 0.999 ** t)) + EPSILON);
  }
  return value;
}
