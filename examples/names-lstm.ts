// An LSTM reads first names letter by letter and learns what comes next; then it makes up names of its own. Some names say
// when to stop; others, which had no part in any choice, say how good it is.
import { Adam, callbacks, Dense, Embedding, LSTM, Sequential } from 'descend';

const NAMES = `ada adam adele agnes alan albert alexander alfred alice amanda amelia andrea andrew anna anthony antonia
arnold arthur audrey barbara beatrice benjamin bernard bertha brian caroline catherine cecilia charles charlotte christian
christina clara claudia conrad cornelia daniel david deborah dennis diana dominic dora dorothy edgar edith edmund edward
eleanor elisabeth ella emily emma eric erica ernest esther eugene eva evelyn felix fiona florence frances frank frederick
gabriel george gerald gertrude gloria gordon grace gregory gustav hannah harold harriet harry heather helen henry herbert
hilda hugo ida irene isabella jacob james jane jennifer jessica joan john jonathan joseph josephine julia julian karen
katharina kenneth laura lawrence leo leonard lilian linda louis louise lucas lucy lydia magdalena marcus margaret maria
marianne marion mark martha martin mary matilda matthew maurice maximilian michael miriam monica natalie nathan nicholas
nicola nora norman oliver oscar pamela patricia patrick paul paula peter philip rachel raymond rebecca regina richard robert
roland rosa rosalind rose rudolf russell ruth samuel sandra sarah sebastian sharon simon sophia stella stephen susan sylvia
theodore theresa thomas timothy ursula valentina vanessa vera veronica victor victoria vincent violet virginia walter
wilhelmina william winifred`.split(/\s+/);

const LENGTH = 12;
// 0 is the end of a name, and nothing behind it.
const letters = (name: string) => [...name].map((letter) => letter.charCodeAt(0) - 96);

// Inputs: a beginning sign (27), then the letters; targets: the letters, then the end. Behind it nothing counts.
function arrays(names: readonly string[]) {
  const shape = [names.length, LENGTH];
  const [x, y, counts] = [0, 1, 2].map(() => new Float32Array(names.length * LENGTH)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (const [row, name] of names.entries()) {
    const word = letters(name).slice(0, LENGTH - 1);
    x.set([27, ...word], row * LENGTH);
    y.set(word, row * LENGTH);
    counts.fill(1, row * LENGTH, row * LENGTH + word.length + 1);
  }
  return { x: { data: x, shape }, y: { data: y, shape }, counts: { data: counts, shape } };
}

const part = (...rests: number[]) => NAMES.filter((_, i) => rests.includes(i % 8));
const held = part(5);
const [train, validation, test] = [arrays(part(0, 1, 2, 4, 6, 7)), arrays(part(3)), arrays(held)];

const model = new Sequential(
  [
    new Embedding({ inputDim: 28, outputDim: 16, inputShape: [LENGTH] }),
    new LSTM({ units: 64, returnSequences: true, dropout: 0.3, recurrentDropout: 0.2 }),
    new Dense({ units: 27, activation: 'softmax' }),
  ],
  { seed: 11 },
);
model.compile({ optimizer: new Adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy' });
const { epoch } = await model.fit(train.x, train.y, {
  epochs: 60,
  batchSize: 32,
  sampleWeight: train.counts,
  validationData: [validation.x, validation.y, validation.counts],
  callbacks: [new callbacks.EarlyStopping({ patience: 5, restoreBestWeights: true })],
  verbose: 0,
});

// The mean over what counts, in bits; knowing only how often each letter occurs takes some 4.3.
const predicted = await model.predict(test.x);
let [bits, count] = [0, 0];
for (const [i, target] of test.y.data.entries()) {
  if (test.counts.data[i] === 0) continue;
  bits -= Math.log2(predicted.data[i * 27 + target] as number);
  count++;
}

// Letters drawn by their probabilities: the numbers come from a generator of our own, so the names are always the same.
let state = 7;
const random = () => {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
};
let drafts = Array.from({ length: 8 }, () => '');
for (let step = 0; step < LENGTH - 1; step++) {
  const { data } = await model.predict(arrays(drafts).x);
  drafts = drafts.map((draft, row) => {
    if (draft.length < step) return draft;
    let left = random();
    const at = (row * LENGTH + step) * 27;
    const drawn = data.subarray(at, at + 27).findIndex((probability) => {
      left -= probability;
      return left < 0;
    });
    return drawn > 0 ? draft + String.fromCharCode(96 + drawn) : draft;
  });
}
console.log(`Made up: ${drafts.filter((draft) => draft !== '').join(', ')}`);
console.log(
  `After ${epoch.length} epochs letters of ${held.length} names never seen take ${(bits / count).toFixed(2)} bits each.`,
);
if (!(bits / count < 3.6)) {
  console.error('expected less than 3.6');
  process.exitCode = 1;
}
