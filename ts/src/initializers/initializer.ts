// What weights begin with: compositions of ops, run once in a plan of their own, so that engines agree bit for bit.
// Random numbers depend on the model's seed and the weight's name alone, not on the order of calls.

import type { Tensor } from '../graph/tensor.js';
import type { Config, Unit } from '../units.js';

/** What makes a weight's first values. Subclass it and write `call` to have your own. */
export abstract class Initializer implements Unit {
  /** Its name in saved models. */
  static readonly className: string = 'Initializer';

  /** The first values of a weight of `shape`; `stream` names its random numbers: hand it to `ops.randomUniform`. */
  abstract call(shape: readonly number[], stream: string): Tensor;

  /** The options it was made with. */
  getConfig(): Config {
    return {};
  }

  /** One made with the options of another. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(config as never);
  }
}
