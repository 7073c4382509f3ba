// Plans, calls and hyper-parameters with bytes changed at random: the engine refuses or runs them, and goes on. Nothing
// the library itself makes looks like this; a file, a future worker or a defect may. Uses the engine itself.

import { Adam, Dense, Dropout, minimize, ops, RMSprop, Sequential, SGD, valueAndGrad, variable } from 'descend';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Call } from '../../dist/engine/engine.js';
import { localEngine } from '../../dist/engine/load.js';
import type { Store } from '../../dist/engine/store.js';
import { noise, words } from '../noise.js';

const sync = localEngine().sync as Store;
const MUTATIONS = 4000;
/** Plans that ask for more than this are not run: it is there, but filling it takes its time. */
const MEMORY = 256e6;

interface Recorded {
  readonly bytes: Uint8Array;
  readonly maxBatch: number;
  call: Call | undefined;
  hyper: Uint8Array;
}

const recorded: Recorded[] = [];
/** Sizes of the buffers that calls used. */
const sizes = new Map<number, number>();

/** Everything that `work` hands to the engine. */
async function record(work: () => Promise<unknown>): Promise<void> {
  const { alloc, plan, start, advanceAsync } = sync;
  const byPlan = new Map<number, Recorded>();
  const byRun = new Map<number, Recorded>();
  sync.alloc = (contents) => {
    const id = alloc.call(sync, contents);
    sizes.set(id, typeof contents === 'number' ? contents : contents.length);
    return id;
  };
  sync.plan = (bytes, maxBatch) => {
    const id = plan.call(sync, bytes, maxBatch);
    const one = byPlan.get(id) ?? { bytes: bytes.slice(), maxBatch, call: undefined, hyper: new Uint8Array() };
    if (!byPlan.has(id)) recorded.push(one);
    byPlan.set(id, one);
    return id;
  };
  sync.start = (id, call) => {
    const run = start.call(sync, id, call);
    byPlan.get(id)!.call = call;
    byRun.set(run, byPlan.get(id)!);
    return run;
  };
  sync.advanceAsync = (run, steps, budget, hyper) => {
    byRun.get(run)!.hyper = hyper.slice();
    return advanceAsync.call(sync, run, steps, budget, hyper);
  };
  try {
    await work();
  } finally {
    Object.assign(sync, { alloc, plan, start, advanceAsync });
  }
}

