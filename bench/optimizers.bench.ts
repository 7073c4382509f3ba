// Every optimizer's step by `applyGradients`, with gradients held by the engine, beside steps by hand in C that read and
// write as many tensors (sweeps.c; for k = 2 also bench-peers/limits.c of the folder of shared data, where it is).
// A call takes the L2 norm of the gradient as well: a pass of 4 bytes per parameter besides 12 + 8k, and so shares are given
// of C's step alone and of C's step with such a pass. Optimizers that look at whole tensors make passes of their own (*).
// BENCH_SIZES=1e3,1e6 measures fewer sizes.

import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { Adam, Muon, minimize, type Optimizer, ops, optimizers, SOAP, variable } from 'descend';
import { ask, main, NAMES } from './child.ts';
import { Limits } from './limits.ts';
import { bytesOf, MOST_STATES, ROOTED, Sweeps } from './sweeps.ts';
import { printTable, short } from './table.ts';
import { ROUNDS, Rounds, type Timing, time } from './timing.ts';

const SIZES = (process.env.BENCH_SIZES ?? '1e3,1e4,1e5,1e6,1e7').split(',').map(Number);
const LARGEST_WASM = 1e6;
const AIM = 0.9;
/** A small part of the size is enough to see that the large one does the same. */
const SMALL = 64;

/** Those that make passes besides the sweep, or products of matrices. */
const WHOLE: ReadonlySet<string> = new Set(
  'Lamb LARS NovoGrad Fromage Adafactor SM3 StableAdamW Muon SOAP DoG DoWG Prodigy DAdaptAdamW'.split(' '),
);
/** Those with one tensor of state that take a root, as C's Adam does and C's momentum does not. */
const ROOTS: ReadonlySet<string> = new Set(['RMSprop', 'Adagrad']);
/** Those that gradients alone do not make a step of. */
const MORE: ReadonlySet<string> = new Set('PolyakSGD MoMo MoMoAdam LBFGS Sophia'.split(' '));
const ALL = optimizers.OPTIMIZERS.map(({ name }) => name).filter((name) => !MORE.has(name));
/** The steps in C, by their tensors of state or as `ROOTED`. */
const KINDS = [...Array.from({ length: MOST_STATES + 1 }, (_, k) => k), ROOTED];
const statesOf = (kind: number): number => (kind === ROOTED ? 1 : kind);
const make = (className: string): Optimizer => optimizers.get(className);

const CALLS = {
  one: 'applyGradients, one tensor of 10, ns',
  array: 'applyGradients, one tensor of 10, gradient in an array, ns',
  hundred: 'applyGradients, 100 tensors of 10, ns',
  minimize: 'minimize of 2 parameters, ns per step of Adam',
  together: 'Adam, one tensor of 1e6, ns per parameter',
  apart: 'Adam, 100 tensors of 1e4, ns per parameter',
  bytes: 'Adam with a byte for each number of state, 1e6, ns per parameter',
  halves: 'Adam with bfloat16 state, 1e6, ns per parameter',
  muon: 'Muon, 512 x 512, us',
  soap: 'SOAP, 512 x 512, us (bases improved every tenth step)',
} as const;
type Call = keyof typeof CALLS;

/** What a child is asked for: optimizers at a size, or single calls. */
type Task = { readonly n: number; readonly classes: readonly string[] } | { readonly calls: true };
/** Timings of a step by class, with the tensors of state it has. */
type Steps = Record<string, Timing & { states: number }>;

async function contest(): Promise<void> {
  const [sweeps, limits] = [await Sweeps.compile(), await Limits.compile()];
  const rounds = new Rounds();
  const states = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const n of SIZES) {
      for (const threads of [1, 2]) await measureC(rounds, sweeps, limits, n, threads);
      for (const name of NAMES.filter((name) => name !== 'wasm' || n <= LARGEST_WASM)) {
        for (const classes of groups(n)) {
          for (const [className, step] of Object.entries(await ask<Steps>(name, { n, classes }))) {
            rounds.add(`${className} ${n} ${name}`, step);
            states.set(className, step.states);
          }
        }
      }
    }
    for (const name of NAMES) {
      const calls = await ask<Record<Call, Timing>>(name, { calls: true });
      for (const [call, timing] of Object.entries(calls)) rounds.add(`${call} ${name}`, timing);
    }
  }
  await Promise.all([sweeps?.remove(), limits?.remove()]);
  report(rounds, states);
}

