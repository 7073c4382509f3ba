// The hard sigmoid of Keras 2 and TensorFlow.js, which is steeper than Keras 3's (and ours).

import { add, clip, mul } from '../../graph/ops.js';
import type { Tensor } from '../../graph/tensor.js';

/**
 * `x / 5 + 1/2` between 0 and 1: what Keras 2 and TensorFlow.js call `hard_sigmoid`. Imported models that use it, saved by
 * `save`, are loaded with `loadModel(file, { customObjects: { hardSigmoidOfKeras2 } })`.
 */
export function hardSigmoidOfKeras2(x: Tensor): Tensor {
  return clip(add(mul(x, 0.2), 0.5), 0, 1);
}
