// What ops and their gradients give, to the bit. Runs in Node and, served as it is, in a page.

import { ops, type Tensor, type Variable, valueAndGrad, variable } from 'descend';
import { hostile, noise } from '../noise.ts';
import { type OpCase, opCases } from './op-cases.ts';
import { sha256 } from './sha256.ts';

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** The result (as the gradient by a weight of 1 on each element, hence its very bits), and gradients by the inputs. */
export async function resultsOf({ run, shapes, smooth = true }: OpCase, fill: typeof noise): Promise<Float32Array[]> {
  const inputs = shapes.map((shape, i) => variable(fill(sizeOf(shape), 50 + i), [...shape]));
  let shape: number[] = [];
  const remember = (y: Tensor): Tensor => {
    shape = y.shape as number[];
    return ops.sum(y);
  };
  await valueAndGrad(() => remember(run(...inputs)), [variable([0])], { seed: 5 });
  const result = async (weights: Variable, by: Variable[]): Promise<Float32Array[]> => {
    const weighted = () => ops.sum(ops.mul(weights, run(...inputs)));
    const { value, grads } = await valueAndGrad(weighted, [weights, ...by], { seed: 5 });
    return [Float32Array.of(value), ...grads.map(({ data }) => data)];
  };
  const ones = variable(new Float32Array(sizeOf(shape)).fill(1), shape);
  const mixed = variable(noise(sizeOf(shape), 99), shape);
  const arrays = [...(await result(ones, [])), ...(smooth ? await result(mixed, inputs) : [])];
  for (const used of [...inputs, ones, mixed]) used.dispose();
  return arrays;
}

/** The SHA-256 of what it gives for ordinary numbers, and for denormals, zeros of both signs, infinities and NaN. */
export async function hashOf(one: OpCase): Promise<string> {
  return await sha256([...(await resultsOf(one, noise)), ...(await resultsOf(one, hostile))]);
}

/** That of every case, by name. */
export async function hashes(): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const one of opCases()) all[one.name] = await hashOf(one);
  return all;
}