beforeAll(async () => {
  await record(async () => {
    const model = new Sequential(
      [
        new Dense({ units: 9, activation: 'relu', inputShape: [7] }),
        new Dropout({ rate: 0.5 }),
        new Dense({ units: 3, activation: 'softmax' }),
      ],
      { seed: 1 },
    );
    model.compile({
      optimizer: new Adam({ clipnorm: 1, amsgrad: true }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
    });
    const [x, y] = [{ data: noise(70, 1), shape: [10, 7] }, Uint8Array.from({ length: 10 }, (_, i) => i % 3)];
    await model.fit(x, y, { batchSize: 4, verbose: 0, validationSplit: 0.2, stopWhen: { gradNormBelow: 1e-9 } });
    await model.predict(x);
    const [h, w, xs] = [variable(noise(4, 1)), variable(noise(16, 2), [4, 4]), noise(12, 3)];
    const recurrence = () => {
      const row = (v: Parameters<typeof ops.reshape>[0]) => ops.reshape(v, [1, 4]);
      const { carries } = ops.scan(
        ([carry], [x]) => ({ carries: [ops.reshape(ops.tanh(ops.add(row(x!), ops.matmul(row(carry!), w))), [4])] }),
        { carries: [h], sequences: [{ data: xs, shape: [3, 4] }] },
      );
      return ops.sum(ops.square(carries[0]!));
    };
    await valueAndGrad(recurrence, [h, w]);
    const optimizer = new RMSprop({ centered: true, momentum: 0.5, weightDecay: 0.1 });
    await minimize(recurrence, { variables: [h, w], optimizer, stopWhen: { maxSteps: 2 } });
    await valueAndGrad(() => {
      const [a, b] = [ops.transpose(ops.concat([w, w])), ops.slice(ops.gather(w, [1, 0, 3]), { start: 1, length: 2 })];
      const p = ops.pick(ops.logSoftmax(a), [1, 2, 3, 0]);
      return ops.sum(ops.div(ops.mean(ops.max(b, { axis: 0 })), ops.add(p, ops.randomUniform([4]))));
    }, [w]);
  });
});

const codes: Record<string, number> = {};

/** Does `work`; what it throws must be a refusal by the book. */
function tolerated(work: () => void): void {
  try {
    work();
    codes.none = (codes.none ?? 0) + 1;
  } catch (error) {
    const { name, code } = error as { name: string; code: string };
    if (name !== 'DescendError') throw error;
    codes[code] = (codes[code] ?? 0) + 1;
  }
}

function mutated(bytes: Uint8Array, next: () => number): Uint8Array {
  let copy = Array.from(bytes);
  for (let n = 1 + (next() % 3); n > 0; n--) {
    const at = next() % (copy.length + 1);
    const kind = next() % 7;
    if (kind === 0) copy[at % copy.length]! ^= 1 << (next() % 8);
    else if (kind === 1) copy[at % copy.length] = next() % 256;
    else if (kind === 2) copy.splice(at, next() % 4);
    else if (kind === 3) copy.splice(at, 0, ...Array.from({ length: next() % 4 }, () => next() % 256));
    else if (kind === 4) copy.splice(at, 1, 255, 255, 255, 255, next() % 16);
    else if (kind === 5) copy = [...copy.slice(0, at), ...copy.slice(next() % copy.length)];
    else copy[at % copy.length] = [0, 1, 2, 3, 127, 128, 255][next() % 7]!;
    if (copy.length === 0) copy = [0];
  }
  return Uint8Array.from(copy);
}

/** A few steps of a plan on buffers of the sizes that the call had. */
function run(bytes: Uint8Array, maxBatch: number, call: Call, hyper: Uint8Array): void {
  const plan = sync.plan(bytes, maxBatch);
  const before = sync.stats().bytes;
  const started = sync.start(plan, call);
  try {
    if (sync.stats().bytes - before > MEMORY) return;
    for (let i = 0; i < 4; i++) if (sync.advance(started, 2, 1e6, hyper).status !== 'more') break;
  } finally {
    sync.release('run', started);
  }
}

/** The same call on fresh buffers of the same sizes, for the recorded ones are gone. */
function revived(call: Call): { call: Call; free: () => void } {
  const made = new Map<number, number>();
  const buffer = (id: number): number => {
    const known = made.get(id) ?? sync.alloc(sizes.get(id)!);
    made.set(id, known);
    return known;
  };
  const { variables, data = [], outputs = [], changes = [] } = call;
  return {
    call: {
      ...call,
      variables: variables.map(buffer),
      data: data.map((one) => ({ ...one, buffer: buffer(one.buffer) })),
      outputs: outputs.map(buffer),
      changes: changes.map(buffer),
    },
    free: () => {
      for (const id of made.values()) sync.release('buffer', id);
    },
  };
}

async function engineWorks(): Promise<void> {
  const w = variable([1, 2, 3]);
  const { value, grads } = await valueAndGrad(() => ops.sum(ops.square(w)), [w]);
  expect([value, ...grads[0]!.data]).toEqual([14, 2, 4, 6]);
  new SGD({ learningRate: 1 }).applyGradients([[[1, 1, 1], w]]);
  expect([...w.data]).toEqual([0, 1, 2]);
  w.dispose();
}

describe('bytes changed at random', () => {
  test('plans', { timeout: 300_000 }, async () => {
    expect(recorded.length).toBeGreaterThanOrEqual(6);
    const next = words(2024);
    for (let i = 0; i < MUTATIONS; i++) {
      const { bytes, maxBatch, call, hyper } = recorded[i % recorded.length]!;
      const { call: fresh, free } = revived(call!);
      tolerated(() => run(mutated(bytes, next), maxBatch, fresh, hyper));
      free();
      if (i % 200 === 0) await engineWorks();
    }
    await engineWorks();
    console.log(`${MUTATIONS} mutated plans: ${JSON.stringify(codes)}`);
    expect(codes).not.toHaveProperty('ENGINE_PANIC');
  });

  test('hyper-parameters', async () => {
    const next = words(7);
    for (let i = 0; i < MUTATIONS / 4; i++) {
      const { bytes, maxBatch, call, hyper } = recorded[i % recorded.length]!;
      const { call: fresh, free } = revived(call!);
      tolerated(() => run(bytes, maxBatch, fresh, mutated(hyper, next)));
      free();
    }
    await engineWorks();
    console.log(`hyper-parameters: ${JSON.stringify(codes)}`);
    expect(codes).not.toHaveProperty('ENGINE_PANIC');
  });

  test('calls', async () => {
    const next = words(9);
    const odd = [0, 1, 2, 3, 5, 10, 2 ** 32, 2 ** 53 - 1];
    for (let i = 0; i < MUTATIONS / 4; i++) {
      const { bytes, maxBatch, call, hyper } = recorded[i % recorded.length]!;
      const { call: fresh, free } = revived(call!);
      const any = () => odd[next() % odd.length]!;
      const changed = {
        ...fresh,
        ...[{ batch: any() }, { rows: [any(), any()] as const }, { order: { key: any(), epoch: any(), n: any() } }][
          next() % 4
        ],
        ...[{ seed: any() }, { iteration: any() }, { updates: any() }, { scalars: [] }, { data: [] }, { outputs: [] }][
          next() % 8
        ],
        ...[{ variables: fresh.variables.slice(1) }, { variables: [...fresh.variables].reverse() }][next() % 6],
      };
      tolerated(() => run(bytes, maxBatch, changed, hyper));
      free();
    }
    await engineWorks();
    console.log(`calls: ${JSON.stringify(codes)}`);
    expect(codes).not.toHaveProperty('ENGINE_PANIC');
  });
});
