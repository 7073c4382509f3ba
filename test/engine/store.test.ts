// The store over a binding made for the test: ids outlive a crash, torn variables are never used silently, locks answer
// BUSY by what was called, and plans are compiled once.

import { describe, expect, test } from 'vitest';
import type { Binding } from '../../ts/src/engine/binding.js';
import { encodeCall } from '../../ts/src/engine/bytes.js';
import type { Call } from '../../ts/src/engine/engine.js';
import { Store } from '../../ts/src/engine/store.js';

const nothing = new Uint8Array();

/** A core of plain maps whose every instance counts its ids from 1; `crash` makes the next advance trap. */
class Stub implements Binding {
  readonly name = 'wasm';
  buffers = new Map<number, Uint8Array>();
  plans = new Map<number, string>();
  runs = new Map<number, Uint8Array>();
  compiled = 0;
  crash: 'none' | 'trap' | 'torn' = 'none';
  refuse: string | undefined;
  broken = false;
  #next = 1;

  version(): string {
    return '0';
  }
  info(): string {
    return '{}';
  }
  setThreads(n: number): number {
    return n;
  }
  setLimit(): void {}
  measure(): number {
    return 0;
  }
  alloc(bytes: number): number {
    if (this.broken) throw new Error('OUT_OF_MEMORY: memory: expected more, got none');
    this.buffers.set(this.#next, new Uint8Array(bytes));
    return this.#next++;
  }
  write(id: number, offset: number, bytes: Uint8Array): void {
    (this.buffers.get(id) as Uint8Array).set(bytes, offset);
  }
  read(id: number, offset: number, length: number): Uint8Array {
    return (this.buffers.get(id) as Uint8Array).slice(offset, offset + length);
  }
  release(kind: number, id: number): void {
    [this.buffers, this.plans, this.runs][kind]?.delete(id);
  }
  compile(plan: Uint8Array, maxBatch: number): number {
    this.compiled++;
    this.plans.set(this.#next, `${plan.join()} x ${maxBatch}`);
    return this.#next++;
  }
  start(_plan: number, call: Uint8Array): number {
    if (this.refuse) throw new Error(this.refuse);
    this.runs.set(this.#next, call);
    return this.#next++;
  }
  advance(): Uint8Array {
    if (this.refuse) throw new Error(this.refuse);
    if (this.crash !== 'none') throw new WebAssembly.RuntimeError('unreachable');
    return new Uint8Array(16);
  }
  async advanceAsync(): Promise<Uint8Array> {
    return this.advance();
  }
  apply(): void {
    this.advance();
  }
  oracle(): Uint8Array {
    return nothing;
  }
  restart() {
    const old = this.buffers;
    const torn = this.crash === 'torn';
    Object.assign(this, { buffers: new Map(), plans: new Map(), runs: new Map(), crash: 'none' });
    this.#next = 1;
    return { torn, read: (id: number) => old.get(id) as Uint8Array };
  }
}

function setUp() {
  const stub = new Stub();
  const store = new Store(stub);
  const [a, b] = [store.alloc(4), store.alloc(8)];
  // Numbers that the new instance would give out again in another order.
  store.release('buffer', store.alloc(1));
  const c = store.alloc(2);
  store.write(a, 0, Uint8Array.of(1, 2, 3, 4));
  store.write(c, 0, Uint8Array.of(5, 6));
  const plan = store.plan(Uint8Array.of(9, 9), 3);
  return { stub, store, a, b, c, plan };
}

describe('after a trap', () => {
  test('ids mean what they meant, plans are there, the run is over', () => {
    const { stub, store, a, c, plan } = setUp();
    const run = store.start(plan, { variables: [c, a], changes: [c] });
    const bystander = store.start(plan, { variables: [a] });
    stub.crash = 'trap';
    expect(() => store.advance(run, 1, 1, nothing)).toThrow(expect.objectContaining({ code: 'ENGINE_PANIC' }));
    expect([store.read(a, 0, 4), store.read(c, 0, 2)]).toEqual([Uint8Array.of(1, 2, 3, 4), Uint8Array.of(5, 6)]);
    expect([...stub.plans.values()]).toEqual(['9,9 x 3']);
    for (const id of [run, bystander]) {
      expect(() => store.advance(id, 1, 1, nothing)).toThrow(expect.objectContaining({ code: 'ENGINE_PANIC' }));
      store.release('run', id);
    }
    const again = store.start(plan, { variables: [c, a] });
    const raw = [...stub.buffers].map(([id, bytes]) => [bytes.length, id]);
    const idOf = Object.fromEntries(raw);
    expect([...stub.runs.values()][0]?.slice(0, 3)).toEqual(Uint8Array.of(2, idOf[2] as number, idOf[4] as number));
    expect(store.advance(again, 1, 1, nothing).status).toBe('more');
  });

  test('that tore an update, what the run changes is lost until it is written anew', async () => {
    const { stub, store, a, b, c, plan } = setUp();
    const run = store.start(plan, { variables: [a, b, c], changes: [a, b] });
    stub.crash = 'torn';
    await expect(store.advanceAsync(run, 1, 1, nothing)).rejects.toMatchObject({ code: 'STATE_LOST' });
    store.release('run', run);
    const lost = expect.objectContaining({ code: 'STATE_LOST' });
    for (const use of [
      () => store.read(a, 0, 4),
      () => store.write(a, 0, Uint8Array.of(1)),
      () => store.start(plan, { variables: [c, b] }),
    ]) {
      expect(use).toThrow(lost);
    }
    expect(store.read(c, 0, 2)).toEqual(Uint8Array.of(5, 6));
    store.write(a, 0, new Uint8Array(4));
    expect(store.read(a, 0, 4)).toEqual(new Uint8Array(4));
    expect(() => store.read(b, 0, 8)).toThrow(lost);
  });

  test('a native panic that tore an update loses the same', () => {
    const { stub, store, a, plan } = setUp();
    const run = store.start(plan, { variables: [a], changes: [a] });
    stub.refuse = 'STATE_LOST: update: expected it to finish, got a crash';
    const lost = expect.objectContaining({ code: 'STATE_LOST' });
    expect(() => store.advance(run, 1, 1, nothing)).toThrow(lost);
    expect(() => store.read(a, 0, 4)).toThrow(lost);
  });

  test('without memory to begin anew, every call says that the engine failed', () => {
    const { stub, store, a, plan } = setUp();
    const run = store.start(plan, { variables: [a] });
    stub.crash = 'trap';
    stub.broken = true;
    const failed = expect.objectContaining({ code: 'ENGINE_FAILED' });
    expect(() => store.advance(run, 1, 1, nothing)).toThrow(failed);
    expect(() => store.read(a, 0, 4)).toThrow(failed);
    store.release('run', run);
    store.release('buffer', a);
  });
});

describe('locks', () => {
  const busy = expect.objectContaining({ code: 'BUSY' });

  test('a run that changes a buffer has it alone, readers share', () => {
    const { store, a, b, c, plan } = setUp();
    const writer = store.start(plan, { variables: [a, c], changes: [a] });
    for (const call of [
      { variables: [a] },
      { variables: [], outputs: [a] },
      { variables: [], data: [{ buffer: a, dtype: 'uint8' as const }] },
      { variables: [c], changes: [c] },
    ] satisfies Call[]) {
      expect(() => store.start(plan, call)).toThrow(busy);
    }
    const reader = store.start(plan, { variables: [c, b] });
    for (const buffer of [a, b, c]) expect(() => store.write(buffer, 0, nothing)).toThrow(busy);
    expect(store.read(a, 0, 1)).toEqual(Uint8Array.of(1));
    store.release('run', writer);
    store.write(a, 0, nothing);
    expect(() => store.write(c, 0, nothing)).toThrow(busy);
    store.release('run', reader);
    store.write(c, 0, nothing);
  });

  test('between two advances a run can let others in', () => {
    const { store, a, plan } = setUp();
    const run = store.start(plan, { variables: [a], changes: [a] });
    store.hold(run, false);
    store.write(a, 0, nothing);
    const other = store.start(plan, { variables: [a], changes: [a] });
    expect(() => store.hold(run, true)).toThrow(busy);
    store.release('run', other);
    store.hold(run, true);
    expect(() => store.write(a, 0, nothing)).toThrow(busy);
    store.release('run', run);
    store.release('run', run);
    store.write(a, 0, nothing);
  });

  test('a start that is refused takes nothing', () => {
    const { stub, store, a, plan } = setUp();
    stub.start = () => {
      throw new Error('SHAPE_MISMATCH: variable 0: expected more, got less');
    };
    const refused = () => store.start(plan, { variables: [a], changes: [a] });
    expect(refused).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
    store.write(a, 0, nothing);
  });
});

describe('plans', () => {
  test('are compiled once, and again for larger batches', () => {
    const { stub, store, plan } = setUp();
    expect(store.plan(Uint8Array.of(9, 9), 2)).toBe(plan);
    expect(stub.compiled).toBe(1);
    const larger = store.plan(Uint8Array.of(9, 9), 4);
    expect(larger).not.toBe(plan);
    expect(store.plan(Uint8Array.of(9, 9), 3)).toBe(larger);
    expect([...stub.plans.values()]).toEqual(['9,9 x 4']);
    store.plan(Uint8Array.of(9, 8), 1);
    expect(stub.compiled).toBe(3);
  });

  test('for smaller batches where there is no room for the larger', () => {
    const { stub, store, plan, a } = setUp();
    stub.refuse = 'OUT_OF_MEMORY: memory: expected at most 1 bytes, got 2 (a smaller batch)';
    expect(() => store.start(plan, { variables: [a], batch: 3 })).toThrow(/a smaller batch/);
    expect([...stub.plans.values()]).toEqual(['9,9 x 3']);
    expect(() => store.start(plan, { variables: [a], batch: 2 })).toThrow(/a smaller batch/);
    expect([...stub.plans.values()]).toEqual(['9,9 x 2']);
    stub.refuse = undefined;
    // Whoever asked for the plan when it was larger has it larger again.
    store.start(plan, { variables: [a], batch: 3 });
    expect([...stub.plans.values()]).toEqual(['9,9 x 3']);
  });

  test('beyond 128 the one not asked for longest goes', () => {
    const { stub, store, plan } = setUp();
    for (let i = 0; i < 500; i++) {
      store.plan(Uint8Array.of(i & 255, i >> 8, 1), 1);
      expect(store.plan(Uint8Array.of(9, 9), 3)).toBe(plan);
    }
    expect(stub.plans.size).toBe(128);
  });
});

test('calls are written as the core reads them', () => {
  const call: Call = {
    variables: [3, 300],
    data: [{ buffer: 4, dtype: 'uint8' }],
    outputs: [5],
    scalars: [0.5],
    batch: 2,
    rows: [1, 7],
    order: { key: 1, epoch: 2, n: 7 },
    seed: 8,
    iteration: 9,
    updates: 10,
    stop: { lossBelow: 0.5, patience: 3 },
  };
  const bytes = encodeCall(call, (id) => id + 1);
  const f64 = (x: number) => [...new Uint8Array(new Float64Array([x]).buffer)];
  const expected = [2, 4, 0xad, 2, 1, 5, 2, 1, 6, 1, ...f64(0.5), 2, 1, 7, 1, 1, 2, 7, 8, 9, 10];
  expect([...bytes]).toEqual([...expected, ...f64(0.5), ...f64(Number.NaN), ...f64(Number.NaN), 3]);
});
