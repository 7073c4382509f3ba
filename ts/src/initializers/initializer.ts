// What weights begin with: compositions of ops, run once in a plan of their own, so that engines agree bit for bit.
// Random numbers depend on the model's seed and the weight's name alone, not on the order of calls.

import type { Tensor } from '../graph/tensor.js';
import { type OptionTable, readOptions } from '../options.js';
import { assertOptions, type Config, classNameOf, propertiesOf, type Unit } from '../units.js';

/** What makes a weight's first values. Subclass it and write `call` to have your own. */
export abstract class Initializer<Options extends object = Record<string, never>> implements Unit {
  /** Its name in saved models. */
  static readonly className: string = 'Initializer';
  /** @internal Options that the constructor reads into properties. */
  static readonly options: OptionTable = {};

  constructor(options: Options = {} as Options) {
    const what = classNameOf(this);
    const table = (this.constructor as typeof Initializer).options;
    assertOptions(what, options, Object.keys(table));
    readOptions(this, options, table, what);
  }

  /** The first values of a weight of `shape`; `stream` names its random numbers: hand it to `ops.randomUniform`. */
  abstract call(shape: readonly number[], stream: string): Tensor;

  /** The options it was made with. */
  getConfig(): Config {
    return propertiesOf(this, Object.keys((this.constructor as typeof Initializer).options));
  }

  /** One made with the options of another. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(config as never);
  }
}
