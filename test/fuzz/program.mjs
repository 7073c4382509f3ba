// A thread that feeds one reader with cases for some time. Tells its parent which case it is at before each, so that a
// hang is seen and can be repeated; stops at the first case that does what no case may.

import { parentPort, workerData } from 'node:worker_threads';

const MB = 2 ** 20;
const { target, seconds, first, judge } = workerData;

// Every typed array and buffer that JavaScript asks for is counted, from before the readers are loaded.
let asked = 0;
const bytesOf = (Class, [size]) =>
  (typeof size === 'number' ? size : (size?.length ?? 0)) * (Class.BYTES_PER_ELEMENT ?? 1);
for (const name of [
  'ArrayBuffer',
  'Uint8Array',
  'Int8Array',
  'Uint16Array',
  'Int16Array',
  'Uint32Array',
  'Int32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
]) {
  globalThis[name] = new Proxy(globalThis[name], {
    construct(Class, parameters, NewTarget) {
      asked += parameters[0] instanceof ArrayBuffer ? 0 : bytesOf(Class, parameters);
      return Reflect.construct(Class, parameters, NewTarget);
    },
  });
}

const prototypes = [Object, Array, Function, Map, Set, String, Number, Promise, Uint8Array, Float32Array, Error].map(
  (Class) => Class.prototype,
);
const keysOf = () => prototypes.map((prototype) => Reflect.ownKeys(prototype).length).join();

const { TARGETS } = await import('./targets.mjs');
const { DescendError } = await import('../../dist/index.node.js');
const { make, read, codes, counts = {}, end } = await TARGETS[target]({ judge });

const keys = keysOf();
const at = new Int32Array(workerData.at);
const until = performance.now() + 1000 * seconds;
let number = first;
let taken = 0;
try {
  for (; performance.now() < until; number++) {
    Atomics.store(at, 0, number);
    const input = make(number);
    const size = (input.bytes ?? input).length;
    asked = 0;
    const error = await read(input).then(
      () => undefined,
      (reason) => reason,
    );
    if (error === undefined) taken++;
    else if (!(error instanceof DescendError && codes.includes(error.code))) throw error;
    if (asked > size + 64 * MB) throw new Error(`asked for ${asked} bytes, of a file of ${size}`);
    if (keysOf() !== keys) throw new Error('changed a prototype');
  }
  parentPort.postMessage({ cases: number - first, taken, counts });
} catch (error) {
  parentPort.postMessage({ failed: number, error: error?.stack ?? String(error) });
}
end?.();