/** What one process may measure: state lives as long as it does. */
function groups(n: number): string[][] {
  const each = n < 1e6 ? ALL.length : 5;
  return Array.from({ length: Math.ceil(ALL.length / each) }, (_, i) => ALL.slice(i * each, (i + 1) * each));
}

async function measureC(
  rounds: Rounds,
  sweeps: Sweeps | undefined,
  limits: Limits | undefined,
  n: number,
  threads: number,
) {
  for (const kind of KINDS) {
    for (const pass of [false, true]) {
      if (sweeps) rounds.add(`C ${kind} ${n} ${threads} ${pass}`, await sweeps.measure(kind, n, threads, pass));
    }
  }
  const { best, median } = (await limits?.measure('adam-avx512', n, threads)) ?? {};
  if (best !== undefined) rounds.add(`C 2 ${n} ${threads} false`, { best: best / n, median: median! / n });
}

function report(rounds: Rounds, states: ReadonlyMap<string, number>): void {
  console.log(`${cpus()[0]?.model}; ${ROUNDS} rounds; the best of all samples`);
  const best = (key: string): number => rounds.get(key)?.best ?? Number.NaN;
  const sizes = SIZES.map((n) => n.toExponential().replace('+', ''));
  const limit = (kind: number, n: number, threads: number, pass: boolean): number =>
    best(`C ${kind} ${n} ${threads} ${pass}`);
  const limitOf = (className: string, n: number, threads: number, pass: boolean): number => {
    const k = states.get(className) ?? 0;
    const known = Math.min(k, MOST_STATES);
    return (limit(ROOTS.has(className) ? ROOTED : known, n, threads, pass) * bytesOf(k)) / bytesOf(known);
  };
  for (const threads of [1, 2]) {
    const name = threads === 1 ? 'native 1' : 'native 2';
    const c = KINDS.map((k) => [
      k === ROOTED ? 'C, k = 1 with a root' : `C, k = ${k}`,
      String(statesOf(k)),
      String(bytesOf(statesOf(k))),
      ...SIZES.map((n) => `${short(1e9 * limit(k, n, threads, false))} (${short(1e9 * limit(k, n, threads, true))})`),
    ]);
    const title = `${threads} thread(s): ns per parameter, of C without and (with) the pass`;
    printTable(title, ['', 'k', 'bytes', ...sizes], c);
    const rows = ALL.map((className) => {
      const k = states.get(className) ?? 0;
      const cells = SIZES.map((n) => {
        const ours = best(`${className} ${n} ${name}`);
        const share = (pass: boolean) => (limitOf(className, n, threads, pass) / ours).toFixed(2);
        return `${short(1e9 * ours)} = ${share(false)} (${share(true)})`;
      });
      return [`${className}${WHOLE.has(className) ? ' *' : ''}`, String(k), String(bytesOf(k)), ...cells];
    });
    printTable(`${threads} thread(s): ns per parameter = C / ours (aim ${AIM})`, ['', 'k', 'bytes', ...sizes], rows);
    for (const pass of [false, true]) {
      const share = (className: string, n: number) =>
        limitOf(className, n, threads, pass) / best(`${className} ${n} ${name}`);
      const short = ALL.filter((className) => !WHOLE.has(className)).map((className) =>
        Math.min(...SIZES.map((n) => share(className, n))),
      );
      const reached = short.filter((share) => share >= AIM).length;
      const least = Math.min(...short).toFixed(2);
      const whose = pass ? "C's step with the pass" : "C's step";
      console.log(
        `  of ${short.length} elementwise ones ${reached} are within ${AIM} of ${whose} at every size; least ${least}`,
      );
    }
  }
  const small = SIZES.filter((n) => n <= LARGEST_WASM);
  const ratio = (className: string, n: number) => best(`${className} ${n} wasm`) / best(`${className} ${n} native 1`);
  const wasm = ALL.map((className) => [
    className,
    ...small.map((n) => `${short(1e9 * best(`${className} ${n} wasm`))} = ${ratio(className, n).toFixed(1)}x`),
  ]);
  printTable('WASM: ns per parameter = times native', ['', ...small.map(String)], wasm);
  const unit = (call: string) => (call === 'muon' || call === 'soap' ? 1e6 : 1e9);
  const calls = Object.entries(CALLS).map(([call, label]) => [
    label,
    ...NAMES.map((name) => short(unit(call) * best(`${call} ${name}`))),
  ]);
  printTable('Calls', ['', ...NAMES], calls);
}

