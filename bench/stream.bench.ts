// What reading ahead brings: epochs of an MLP 784-128-10 over 8,192 images at batch 128, from arrays, from a shuffled
// Dataset of them, and from one that also moves every image in JavaScript. Where steps are made beside the reading, the
// last takes hardly longer than the first; one after the other they would take the sum.

import { Adam, Dense, datasets, Rescaling, Sequential } from 'descend';
import { ask, main, NAMES } from './child.ts';
import { figures, printTable, short } from './table.ts';
import { ROUNDS, Rounds, type Timing, time } from './timing.ts';

const SAMPLES = 8192;
const SIDE = 28;
const PIXELS = SIDE * SIDE;
const BATCH = 128;
const WAYS = ['arrays', 'dataset', 'moved', 'moved, not trained on'] as const;
type Way = (typeof WAYS)[number];

async function contest(): Promise<void> {
  const rounds = new Rounds();
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of NAMES) {
      for (const way of WAYS) rounds.add(`${name} ${way}`, await ask<Timing>(name, { way }));
    }
  }
  const perSecond = (seconds: number) => 1 / seconds;
  const of = (name: string, way: Way) => rounds.get(`${name} ${way}`);
  const rows = NAMES.map((name) => [name, ...WAYS.map((way) => figures(of(name, way), perSecond)), sum(name)]);
  printTable('samples/s, best / median ± spread', ['', ...WAYS, 'one after the other'], rows);

  /** Training on arrays and then reading, at their best. */
  function sum(name: string): string {
    return short(1 / (of(name, 'arrays')!.best + of(name, 'moved, not trained on')!.best));
  }
}

async function measure({ way }: { way: Way }): Promise<Timing> {
  const x = { data: Uint8Array.from({ length: SAMPLES * PIXELS }, (_, i) => i % 251), shape: [SAMPLES, PIXELS] };
  const y = Uint8Array.from({ length: SAMPLES }, (_, i) => i % 10);
  const rows = datasets.Dataset.fromArrays(x, y).shuffle({ seed: 42 });
  const moved = rows.map(([image, label]) => [toTheRight(image.data as Uint8Array), label] as const).batch(BATCH);
  if (way === 'moved, not trained on') return await time(() => readAll(moved), SAMPLES, 1);
  const model = new Sequential(
    [
      new Rescaling({ scale: 1 / 255, inputShape: [PIXELS] }),
      new Dense({ units: 128, activation: 'relu' }),
      new Dense({ units: 10, activation: 'softmax' }),
    ],
    { seed: 42 },
  );
  model.compile({ optimizer: new Adam(), loss: 'sparseCategoricalCrossentropy' });
  if (way === 'arrays') return await time(() => model.fit(x, y, { batchSize: BATCH, verbose: 0 }), SAMPLES, 1);
  const set = way === 'moved' ? moved : rows.batch(BATCH);
  return await time(() => model.fit(set, { verbose: 0 }), SAMPLES, 1);
}

async function readAll(set: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of set);
}

function toTheRight(image: Uint8Array): Uint8Array {
  const moved = new Uint8Array(PIXELS);
  for (let row = 0; row < PIXELS; row += SIDE) {
    for (let column = 1; column < SIDE; column++) moved[row + column] = image[row + column - 1]!;
  }
  return moved;
}

await main(contest, measure);
