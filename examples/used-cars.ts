// What a used car costs, from a CSV file with words and gaps in it, read row by row as if it were larger than memory.
// The prices were made by a known rule (datasets/make_used_cars.py), so we can see how near the learned one comes.
import { Adam, Dense, datasets, Sequential } from 'descend';

const RULE: Record<string, number> = {
  'make=Adler': 32,
  'make=Brevis': 24,
  'make=Corvid': 19,
  age_years: -0.9,
  km_1000: -0.05,
};

const cars = await datasets.Dataset.fromCsv(new URL('used-cars.csv', import.meta.url), {
  columns: {
    offer: 'ignore',
    // One number of 0 or 1 for each make.
    make: 'category',
    // Where the fuel is not said, that is a category as well.
    fuel: { type: 'category', missing: { value: 'unknown' } },
  },
  missing: 'mean',
  missingValues: ['NA'],
  label: 'price_kEUR',
});
console.log(`Columns: ${cars.columns.join(', ')}\n`);

// Every fifth offer is kept to measure by. Both parts read the file anew in each epoch.
const train = cars.filter((_, row) => row % 5 !== 0).shuffle({ seed: 1, buffer: 100 });
const held = cars.filter((_, row) => row % 5 === 0);

// Adam takes columns of any scale; the bases of the makes are the bias.
const model = new Sequential([new Dense({ units: 1, useBias: false, inputShape: [cars.columns.length] })], { seed: 1 });
model.compile({ optimizer: new Adam({ learningRate: 0.1 }), loss: 'meanSquaredError', metrics: ['meanAbsoluteError'] });
await model.fit(train.batch(32), { epochs: 150, validationData: held.batch(64), verbose: 0 });

const [kernel] = await model.getWeights();
const learned = new Map(cars.columns.map((column, i) => [column, kernel?.data[i] as number]));
const petrol = learned.get('fuel=petrol') as number;
console.log('Thousands of euros:          learned    rule');
for (const [column, rule] of Object.entries(RULE)) {
  // A make and a fuel are always added, so what petrol has is a part of each make.
  const value = (learned.get(column) as number) + (column.startsWith('make') ? petrol : 0);
  console.log(`  ${column.padEnd(24)}${value.toFixed(2).padStart(10)}${String(rule).padStart(8)}`);
}

const { meanAbsoluteError: error } = await model.evaluate(held.batch(64));
console.log(`\nPrices of the offers held back are missed by ${(error as number).toFixed(2)} thousand on average.`);
if (!((error as number) < 1)) {
  console.error('expected less than 1');
  process.exitCode = 1;
}
