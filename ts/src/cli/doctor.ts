// `descend doctor`: which engine runs here and why, how fast each is, whether they agree bit for bit, and what failed.
// The figures are those of a second on a machine that does other things as well: an order, no benchmark.

import { cpus, release } from 'node:os';
import { VERSION } from '../engine/version.js';
import {
  Adam,
  Dense,
  engineInfo,
  minimize,
  ops,
  ready,
  Sequential,
  SGD,
  type Tensor,
  variable,
} from '../index.node.js';
import { readArguments } from './arguments.js';
import { print, short, table } from './print.js';

export const usage = `Usage: descend doctor [--json]

Says which engine runs here and why, how fast each engine is (matrix products, Adam steps; about a second each),
whether both train to the same bits, and what failed. Ends with 1 when no engine works.`;

const ENGINES = ['native', 'wasm'] as const;
/** Milliseconds per figure. */
const PATIENCE = 400;
const SIZE = 512;
const LINKS = 4;
const PARAMETERS = 1e6;

/** What is known of an engine. */
interface Diagnosis {
  readonly engine: (typeof ENGINES)[number];
  readonly simd?: string;
  readonly threads?: number;
  /** Products of 512x512 matrices. */
  readonly gflops?: number;
  /** A step of Adam on a million parameters. */
  readonly adamNs?: number;
  /** The SHA-256 of a small training, equal on all engines. */
  readonly trained?: string;
  readonly failed?: string;
}

/** Runs the command. */
export async function run(words: readonly string[]): Promise<number> {
  const given = readArguments(words, { json: { type: 'boolean' } }, []);
  const chosen = await choose();
  const engines: Diagnosis[] = [];
  for (const engine of ENGINES) engines.push(await diagnose(engine));
  const works = engines.some(({ trained }) => trained !== undefined);
  const agree = new Set(engines.flatMap(({ trained }) => trained ?? [])).size <= 1;
  const machine = {
    platform: process.platform,
    arch: process.arch,
    os: release(),
    cpu: cpus()[0]?.model.trim(),
    cores: cpus().length,
  };
  const report = { version: VERSION, node: process.version, ...machine, ...chosen, agree, engines };
  if (given.values.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  else show(report);
  return works && agree ? 0 : 1;
}

/** The engine that a program gets that asks for none, and why that one. */
async function choose(): Promise<{ engine: string; why: string }> {
  const { DESCEND_ENGINE: asked } = process.env;
  try {
    const { name, fallbackReason } = await ready();
    if (asked) return { engine: name, why: `DESCEND_ENGINE=${asked} asks for it` };
    return {
      engine: name,
      why: fallbackReason ? 'the native one failed, see below' : 'the fastest that loads here',
    };
  } catch (error) {
    return { engine: 'none', why: (error as Error).message };
  }
}

async function diagnose(engine: Diagnosis['engine']): Promise<Diagnosis> {
  try {
    await ready({ engine });
    const { simd, threads } = engineInfo();
    const trained = await train();
    return { engine, simd, threads, gflops: await measureProducts(), adamNs: await measureAdam(), trained };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { engine, failed: code ? `${message} [${code}]` : message };
  }
}

async function train(): Promise<string> {
  const model = new Sequential(
    [new Dense({ units: 17, activation: 'tanh', inputShape: [5] }), new Dense({ units: 1 })],
    {
      seed: 1,
    },
  );
  model.compile({ optimizer: 'adam', loss: 'mse' });
  const data = Float32Array.from({ length: 5 * 99 }, (_, i) => ((i * 37) % 101) / 50 - 1);
  const y = Float32Array.from({ length: 99 }, (_, i) => data[5 * i]! * data[5 * i + 1]!);
  await model.fit({ data, shape: [99, 5] }, y, { epochs: 5, verbose: 0 });
  const hash = await model.hash();
  model.dispose();
  return hash;
}

/** GFLOP/s: a chain of products in one function, of which no gradient is asked. */
async function measureProducts(): Promise<number> {
  const numbers = Float32Array.from({ length: SIZE * SIZE }, (_, i) => (((i * 37) % 101) - 50) / 29 / Math.sqrt(SIZE));
  const factor = variable(numbers, [SIZE, SIZE]);
  const other = variable([0]);
  const chain = (): Tensor => {
    let product: Tensor = ops.matmul(factor, factor);
    for (let link = 1; link < LINKS; link++) product = ops.matmul(product, factor);
    return ops.add(ops.sum(other), ops.sum(product));
  };
  const work = { variables: [other], optimizer: new SGD(), stopWhen: { maxSteps: 2 } };
  const seconds = await best(() => minimize(chain, work));
  return (2 * LINKS * 2 * SIZE ** 3) / seconds / 1e9;
}

/** Nanoseconds per parameter: gradient, finite check and update. */
async function measureAdam(): Promise<number> {
  const w = variable(new Float32Array(PARAMETERS));
  const work = { variables: [w], optimizer: new Adam(), stopWhen: { maxSteps: 10 } };
  const seconds = await best(() => minimize(() => ops.sum(w), work));
  return (seconds * 1e9) / 10 / PARAMETERS;
}

/** The best time of many, in seconds. */
async function best(work: () => Promise<unknown>): Promise<number> {
  await work();
  let least = Number.POSITIVE_INFINITY;
  for (const end = performance.now() + PATIENCE; performance.now() < end; ) {
    const start = performance.now();
    await work();
    least = Math.min(least, performance.now() - start);
  }
  return least / 1e3;
}

interface Report {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
  readonly os: string;
  readonly cpu: string | undefined;
  readonly cores: number;
  readonly engine: string;
  readonly why: string;
  readonly agree: boolean;
  readonly engines: readonly Diagnosis[];
}

function show(report: Report): void {
  print('descend', `${report.version}, Node ${report.node}`);
  print(
    'Machine',
    `${report.platform} ${report.arch} ${report.os}, ${report.cores} cores${report.cpu ? `, ${report.cpu}` : ''}`,
  );
  print('Engine', `${report.engine}: ${report.why}`);
  const working = report.engines.filter(({ failed }) => failed === undefined);
  const rows = working.map(({ engine, simd, threads, gflops, adamNs }) => {
    return [engine, simd!, String(threads), `${gflops!.toFixed(1)} GFLOP/s`, `${short(adamNs!)} ns`];
  });
  const head = ['', 'SIMD', 'Threads', `Products of ${SIZE}x${SIZE}`, 'Adam, per parameter'];
  if (rows.length > 0) process.stdout.write(`\n${table([head, ...rows], [2, 3, 4])}\n`);
  if (working.length > 1) {
    const text = report.agree ? 'equal: both engines train to the same weights' : 'DIFFERENT: the engines disagree';
    print('Bits', text);
  }
  for (const { engine, failed } of report.engines) if (failed !== undefined) print('Failed', `${engine}: ${failed}`);
}
