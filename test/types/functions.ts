// What the types of functions and their variables promise, compiled by `npm run ready`.

import {
  DescendError,
  type ErrorCode,
  type Gradient,
  grad,
  hessianVectorProduct,
  jacobianVectorProduct,
  type MinimizeResult,
  minimize,
  ops,
  SGD,
  type Tensor,
  valueAndGrad,
  variable,
} from 'descend';
import type { Equal, Expect } from './equal.ts';

const w = variable([1, 2]);
const square = () => ops.sum(ops.square(w));
const optimizer = new SGD();

const { value, grads } = await valueAndGrad(square, [w]);
export type Values = [Expect<Equal<typeof value, number>>, Expect<Equal<typeof grads, Gradient[]>>];
// Gradients go into applyGradients as they come, gradient first.
optimizer.applyGradients((await grad(square, [w])).map((gradient) => [gradient, w]));
// @ts-expect-error the variable comes second
optimizer.applyGradients([[w, new Float32Array(2), 1]]);
// @ts-expect-error not without a variable
optimizer.applyGradients([[new Float32Array(2)]]);

const products = await hessianVectorProduct(square, [w], [[1, 2]]);
const along = await jacobianVectorProduct(() => ops.sin(w), [w], [w]);
export type Products = [Expect<Equal<typeof products, Gradient[]>>, Expect<Equal<typeof along, Gradient>>];
ops.customGradient([w, 1], ops.mul, (dy, [a, b]) => [ops.mul(dy, b as Tensor), ops.sum(ops.mul(dy, a as Tensor))]);
// @ts-expect-error a rule gives a list
ops.customGradient([w], ops.square, (dy) => dy);

const result = await minimize(square, { variables: [w], optimizer, stopWhen: { maxSteps: 3 } });
export type Result = Expect<Equal<typeof result, MinimizeResult>>;
// @ts-expect-error an end must be given
await minimize(square, { variables: [w], optimizer });
// @ts-expect-error a function without a value
await minimize(() => undefined, { variables: [w], optimizer, stopWhen: { maxSteps: 3 } });

export type Sum = Expect<Equal<ReturnType<typeof ops.sum>, Tensor>>;
ops.sum(w, { axis: 0, keepDims: true });
// @ts-expect-error an unknown option
ops.sum(w, { axes: [0] });
ops.where(ops.less(w, 1), w, 0);
ops.gelu(w, { approximate: true });
// @ts-expect-error the slope is an option
ops.leakyRelu(w, 0.1);
// @ts-expect-error both numbers are needed
ops.threshold(w, { threshold: 1 });
const { values, indices } = ops.topK(ops.sort(w, { descending: true }), 1);
ops.einsum('i,i->', values, indices);
// @ts-expect-error how many is no option
ops.topK(w, { k: 2 });
// @ts-expect-error a margin has two sides
ops.pad(w, [[1]]);
// @ts-expect-error two values to choose from
ops.where(w, w);

try {
  square();
} catch (error) {
  if (error instanceof DescendError && error.code === 'SHAPE_MISMATCH') console.log(error.message);
}
const code: ErrorCode = 'BUSY';
// @ts-expect-error codes are a closed list
const wrong: ErrorCode = 'OCCUPIED';

export { code, wrong };
