// Einstein's sums, lowered to transposes, reshapes, sums and one product per pair of operands. Refuses ellipses and an index
// twice in one operand.

import { describeValue, fail } from '../errors.js';
import { mul } from '../generated/ops.js';
import { type Dim, sameDim, shapeText, sizeOf } from './dims.js';
import { floating } from './elementwise.js';
import { traced } from './entry.js';
import { matmul } from './products.js';
import { sum } from './reductions.js';
import { reshape, transpose } from './shapes.js';
import type { Operand, Tensor } from './tensor.js';

/** A tensor with a letter for each axis. */
interface Lettered {
  readonly x: Tensor;
  readonly axes: readonly string[];
}

/**
 * Sums of products by letters, as in NumPy: `einsum('bij,bjk->bik', a, b)`. Letters that the result does not name are
 * summed over; without `->` it has those that stand once, in alphabetical order.
 */
export function einsum(equation: string, ...operands: readonly Operand[]): Tensor {
  const { inputs, output } = parsed(equation, operands.length);
  const lettered = operands.map((operand, i): Lettered => {
    const x = floating(traced(operand, 'einsum'), 'einsum');
    const axes = inputs[i] as string[];
    if (axes.length === x.shape.length) return { x, axes };
    throw fail(
      'SHAPE_MISMATCH',
      'einsum',
      `an operand of ${axes.length} axes for '${axes.join('')}'`,
      shapeText(x.shape),
    );
  });
  checkSizes(lettered);
  const last = lettered.reduce((a, b, i) => {
    const later = lettered.slice(i + 1).flatMap(({ axes }) => axes);
    return product(a, b, new Set([...output, ...later]));
  });
  return ordered(summed(last, new Set(output)), output).x;
}

function parsed(equation: string, count: number): { inputs: string[][]; output: string[] } {
  const refused = (expected: string) => fail('INVALID_VALUE', 'einsum', expected, describeValue(equation));
  const parts = typeof equation === 'string' ? equation.replaceAll(' ', '').split('->') : [];
  const inputs = (parts[0] ?? '').split(',').map((letters) => [...letters]);
  const all = inputs.flat();
  const once = [...new Set(all)].filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter)).sort();
  const output = parts.length === 2 ? [...(parts[1] as string)] : once;
  if (parts.length < 1 || parts.length > 2 || ![...all, ...output].every((letter) => /[A-Za-z]/.test(letter))) {
    throw refused("letters such as 'ij,jk->ik'");
  }
  if (inputs.length !== count) throw refused(`letters for ${count} operands`);
  if ([...inputs, output].some((letters) => new Set(letters).size !== letters.length)) {
    throw refused('each letter at most once in an operand and in the result');
  }
  if (output.some((letter) => !all.includes(letter))) throw refused('a result of letters that operands have');
  return { inputs, output };
}

function checkSizes(operands: readonly Lettered[]): void {
  const sizes = new Map<string, Dim>();
  for (const { x, axes } of operands) {
    for (const [i, letter] of axes.entries()) {
      const [dim, known] = [x.shape[i] as Dim, sizes.get(letter)];
      if (known !== undefined && !sameDim(known, dim)) {
        throw fail('SHAPE_MISMATCH', 'einsum', `one size for '${letter}'`, shapeText([known, dim]));
      }
      sizes.set(letter, dim);
    }
  }
}

/** Sums over the axes that nobody needs. */
function summed({ x, axes }: Lettered, needed: ReadonlySet<string>): Lettered {
  const axis = axes.flatMap((letter, i) => (needed.has(letter) ? [] : [i]));
  return { x: axis.length > 0 ? sum(x, { axis }) : x, axes: axes.filter((letter) => needed.has(letter)) };
}

/** The same with axes in this order. */
function ordered({ x, axes }: Lettered, order: readonly string[]): Lettered {
  const same = order.every((letter, i) => letter === axes[i]);
  const places = order.map((letter) => axes.indexOf(letter));
  return { x: same ? x : transpose(x, places), axes: order };
}

/** The product of two, summed over the letters that nobody needs afterwards. */
function product(first: Lettered, second: Lettered, needed: ReadonlySet<string>): Lettered {
  const a = summed(first, new Set([...needed, ...second.axes]));
  const b = summed(second, new Set([...needed, ...first.axes]));
  const both = a.axes.filter((letter) => b.axes.includes(letter));
  const batch = both.filter((letter) => needed.has(letter));
  const inner = both.filter((letter) => !needed.has(letter));
  const [rows, columns] = [a, b].map(({ axes }) => axes.filter((letter) => !both.includes(letter))) as [
    string[],
    string[],
  ];
  const size = ({ x, axes }: Lettered, letters: readonly string[]) =>
    letters.map((letter) => x.shape[axes.indexOf(letter)] as Dim);
  const [batches, m, n, k] = [size(a, batch), size(a, rows), size(b, columns), sizeOf(size(a, inner))];
  const left = reshape(ordered(a, [...batch, ...rows, ...inner]).x, [...batches, sizeOf(m), k]);
  const right = reshape(ordered(b, [...batch, ...inner, ...columns]).x, [...batches, k, sizeOf(n)]);
  // Without anything to sum over it is a product of elements: a column with a row.
  const y = inner.length > 0 ? matmul(left, right) : mul(left, right);
  return { x: reshape(y, [...batches, ...m, ...n]), axes: [...batch, ...rows, ...columns] };
}
