// What the types of functions and their variables promise, compiled by `npm run ready`.

import {
  DescendError,
  type ErrorCode,
  type Gradient,
  grad,
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

try {
  square();
} catch (error) {
  if (error instanceof DescendError && error.code === 'SHAPE_MISMATCH') console.log(error.message);
}
const code: ErrorCode = 'BUSY';
// @ts-expect-error codes are a closed list
const wrong: ErrorCode = 'OCCUPIED';

export { code, wrong };
