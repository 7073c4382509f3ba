// Weights whose variance depends on the number of inputs and outputs, so that signals keep their size through layers.

import { mul, randomUniform } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { from, type OptionTable, oneOf } from '../options.js';
import { Initializer } from './initializer.js';
import { standardNormal, TRUNCATED_STDDEV } from './normal.js';

/** What the variance is divided by: inputs, outputs, or the mean of both. */
export type FanMode = 'fan_in' | 'fan_out' | 'fan_avg';

/** The distribution of weights; 'normal' is another word for 'truncated_normal', as in Keras. */
export type ScalingDistribution = 'truncated_normal' | 'untruncated_normal' | 'normal' | 'uniform';

/** Options of VarianceScaling. */
export interface VarianceScalingOptions {
  /** The variance is `scale / n`. More than 0. Default 1. */
  scale?: number;
  /** What n is. Default 'fan_in'. */
  mode?: FanMode;
  /** Default 'truncated_normal'. */
  distribution?: ScalingDistribution;
}

function draw(
  shape: readonly number[],
  stream: string,
  scale: number,
  mode: FanMode,
  distribution: ScalingDistribution,
): Tensor {
  const [fanIn, fanOut] = fans(shape);
  const n = Math.max(1, mode === 'fan_in' ? fanIn : mode === 'fan_out' ? fanOut : (fanIn + fanOut) / 2);
  if (distribution === 'uniform') {
    const limit = Math.sqrt((3 * scale) / n);
    return randomUniform(shape, { low: -limit, high: limit, name: stream });
  }
  const truncated = distribution !== 'untruncated_normal';
  const stddev = Math.sqrt(scale / n) / (truncated ? TRUNCATED_STDDEV : 1);
  return mul(standardNormal(shape, stream, truncated), stddev);
}

/** Inputs and outputs of one unit. The last two axes are inputs and outputs, those before them a receptive field. */
function fans(shape: readonly number[]): [fanIn: number, fanOut: number] {
  const field = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  const [inputs = 1, outputs = inputs] = shape.slice(-2);
  return [field * inputs, field * outputs];
}

/** Mean 0 and variance `scale / n`, n by `mode`: what the initializers named after people are cases of. */
export class VarianceScaling extends Initializer<VarianceScalingOptions> {
  static override readonly className: string = 'VarianceScaling';
  /** @internal */
  static override readonly options: OptionTable = {
    scale: [1, from(Number.MIN_VALUE)],
    mode: ['fan_in', oneOf('fan_in', 'fan_out', 'fan_avg')],
    distribution: ['truncated_normal', oneOf('truncated_normal', 'untruncated_normal', 'normal', 'uniform')],
  };
  declare readonly scale: number;
  declare readonly mode: FanMode;
  declare readonly distribution: ScalingDistribution;

  override call(shape: readonly number[], stream: string): Tensor {
    return draw(shape, stream, this.scale, this.mode, this.distribution);
  }
}

/**
 * Uniform on ±√(6 / (fanIn + fanOut)), which keeps the variance of signals and gradients from layer to layer.
 * Glorot & Bengio 2010, equation 16, https://proceedings.mlr.press/v9/glorot10a.html
 */
export class GlorotUniform extends Initializer {
  static override readonly className: string = 'GlorotUniform';

  override call(shape: readonly number[], stream: string): Tensor {
    return draw(shape, stream, 1, 'fan_avg', 'uniform');
  }
}

/** Normal of variance 2 / (fanIn + fanOut), cut at 2 standard deviations. Glorot & Bengio 2010, as above. */
export class GlorotNormal extends Initializer {
  static override readonly className: string = 'GlorotNormal';

  override call(shape: readonly number[], stream: string): Tensor {
    return draw(shape, stream, 1, 'fan_avg', 'truncated_normal');
  }
}

/** Uniform on ±√(6 / fanIn): for relu. He et al. 2015, https://arxiv.org/abs/1502.01852 */
export class HeUniform extends Initializer {
  static override readonly className: string = 'HeUniform';

  override call(shape: readonly number[], stream: string): Tensor {
    return draw(shape, stream, 2, 'fan_in', 'uniform');
  }
}

/** Normal of variance 2 / fanIn, cut at 2 standard deviations: for relu. He et al. 2015, https://arxiv.org/abs/1502.01852 */
export class HeNormal extends Initializer {
  static override readonly className: string = 'HeNormal';

  override call(shape: readonly number[], stream: string): Tensor {
    return draw(shape, stream, 2, 'fan_in', 'truncated_normal');
  }
}

/** Uniform on ±√(3 / fanIn). LeCun et al. 1998, "Efficient BackProp", section 4.6. */
export class LecunUniform extends Initializer {
  static override readonly className: string = 'LecunUniform';

  override call(shape: readonly number[], stream: string): Tensor {
    return draw(shape, stream, 1, 'fan_in', 'uniform');
  }
}

/** Normal of variance 1 / fanIn, cut at 2 standard deviations: for selu. LeCun et al. 1998, section 4.6. */
export class LecunNormal extends Initializer {
  static override readonly className: string = 'LecunNormal';

  override call(shape: readonly number[], stream: string): Tensor {
    return draw(shape, stream, 1, 'fan_in', 'truncated_normal');
  }
}
