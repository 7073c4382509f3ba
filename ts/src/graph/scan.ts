// Loops: a body traced once, run for each entry of its sequences. What the body uses from around it (tensors,
// variables, numbers, arrays) becomes a constant input of the loop by itself.

import { describeValue, fail } from '../errors.js';
import { assertOptions } from '../units.js';
import { listOf } from './axes.js';
import { type Dim, type Shape, sameDim, sameShape } from './dims.js';
import { flag, graph, int } from './node.js';
import type { Operand, Tensor } from './tensor.js';
import { currentTracer, Tracer } from './trace.js';

/** What goes into a loop. */
export interface ScanOptions {
  /** Values handed from step to step. */
  carries?: readonly Operand[];
  /** Arrays `[T, ...]`; the body sees one entry of each at a time. At least one. */
  sequences: readonly Operand[];
  /** Values that stay the same. */
  constants?: readonly Operand[];
  /** Last entry first; outputs still stand at the places of their entries. */
  reverse?: boolean;
}

/** One step: the new carries, of unchanged types, and outputs to stack. */
export type ScanBody = (
  carries: Tensor[],
  entries: Tensor[],
  constants: Tensor[],
) => { carries?: readonly Operand[]; outputs?: readonly Operand[] };

/** Runs `body` T times. Gives the last carries, and each output stacked to `[T, ...]`. */
export function scan(body: ScanBody, options: ScanOptions): { carries: Tensor[]; outputs: Tensor[] } {
  const tracer = currentTracer('scan');
  if (typeof body !== 'function') throw fail('INVALID_VALUE', 'scan', 'a function', describeValue(body));
  assertOptions('ops.scan', options, ['carries', 'sequences', 'constants', 'reverse']);
  const all = (xs: readonly Operand[] = []): Tensor[] => listOf(xs, 'scan').map((x) => tracer.operand(x, 'scan'));
  const [carries, sequences, constants] = [all(options.carries), all(options.sequences), all(options.constants)];
  const length = lengthOf(sequences);
  const inner = new Tracer(tracer);
  const inside = (xs: readonly Tensor[], shape: (x: Tensor) => Shape): Tensor[] =>
    xs.map((x) => inner.parameter(shape(x), x.dtype));
  const parameters = [
    inside(carries, (x) => x.shape),
    inside(sequences, (x) => x.shape.slice(1)),
    inside(constants, (x) => x.shape),
  ] as const;
  const results = inner.run(() => body(...parameters));
  assertOptions('ops.scan: result of the body', results, ['carries', 'outputs']);
  const made = (xs: readonly Operand[] = []): Tensor[] => listOf(xs, 'scan').map((x) => inner.operand(x, 'scan'));
  const [next, outputs] = [made(results.carries), made(results.outputs)];
  checkCarries(carries, next);
  inner.results = [...next, ...outputs];
  const stacked = [...outputs, ...carries].map((x) => ({ shape: [length, ...x.shape], dtype: x.dtype }));
  const attrs = {
    body: graph(inner),
    carries: int(carries.length),
    sequences: int(sequences.length),
    reverse: flag(options.reverse === true),
  };
  const inputs = [...carries, ...sequences, ...constants, ...inner.lifted.keys()];
  const values = tracer.op('scan', inputs, attrs, [...carries, ...stacked]);
  return {
    carries: values.slice(0, carries.length),
    outputs: values.slice(carries.length, carries.length + outputs.length),
  };
}

function lengthOf(sequences: readonly Tensor[]): Dim {
  const length = sequences[0]?.shape[0];
  const alike = sequences.every((x) => x.shape[0] !== undefined && length !== undefined && sameDim(x.shape[0], length));
  if (length !== undefined && alike) return length;
  throw fail('SHAPE_MISMATCH', 'scan', 'sequences [T, ...] of one length T', sequences.join(', ') || 'none');
}

function checkCarries(carries: readonly Tensor[], next: readonly Tensor[]): void {
  const same = carries.every((x, i) => next[i] && sameShape(next[i].shape, x.shape) && next[i].dtype === x.dtype);
  if (carries.length === next.length && same) return;
  const hint = 'a carry keeps its type from step to step';
  throw fail('SHAPE_MISMATCH', 'scan', `carries ${carries.join(', ') || '(none)'}`, next.join(', ') || 'none', hint);
}
