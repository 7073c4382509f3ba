// How the time of a step grows with depth, batch and parameters, and that of everything before the first step with depth:
// each as a constant and a slope, and how far the times lie from that line at most.

import { freemem } from 'node:os';
import { Dense, ready, Sequential, SGD } from 'descend';
import { printTable, short } from './table.ts';
import { ROUNDS } from './timing.ts';

/** The largest model takes three times its weights. */
const LARGEST = freemem() > 3e9 ? 1e8 : 1e7;

interface Point {
  n: number;
  seconds: number;
}

// One thread: what several make of it is another question.
await ready({ threads: 1 });

const depths = [1, 3, 10, 30, 100];
await chart('depth', 'layers (64 units, batch 32)', depths, (depth) => step(chain(depth, 64), 64, 32));
const batches = [1, 2, 8, 32, 128, 512];
await chart('batch', 'samples (4 layers of 128 units)', batches, (batch) => step(chain(4, 128), 128, batch));
// Two outputs each: as many weights as inputs can have, and next to nothing else.
const sizes = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8].filter((size) => size <= LARGEST);
await chart('parameters', 'weights (1 layer, batch 1)', sizes, (size) => step(wide(size), size / 10, 1));
await chart('first', 'layers: until the first step was made', depths, first);
await chart('again', 'layers: trainOnBatch, once more', depths, again);

/** A network whose numbers neither vanish nor grow. */
function chain(depth: number, units: number): Sequential {
  const dense = (_: unknown, i: number) =>
    new Dense({
      units,
      activation: 'relu',
      kernelInitializer: 'he_normal',
      ...(i === 0 && { inputShape: [units] }),
    });
  return new Sequential(Array.from({ length: depth }, dense), { seed: 1 });
}

function wide(size: number): Sequential {
  return new Sequential([new Dense({ units: 10, useBias: false, inputShape: [size / 10] })], { seed: 1 });
}

/** Seconds of a step: what many steps take more than few. */
async function step(model: Sequential, inputs: number, batch: number): Promise<number> {
  model.compile({ optimizer: new SGD({ learningRate: 1e-9 }), loss: 'meanSquaredError' });
  const outputs = model.outputShapes.at(-1)?.[0] as number;
  const data = { data: Float32Array.from({ length: batch * inputs }, (_, i) => Math.sin(i)), shape: [batch, inputs] };
  const target = { data: new Float32Array(batch * outputs), shape: [batch, outputs] };
  const run = async (epochs: number) => {
    const start = performance.now();
    await model.fit(data, target, { epochs, batchSize: batch, verbose: 0 });
    return (performance.now() - start) / 1e3;
  };
  await run(2);
  // As many as take about a tenth of a second.
  const few = 2;
  const one = Math.max(1e-6, (await run(few)) / few);
  const many = few + Math.min(2000, Math.max(8, Math.round(0.1 / one)));
  const times: number[] = [];
  for (let round = 0; round < 2 * ROUNDS; round++) times.push(((await run(many)) - (await run(few))) / (many - few));
  model.dispose();
  return median(times);
}

/** Seconds from a list of layers to the weights after one step; of a process that has done it before. */
async function first(depth: number): Promise<number> {
  const x = { data: new Float32Array(64).fill(0.5), shape: [1, 64] };
  const times: number[] = [];
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const start = performance.now();
    const model = chain(depth, 64);
    model.compile({ optimizer: new SGD({ learningRate: 1e-9 }), loss: 'meanSquaredError' });
    await model.trainOnBatch(x, x);
    times.push((performance.now() - start) / 1e3);
    model.dispose();
  }
  return median(times);
}

async function again(depth: number): Promise<number> {
  const x = { data: new Float32Array(64).fill(0.5), shape: [1, 64] };
  const model = chain(depth, 64);
  model.compile({ optimizer: new SGD({ learningRate: 1e-9 }), loss: 'meanSquaredError' });
  const times: number[] = [];
  for (let round = 0; round < 4 * ROUNDS; round++) {
    const start = performance.now();
    await model.trainOnBatch(x, x);
    times.push((performance.now() - start) / 1e3);
  }
  model.dispose();
  return median(times);
}

async function chart(
  name: string,
  what: string,
  counts: readonly number[],
  measure: (n: number) => Promise<number>,
): Promise<void> {
  const points: Point[] = [];
  for (const n of counts) points.push({ n, seconds: await measure(n) });
  const { constant, slope } = line(points);
  const micro = (seconds: number) => short(1e6 * seconds);
  const rows = points.map(({ n, seconds }) => [
    n.toLocaleString('en'),
    micro(seconds),
    micro(constant + slope * n),
    short(seconds / (constant + slope * n)),
  ]);
  const each = slope >= 1e-8 ? `${micro(slope)} µs` : `${short(1e9 * slope)} ns`;
  const title = `By ${name}: ${micro(constant)} µs + ${each} each`;
  printTable(title, [what, 'µs', 'on the line', 'ratio'], rows);
}

/** The line with the least squares of relative distances, through no point below 0. */
function line(points: readonly Point[]): { constant: number; slope: number } {
  const sums = { w: 0, n: 0, nn: 0, t: 0, nt: 0 };
  for (const { n, seconds } of points) {
    const weight = 1 / seconds ** 2;
    sums.w += weight;
    sums.n += weight * n;
    sums.nn += weight * n * n;
    sums.t += weight * seconds;
    sums.nt += weight * n * seconds;
  }
  const determinant = sums.w * sums.nn - sums.n ** 2;
  const constant = (sums.nn * sums.t - sums.n * sums.nt) / determinant;
  if (constant < 0) return { constant: 0, slope: sums.nt / sums.nn };
  return { constant, slope: (sums.w * sums.nt - sums.n * sums.t) / determinant };
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1] as number;
}
