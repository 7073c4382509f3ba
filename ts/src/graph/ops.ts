// The public ops, together: what is elementwise and has no options comes from the core's registry, the rest by theme. Each
// checks what it is given and adds to the trace under way; shape rules are those of the core, said in the user's terms.
// Nothing stands here itself: bundlers look past such a file, and carry only what lies behind the names that are used.

export * from '../generated/ops.js';
export * from './activations.js';
// By name: the core has a gelu of its own, without options; and one has two names.
export { gelu, hardSilu as hardSwish } from './activations.js';
export { type AffineTransformOptions, affineTransform, type FillMode } from './affine.js';
export { expandDims, flip, oneHot, pad, repeat, split, squeeze, stack, tile } from './arranging.js';
export { type AttentionOptions, attention } from './attention.js';
export { binaryCrossEntropy, categoricalCrossEntropy, pick, sparseCrossEntropy } from './classes.js';
export { averagePool, conv, convTranspose, depthwiseConv, maxPool } from './convolution.js';
export { customGradient } from './custom.js';
export { einsum } from './einsum.js';
export { ceil, clip, isFinite, isNan, logicalAnd, logicalNot, logicalOr, reciprocal, where } from './logic.js';
export { type MatmulOptions, matmul } from './products.js';
export { dropout, gradients, randomUniform, recompute, type StreamOptions } from './random.js';
export {
  argmax,
  argmin,
  type CumsumOptions,
  cumsum,
  logSoftmax,
  logSumExp,
  max,
  mean,
  min,
  type NormOptions,
  norm,
  prod,
  type ReduceOptions,
  softmax,
  std,
  sum,
  variance,
} from './reductions.js';
export { scan } from './scan.js';
export { broadcastTo, cast, concat, fill, gather, reshape, slice, stopGradient, transpose } from './shapes.js';
export { argsort, type SortOptions, sort, topK } from './sorting.js';