const answer = (task: Task): Promise<unknown> =>
  'calls' in task ? measureCalls() : measureSteps(task.n, task.classes);

const start = (n: number) => Float32Array.from({ length: n }, (_, i) => 1 + ((i % SMALL) % 7) / 10);
const slope = (n: number) => Float32Array.from({ length: n }, (_, i) => 0.01 * (1 + ((i % SMALL) % 5) / 10));

async function measureSteps(n: number, classes: readonly string[]): Promise<Steps> {
  const steps: Steps = {};
  const g = variable(slope(n));
  for (const className of classes) {
    const w = variable(start(n));
    const optimizer = make(className);
    const states = check(
      className,
      optimizer,
      () => optimizer.applyGradients([[g, w]]),
      () => w.data,
      n,
    );
    steps[className] = { ...(await time(() => optimizer.applyGradients([[g, w]]), n, 0.12)), states };
    w.dispose();
  }
  return steps;
}

/** Holds three steps against the same ones of a few parameters, which the tests hold against references. */
function check(className: string, optimizer: Optimizer, step: () => void, data: () => Float32Array, n: number): number {
  const [w, small] = [variable(start(SMALL)), make(className)];
  const g = variable(slope(SMALL));
  for (let t = 0; t < 3; t++) {
    step();
    small.applyGradients([[g, w]]);
  }
  const seen = data().subarray(0, SMALL);
  if (!WHOLE.has(className)) assert.deepEqual(seen, w.data.subarray(0, n), `${className}, ${n} parameters`);
  const first = start(SMALL);
  assert.ok(seen.every(Number.isFinite) && seen.some((x, i) => x !== first[i]), `${className} did not move`);
  assert.equal(optimizer.iterations, 3);
  const pieces = Object.values(Object.values(small.stateDict().variables)[0] ?? {});
  return pieces.filter((piece) => piece.data.length === SMALL).length;
}

async function measureCalls(): Promise<Record<Call, Timing>> {
  const pairs = (count: number, size: number) =>
    Array.from(
      { length: count },
      (_, i) => [variable(slope(size)), variable(start(size), undefined, { name: `w${i}` })] as const,
    );
  const apply = (count: number, size: number, units = 1, adam = new Adam()): Promise<Timing> => {
    const given = pairs(count, size);
    return time(() => adam.applyGradients(given), units);
  };
  const [adam, array, w] = [new Adam(), slope(10), variable(start(10))];
  const [x, y] = [variable([-1.2], []), variable([1], [])];
  const bowl = () => ops.add(ops.square(x), ops.square(ops.sub(y, x)));
  const options = { variables: [x, y], optimizer: new Adam(), stopWhen: { maxSteps: 50_000 } };
  const matrix = (optimizer: Optimizer) => {
    const [g, kernel] = [variable(slope(512 * 512), [512, 512]), variable(start(512 * 512), [512, 512])];
    return time(() => optimizer.applyGradients([[g, kernel]]));
  };
  return {
    one: await apply(1, 10),
    array: await time(() => adam.applyGradients([[array, w]])),
    hundred: await apply(100, 10),
    minimize: await time(() => minimize(bowl, options), 50_000),
    together: await apply(1, 1e6, 1e6),
    apart: await apply(100, 1e4, 1e6),
    bytes: await apply(1, 1e6, 1e6, new Adam({ stateDtype: 'int8' })),
    halves: await apply(1, 1e6, 1e6, new Adam({ stateDtype: 'bfloat16' })),
    muon: await matrix(new Muon()),
    soap: await tens(new SOAP()),
  };

  /** Per step of ten, of which one improves the bases. */
  function tens(optimizer: Optimizer): Promise<Timing> {
    const data = slope(512 * 512).map((x, i) => x + ((i * 7919) % 1009) / 1e5);
    const [g, kernel] = [variable(data, [512, 512]), variable(start(512 * 512), [512, 512])];
    const ten = () => {
      for (let step = 0; step < 10; step++) optimizer.applyGradients([[g, kernel]]);
    };
    return time(ten, 10);
  }
}

await main<Task>(contest, answer);
