// Optimizer state in fewer bits: what its bytes mean, so that it is saved and loaded as float32. The format is that of the core
// (`crates/core/src/kernel/coded.rs`). What it decodes to encodes to bytes that mean the same numbers.

import { elementCount } from '../data/shape.js';
import { type OptimizerDeclaration, readSwitch, readWord } from '../declaration.js';
import { fail } from '../errors.js';
import type { Captured } from '../graph/tensor.js';
import { shaped, Variable } from '../variable.js';

/** How an optimizer keeps state of a variable's size. */
export type StateDtype = 'float32' | 'bfloat16' | 'int8';

/** All of them, in the order of their numbers in plans. */
export const STATE_DTYPES: readonly StateDtype[] = ['float32', 'bfloat16', 'int8'];

const BLOCK = 256;
const INFINITY = 0x7f800000;
const NO_SCALE = 0x7fc0;

/** How an optimizer treats memory: the options `stateDtype` and `lazy`, checked. */
export function readKeeping(
  declaration: OptimizerDeclaration,
  given: ReadonlyMap<string, unknown>,
): { stateDtype: StateDtype; lazy: boolean } {
  const { name, whole, lazy: lazily = false } = declaration;
  const stateDtype = readWord(name, 'stateDtype', STATE_DTYPES, given.get('stateDtype')) as StateDtype;
  const lazy = readSwitch(name, 'lazy', given.get('lazy'), lazily);
  if (!whole || (stateDtype === 'float32' && !lazy)) return { stateDtype, lazy };
  const [option, expected] = lazy ? ['lazy', 'false'] : ['stateDtype', "'float32'"];
  throw fail('INVALID_VALUE', `${name}: ${option}`, expected, 'something else', 'its rule looks at whole variables');
}

/** Bytes of so many elements. */
export function stateBytes(dtype: StateDtype, size: number): number {
  if (dtype === 'float32') return 4 * size;
  return dtype === 'bfloat16' ? 2 * size : scalesAt(size) + 2 * Math.ceil(size / BLOCK);
}

/** A piece of state in fewer bits. As a variable it is its bytes. */
export class CodedState extends Variable<'uint8'> {
  /** The shape of what the bytes mean. */
  readonly means: readonly number[];
  readonly #dtype: StateDtype;

  constructor(value: number, shape: readonly number[], dtype: StateDtype, name: string) {
    const size = elementCount(shape, name);
    const host = value === 0 ? 0 : encode(new Float32Array(size).fill(value), dtype);
    super(host, [stateBytes(dtype, size)], { name, dtype: 'uint8', trainable: false });
    this.means = shape;
    this.#dtype = dtype;
  }

  decode(bytes: Uint8Array): Float32Array {
    return decode(bytes, this.#dtype, elementCount(this.means, this.name));
  }

  /** The same for an engine in another thread. */
  async writeNumbers(numbers: Float32Array): Promise<void> {
    await this.write(encode(numbers, this.#dtype));
  }

  /** Sets it to the nearest numbers there are. */
  encode(numbers: Float32Array): void {
    this.assign(encode(numbers, this.#dtype));
  }
}

/** The shape of the numbers of a piece of state. */
export function shapeOfState(state: Variable): readonly number[] {
  return state instanceof CodedState ? state.means : state.shape;
}

/** The numbers of a piece of state from its elements. */
export function numbersOf(state: Variable, elements: Variable['data']): Float32Array {
  return state instanceof CodedState ? state.decode(elements as Uint8Array) : (elements as Float32Array);
}

/** Numbers checked to be of a piece of state's shape, and the change that sets it to them. */
export function changeTo(state: Variable, numbers: Captured, what: string): () => void {
  const data = shaped(numbers, shapeOfState(state), what);
  return () => (state instanceof CodedState ? state.encode(Float32Array.from(data)) : state.assign(data));
}

function scalesAt(size: number): number {
  return size + (size % 2);
}

function decode(bytes: Uint8Array, dtype: StateDtype, size: number): Float32Array {
  const bits = new Uint32Array(size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < size; i++) {
    if (dtype === 'bfloat16') {
      bits[i] = view.getUint16(2 * i, true) << 16;
      continue;
    }
    const scale = view.getUint16(scalesAt(size) + 2 * Math.floor(i / BLOCK), true);
    const signed = scale >> 15 === 1;
    const code = bytes[i] as number;
    const magnitude = signed ? code & 127 : code;
    const number = magnitude === 0 ? 0 : (magnitude << 20) + originOf((scale >> 7) & 255, signed);
    bits[i] = scale === NO_SCALE ? 0x7fc00000 : signed ? number | ((code & 128) << 24) : number;
  }
  return new Float32Array(bits.buffer);
}

function encode(numbers: Float32Array, dtype: StateDtype): Uint8Array {
  const bytes = new Uint8Array(stateBytes(dtype, numbers.length));
  const view = new DataView(bytes.buffer);
  const bits = new Uint32Array(numbers.slice().buffer);
  if (dtype === 'bfloat16') {
    bits.forEach((x, i) => {
      const odd = (x >>> 16) & 1;
      const half = Number.isFinite(numbers[i])
        ? (x + 0x7fff + odd) >>> 16
        : Number.isNaN(numbers[i])
          ? NO_SCALE
          : x >>> 16;
      view.setUint16(2 * i, half, true);
    });
    return bytes;
  }
  for (let start = 0; start < bits.length; start += BLOCK) {
    const scale = encodeBlock(bits.subarray(start, start + BLOCK), bytes.subarray(start));
    view.setUint16(scalesAt(bits.length) + (2 * start) / BLOCK, scale, true);
  }
  return bytes;
}

/** Writes the codes of a block and returns its scale. */
function encodeBlock(block: Uint32Array, codes: Uint8Array): number {
  const magnitudes = block.map((bits) => bits & 0x7fffffff);
  const largest = magnitudes.reduce((max, x) => Math.max(max, x), 0);
  if (largest >= INFINITY) return NO_SCALE;
  const signed = block.some((bits) => bits >>> 31 === 1);
  const exponent = Math.min(Math.max((largest + 0xfffff) >>> 23, signed ? 16 : 32), 254);
  const origin = originOf(exponent, signed);
  const top = signed ? 127 : 255;
  for (const [i, magnitude] of magnitudes.entries()) {
    const rounded = (magnitude + 0x80000 - origin) >> 20;
    // Below the least number that has a code; positive numbers never become 0.
    const code = rounded >= 1 ? Math.min(rounded, top) : magnitude > (signed ? origin - 0x700000 : 0) ? 1 : 0;
    codes[i] = signed && code > 0 ? code | (((block[i] as number) >>> 24) & 128) : code;
  }
  return (exponent << 7) | (signed ? 0x8000 : 0);
}

/** The bits of the number that code 0 would stand for. */
function originOf(exponent: number, signed: boolean): number {
  return (exponent - (signed ? 15 : 31)) << 23;
}
