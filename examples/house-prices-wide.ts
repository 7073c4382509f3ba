// What a house costs, from a table with words in it. A wide part adds up what each word and number is worth by itself; a deep
// one gives each word a place in a learned space (Embedding) and finds how things act together. The wide part alone shows
// what that is worth. Prices are made here by a known rule, with noise of 5 %, so we know how good one can get.
import {
  Adam,
  CategoryEncoding,
  Concatenate,
  callbacks,
  Dense,
  Embedding,
  Flatten,
  Input,
  Model,
  Normalization,
  StringLookup,
  type SymbolicTensor,
} from 'descend';

const TOWNS = 'Aalen Bern Celle Delft Essen Fulda Gent Halle Imst Jena'.split(' ');
const SQUARE = [2.1, 7.5, 1.8, 4.9, 2.6, 2.2, 3.9, 1.7, 3.1, 2.9];
const WORDS = ['town', 'kind', 'condition'] as const;
const NUMBERS = ['area', 'rooms', 'age', 'minutes'] as const;
type House = Record<(typeof WORDS)[number], string> & Record<(typeof NUMBERS)[number], number>;

let state = 1;
const random = (low = 0, high = 1) => {
  state = (state * 48271) % 2147483647;
  return low + ((high - low) * state) / 2147483647;
};
// The first ones are more frequent.
const pick = (list: readonly string[]) => list[Math.floor(random() ** 1.5 * list.length)] as string;

function house(): House {
  const area = random(40, 180);
  return {
    town: pick(TOWNS),
    kind: pick(['flat', 'terrace', 'villa']),
    condition: pick(['good', 'worn', 'new']),
    area,
    rooms: Math.max(1, Math.round(area / 28 + random(-1, 1))),
    age: Math.floor(random(0, 100)),
    minutes: random(0, 60),
  };
}

/** In thousands: a price for a square metre, which falls with the way to the centre, faster in dear towns, and with age. */
function priceOf({ town, kind, condition, area, rooms, age, minutes }: House): number {
  const square = SQUARE[TOWNS.indexOf(town)] as number;
  const near = 0.5 + 0.5 * Math.exp((-minutes * square) / 100);
  const wear = condition === 'new' ? 1.2 : condition === 'worn' ? 0.8 - 0.002 * age : 1 - 0.003 * Math.min(age, 60);
  const garden = kind === 'villa' ? 120 * near : kind === 'terrace' ? 40 : 0;
  return square * area * near * wear * (1 + 0.03 * rooms) + garden;
}

const houses = Array.from({ length: 6000 }, house);
const exact = houses.map(priceOf);
const prices = exact.map((price) => price * (1 + random(-0.0866, 0.0866)));

// Words as numbers, by a vocabulary of the houses to learn from; what is not in it has a number too.
const lookups = WORDS.map((column) => {
  const lookup = new StringLookup();
  lookup.adapt(houses.slice(0, 4000).map((one) => one[column]));
  return lookup;
});
const part = (from: number, to: number) => {
  const rows = houses.slice(from, to);
  const words = lookups.map((lookup, i) => lookup.call(rows.map((one) => one[WORDS[i] as 'town'])));
  const data = Float32Array.from(rows.flatMap((one) => NUMBERS.map((name) => one[name])));
  const x = [...words, { data, shape: [rows.length, NUMBERS.length] }];
  return [x, Float32Array.from(prices.slice(from, to))] as const;
};
const [train, validation, test] = [part(0, 4000), part(4000, 5000), part(5000, 6000)];

const words = WORDS.map((name) => Input({ shape: [1], name, dtype: 'int32' }));
const numbers = Input({ shape: [NUMBERS.length], name: 'numbers' });
const scale = new Normalization();
await scale.adapt(train[0].at(-1));
const scaled = scale.apply(numbers);
const sizes = lookups.map(({ vocabularySize }) => vocabularySize);

// A column of 0 or 1 for each word.
const wide = words.map((word, i) =>
  new CategoryEncoding({ numTokens: sizes[i] as number, outputMode: 'one_hot' }).apply(word),
);
const places = words.map((word, i) =>
  new Flatten().apply(new Embedding({ inputDim: sizes[i] as number, outputDim: 4 }).apply(word)),
);
const joined = new Concatenate().apply([scaled, ...places]);
const deep = [64, 64].reduce((x, units) => new Dense({ units, activation: 'relu' }).apply(x), joined);

/** Trains a model that adds up these features; how far it is off for houses it has never seen, on average. */
async function missedBy(name: string, features: readonly SymbolicTensor[]): Promise<number> {
  const price = new Dense({ units: 1 }).apply(new Concatenate().apply(features));
  const model = new Model({ inputs: [...words, numbers], outputs: price, seed: 2, name });
  model.compile({ optimizer: new Adam({ learningRate: 0.02 }), loss: 'meanSquaredError', metrics: ['mae'] });
  const { epoch } = await model.fit(...train, {
    epochs: 100,
    batchSize: 64,
    validationData: validation,
    callbacks: [
      new callbacks.ReduceLROnPlateau({ patience: 3, factor: 0.3 }),
      new callbacks.EarlyStopping({ patience: 8, restoreBestWeights: true }),
    ],
    verbose: 0,
  });
  const { mae = Number.NaN } = await model.evaluate(...test);
  const size = `${model.countParams()} weights, ${epoch.length} epochs`;
  console.log(`${name.padEnd(13)} ${size.padEnd(27)} off by ${mae.toFixed(1)} thousand on average`);
  return mae;
}

const linear = await missedBy('wide', [scaled, ...wide]);
const both = await missedBy('wide and deep', [scaled, ...wide, deep]);
const noise =
  exact.slice(5000).reduce((sum, price, i) => sum + Math.abs(price - (prices[5000 + i] as number)), 0) / 1000;
console.log(`${'the noise'.padEnd(41)} off by ${noise.toFixed(1)}`);
if (!(both < 1.5 * noise && both < linear / 3)) {
  console.error('expected less than one and a half of the noise, and less than a third of what the wide part misses');
  process.exitCode = 1;
}
