// A transformer of one block learns to sort letters: it reads "dacb|" and goes on with "abcd", letter by letter.
import {
  Adam,
  Add,
  Dense,
  Embedding,
  Input,
  Layer,
  LayerNormalization,
  Model,
  MultiHeadAttention,
  ops,
  type Tensor,
} from 'descend';

const COUNT = 6;
const ALPHABET = 10;
const LENGTH = 2 * COUNT;
const BAR = ALPHABET;
const SIZE = 32;

/** Adds a learned row for each place in a sequence. */
class Places extends Layer {
  static override readonly className = 'Places';
  #rows!: ReturnType<Places['addWeight']>;

  override build(shape: readonly number[]): void {
    this.#rows = this.addWeight({ name: 'rows', shape, initializer: 'uniform' });
  }

  override call(x: Tensor): Tensor {
    return ops.add(x, this.#rows);
  }
}

let state = 1;
const random = (n: number) => {
  state = (state * 48271) % 2147483647;
  return state % n;
};

// Inputs: letters, a bar, all but the last of the sorted ones; targets: at the bar and behind it, the next sorted letter.
function arrays(rows: number) {
  const shape = [rows, LENGTH];
  const [x, y, counts] = [0, 1, 2].map(() => new Float32Array(rows * LENGTH)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let row = 0; row < rows; row++) {
    const word = Array.from({ length: COUNT }, () => random(ALPHABET));
    const sorted = [...word].sort((a, b) => a - b);
    x.set([...word, BAR, ...sorted.slice(0, -1)], row * LENGTH);
    y.set(sorted, row * LENGTH + COUNT);
    counts.fill(1, row * LENGTH + COUNT, (row + 1) * LENGTH);
  }
  return { x: { data: x, shape }, y: { data: y, shape }, counts: { data: counts, shape } };
}

const input = Input({ shape: [LENGTH] });
const embedded = new Places().apply(new Embedding({ inputDim: ALPHABET + 1, outputDim: SIZE }).apply(input));
// Each step looks at steps before it alone.
const heads = new MultiHeadAttention({ numHeads: 4, keyDim: 8, useCausalMask: true });
const attended = new Add().apply([embedded, heads.apply(new LayerNormalization().apply(embedded))]);
const wide = new Dense({ units: 2 * SIZE, activation: 'gelu' }).apply(new LayerNormalization().apply(attended));
const block = new Add().apply([attended, new Dense({ units: SIZE }).apply(wide)]);
const output = new Dense({ units: ALPHABET, activation: 'softmax' }).apply(new LayerNormalization().apply(block));
const model = new Model({ inputs: input, outputs: output, seed: 5 });

const [train, test] = [arrays(2048), arrays(256)];
model.compile({ optimizer: new Adam({ learningRate: 0.004 }), loss: 'sparseCategoricalCrossentropy' });
await model.fit(train.x, train.y, { epochs: 12, batchSize: 64, sampleWeight: train.counts, verbose: 0 });

const { data } = await model.predict(test.x);
const letter = (at: number) => {
  const row = data.subarray(at * ALPHABET, (at + 1) * ALPHABET);
  return row.indexOf(Math.max(...row));
};
const asked = Array.from(test.y.data.keys()).filter((at) => test.counts.data[at] === 1);
const right = asked.filter((at) => letter(at) === test.y.data[at]).length / asked.length;
console.log(`${(100 * right).toFixed(2)} % of the letters of 256 words stand where they belong.`);
if (!(right > 0.95)) {
  console.error('expected more than 95 %');
  process.exitCode = 1;
}
