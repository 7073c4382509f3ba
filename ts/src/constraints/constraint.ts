// What weights are held to: a composition of ops that every update of a weight ends with.

import type { Tensor } from '../graph/tensor.js';
import { type OptionTable, readOptions } from '../options.js';
import { assertOptions, type Config, classNameOf, propertiesOf, type Unit } from '../units.js';

/** A rule for the values of a weight. Subclass it and write `call` to have your own. */
export abstract class Constraint<Options extends object = Record<string, never>> implements Unit {
  /** Its name in saved models. */
  static readonly className: string = 'Constraint';
  /** @internal Options that the constructor reads into properties. */
  static readonly options: OptionTable = {};

  constructor(options: Options = {} as Options) {
    const what = classNameOf(this);
    const table = (this.constructor as typeof Constraint).options;
    assertOptions(what, options, Object.keys(table));
    readOptions(this, options, table, what);
  }

  /** What becomes of a weight that an update has left as `x`: of the same shape. */
  abstract call(x: Tensor): Tensor;

  /** The options it was made with. */
  getConfig(): Config {
    return propertiesOf(this, Object.keys((this.constructor as typeof Constraint).options));
  }

  /** One made with the options of another. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(config as never);
  }
}
