// What the public namespace `initializers` holds.

import type { Initializer } from './initializer.js';

export { Constant, Ones, Zeros } from './constant.js';
export { Initializer } from './initializer.js';
export { type GainOptions, Identity, Orthogonal } from './matrix.js';
export { type NormalOptions, RandomNormal, RandomUniform, TruncatedNormal } from './random.js';
export {
  type FanMode,
  GlorotNormal,
  GlorotUniform,
  HeNormal,
  HeUniform,
  LecunNormal,
  LecunUniform,
  type ScalingDistribution,
  VarianceScaling,
  type VarianceScalingOptions,
} from './scaling.js';

/** What an option for an initializer takes: one, its name in any spelling, or its plain data. */
export type InitializerLike = Initializer<object> | string | { className: string; config: unknown };
