// What makes weights or outputs cost something: a composition of ops from a tensor to a number that is added to the loss.

import type { Tensor } from '../graph/tensor.js';
import { type OptionTable, readOptions } from '../options.js';
import { assertOptions, type Config, classNameOf, propertiesOf, type Unit } from '../units.js';

/** A penalty. Subclass it and write `call` to have your own. */
export abstract class Regularizer<Options extends object = Record<string, never>> implements Unit {
  /** Its name in saved models. */
  static readonly className: string = 'Regularizer';
  /** @internal Options that the constructor reads into properties. */
  static readonly options: OptionTable = {};

  constructor(options: Options = {} as Options) {
    const what = classNameOf(this);
    const table = (this.constructor as typeof Regularizer).options;
    assertOptions(what, options, Object.keys(table));
    readOptions(this, options, table, what);
  }

  /** The penalty of a weight, or of the outputs of a batch: a float32 scalar. */
  abstract call(x: Tensor): Tensor;

  /** The options it was made with. */
  getConfig(): Config {
    return propertiesOf(this, Object.keys((this.constructor as typeof Regularizer).options));
  }

  /** One made with the options of another. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(config as never);
  }
}
