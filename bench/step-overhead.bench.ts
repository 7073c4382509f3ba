// What a step costs when there is nothing to compute: an instruction of a plan, a step of a loop, and one crossing from
// JavaScript into the core and back, by whichever call makes it.

import assert from 'node:assert/strict';
import { Adam, Dense, minimize, ops, Sequential, SGD, type Tensor, valueAndGrad, variable } from 'descend';
import { ask, main, NAMES } from './child.ts';
import { figures, printTable } from './table.ts';
import { ROUNDS, Rounds, type Timing, time } from './timing.ts';

const [FEW, MANY] = [16, 272];
const ROWS = {
  instruction: 'instruction on one element, ns',
  step: 'step of minimize on 10 parameters (Adam), ns',
  variables: 'applyGradients on 10 parameters, gradient in a variable, ns',
  arrays: 'applyGradients on 10 parameters, gradient in an array, ns',
  trace: 'valueAndGrad of a sum of 10 squares, ns',
  singles: 'fit: a step of 10 features at batch 1 (SGD), ns',
};
type Row = keyof typeof ROWS;

async function contest(): Promise<void> {
  const rounds = new Rounds();
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of NAMES) {
      const answer = await ask<Record<Row, Timing>>(name, {});
      for (const [row, timing] of Object.entries(answer)) rounds.add(`${row} ${name}`, timing);
    }
  }
  const ns = (seconds: number) => 1e9 * seconds;
  const rows = Object.entries(ROWS).map(([row, label]) => [
    label,
    ...NAMES.map((name) => figures(rounds.get(`${row} ${name}`), ns)),
  ]);
  printTable('Overheads: best / median ± spread', ['', ...NAMES], rows);
}

async function measure(): Promise<Record<Row, Timing>> {
  const w = variable(new Float32Array(10).fill(1));
  const g = variable(new Float32Array(10).fill(0.5));
  const gradient = new Float32Array(10).fill(0.5);
  const adam = new Adam({ learningRate: 1e-3 });
  assert.equal(adam.applyGradients([[g, w]]).gradNorm, Math.sqrt(2.5));
  const squares = () => ops.sum(ops.square(w));
  const { value } = await valueAndGrad(squares, [w]);
  assert.ok(Math.abs(value - 10 * 0.999 ** 2) < 1e-5, `expected 10 squares of 0.999, got ${value}`);
  const learn = { variables: [w], optimizer: new Adam({ learningRate: 1e-3 }) };
  return {
    instruction: await instruction(),
    step: await time(() => minimize(squares, { ...learn, stopWhen: { maxSteps: 20_000 } }), 20_000),
    variables: await time(() => adam.applyGradients([[g, w]])),
    arrays: await time(() => adam.applyGradients([[gradient, w]])),
    trace: await time(() => valueAndGrad(squares, [w])),
    singles: await singles(),
  };
}

/** What the longer of two chains takes more than the shorter one, per link. */
async function instruction(): Promise<Timing> {
  const [x, y, other] = [variable([1]), variable([1e-3]), variable([0])];
  const chain = (links: number) => () => {
    let sum: Tensor = ops.add(x, y);
    for (let link = 1; link < links; link++) sum = ops.add(sum, y);
    return ops.add(ops.sum(other), ops.sum(sum));
  };
  const learn = { variables: [other], optimizer: new SGD() };
  const steps = 4000;
  const run = (links: number) => minimize(chain(links), { ...learn, stopWhen: { maxSteps: steps } });
  const { history } = await run(MANY);
  assert.ok(Math.abs(history[0]! - (1 + MANY * 1e-3)) < 1e-4, `expected ${1 + MANY * 1e-3}, got ${history[0]}`);
  const [few, many] = [await time(() => run(FEW), steps), await time(() => run(MANY), steps)];
  const slope = (few: number, many: number) => (many - few) / (MANY - FEW);
  return { best: slope(few.best, many.best), median: slope(few.median, many.median) };
}

async function singles(): Promise<Timing> {
  const samples = 4096;
  const x = Float32Array.from({ length: 10 * samples }, (_, i) => Math.sin(i));
  const y = Float32Array.from({ length: samples }, (_, i) => (x[10 * i]! > 0 ? 1 : 0));
  const model = new Sequential([new Dense({ units: 1, activation: 'sigmoid', inputShape: [10] })], { seed: 1 });
  model.compile({ optimizer: new SGD({ learningRate: 0.01 }), loss: 'binaryCrossentropy' });
  const input = { data: x, shape: [samples, 10] };
  const epochs = (count: number) => model.fit(input, y, { epochs: count, batchSize: 1, verbose: 0 });
  const { history } = await epochs(4);
  const [first, last] = [history.loss![0]!, history.loss!.at(-1)!];
  assert.ok(last < first, `expected the loss to fall, got ${first} and then ${last}`);
  return await time(() => epochs(1), samples);
}

await main(contest, measure);
