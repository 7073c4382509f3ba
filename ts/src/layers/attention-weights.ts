// The weights of attention as values of their own: for layers whose scores are no products, and for who asks to see them. Unlike
// `ops.attention` this keeps a number for each pair of steps.

import { byHead, headsFirst } from '../graph/attention.js';
import type { Dim } from '../graph/dims.js';
import { cast, logicalAnd, matmul, mul, softmax, where } from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';

/** Below all scores, and far from where differences overflow. */
const HIDDEN = -1e30;

/** Who sees what: by a mask, and only steps up to their own. */
export interface Sight {
  /** Of two to four axes: `[batch, [heads,]] queries, keys`, as far as there are any. */
  readonly mask?: Operand | undefined;
  readonly causal?: boolean | undefined;
}

/** Softmax of scores `[B, heads, queries, keys]` over the keys that are seen; all 0 where none is. */
export function weightsOf(scores: Tensor, { mask, causal }: Sight): Tensor {
  const [queries, keys] = scores.shape.slice(2) as [Dim, Dim];
  const own = mask === undefined ? undefined : byHead(mask, 'attention');
  const past = causal ? upTo(Number(queries), Number(keys)) : undefined;
  const seen = own && past ? logicalAnd(own, past) : (own ?? past);
  return seen ? mul(softmax(where(seen, scores, HIDDEN)), cast(seen, 'float32')) : softmax(scores);
}

// Whether query i may see key j: j ≤ i.
function upTo(queries: number, keys: number): Tensor {
  const data = Float32Array.from({ length: queries * keys }, (_, at) => (at % keys <= Math.floor(at / keys) ? 1 : 0));
  return cast({ data, shape: [1, 1, queries, keys] }, 'bool');
}

/** The weights that `ops.attention` gives values: `[B, heads, queries, keys]`. */
export function productWeights(q: Tensor, k: Tensor, heads: number, scale: number, sight: Sight): Tensor {
  const scores = matmul(headsFirst(q, heads), headsFirst(k, heads), { transposeB: true });
  return weightsOf(mul(scores, scale), sight);
}
