// What training makes small: a composition of ops from targets and predictions to a number.

import type { ArrayData } from '../data/arrays.js';
import { describeValue, fail } from '../errors.js';
import { add, cast, div, equal, mean, mul, sub, sum } from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';
import { currentTracer } from '../graph/trace.js';
import { nameFrom, type OptionTable, readOptions } from '../options.js';
import { assertOptions, type Config, canonicalName, classNameOf, propertiesOf, type Unit } from '../units.js';
import { weightsLike } from './align.js';

/**
 * How losses of samples, each times its weight, become one number: divided by how many there are (the default; 'mean' is
 * the same, as in Keras), by the sum of the weights, added up, or not at all. With weights that add up to 0 the second
 * is 0.
 */
export type Reduction = 'sumOverBatchSize' | 'mean' | 'meanWithSampleWeight' | 'sum' | 'none';

/** Options of every loss. */
export interface LossOptions {
  /** Default 'sumOverBatchSize', Keras's word for the mean over samples. */
  reduction?: Reduction;
  /** How messages call it. Default: its class. */
  name?: string;
}

/** What counts for more or less, or not at all. */
export interface LossWeights {
  /** A factor for each loss: of the shape of the losses, or of their first axes. Default 1. */
  sampleWeight?: Operand | undefined;
  /**
   * Which losses count (not 0), of a shape as above: the others have no part in the loss, nor in what a mean divides by.
   */
  mask?: Operand | undefined;
}

const REDUCTIONS: readonly Reduction[] = ['sumOverBatchSize', 'mean', 'meanWithSampleWeight', 'sum', 'none'];

/** A loss. Subclass it and write `call` to have your own. */
export abstract class Loss<Options extends LossOptions = LossOptions> implements Unit {
  /** Its name in saved models. */
  static readonly className: string = 'Loss';
  /** @internal Options that the constructor reads into properties. */
  static readonly options: OptionTable = {};

  readonly name: string;
  readonly reduction: Reduction;
  readonly #own: readonly string[];

  /** `own` are the names of the options that the subclass reads itself, and keeps in properties of these names. */
  constructor(options: Options = {} as Options, own: readonly string[] = []) {
    const table = (this.constructor as typeof Loss).options;
    this.#own = [...own, ...Object.keys(table)];
    const className = classNameOf(this);
    assertOptions(className, options, ['reduction', 'name', ...this.#own]);
    this.name = nameFrom(options.name, className);
    this.reduction = reductionOf(options.reduction ?? 'sumOverBatchSize', this.name);
    readOptions(this, options, table, this.name);
  }

  /** The loss of each sample, from float32 targets and predictions. */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  /** Which of the losses count, where that depends on the targets. Default: all. */
  protected mask(_yTrue: Tensor, _yPred: Tensor): Tensor | undefined {
    return undefined;
  }

  /**
   * The loss as a scalar (under 'none', of each sample). For traced functions: `loss.apply(y, model.apply(x))`. Throws
   * SHAPE_MISMATCH.
   */
  apply(yTrue: Operand, yPred: Operand, weights: LossWeights = {}): Tensor {
    assertOptions(`${this.name} apply`, weights, ['sampleWeight', 'mask']);
    const tracer = currentTracer(this.name);
    const float = (x: Operand, what: string): Tensor => cast(tracer.operand(x, what), 'float32');
    const [target, prediction] = [float(yTrue, 'yTrue'), tracer.operand(yPred, 'yPred')];
    const losses = this.call(target, prediction);
    const given = weights.mask === undefined ? undefined : isNot0(float(weights.mask, 'mask'));
    const masks = [given, this.mask(target, prediction)].filter((mask) => mask !== undefined);
    const factor = weights.sampleWeight === undefined ? undefined : float(weights.sampleWeight, 'sampleWeight');
    return this.#reduce(
      losses,
      factor,
      masks.map((mask) => weightsLike(losses, mask, 'mask')),
    );
  }

  // The masks are of the shape of the losses; a mean over what they leave is that over all, times all / left.
  #reduce(losses: Tensor, sampleWeight: Tensor | undefined, masks: readonly Tensor[]): Tensor {
    const mask = masks.length > 1 ? mul(masks[0] as Tensor, masks[1] as Tensor) : masks[0];
    const factors = [mask, sampleWeight && weightsLike(losses, sampleWeight)].filter((x) => x !== undefined);
    const weight = factors.length > 1 ? mul(factors[0] as Tensor, factors[1] as Tensor) : factors[0];
    const weighted = weight ? mul(losses, weight) : losses;
    switch (this.reduction) {
      case 'none':
        return weighted;
      case 'sum':
        return sum(weighted);
      case 'meanWithSampleWeight':
        return weight ? quotientOr0(sum(weighted), sum(weight)) : mean(losses);
      default:
        return mask ? quotientOr0(sum(weighted), sum(mask)) : mean(weighted);
    }
  }

  /** Throws where `y` holds targets that the loss has no value for; `outputShape` is that of one prediction. */
  assertTargets(_y: ArrayData, _outputShape: readonly number[]): void {}

  getConfig(): Config {
    return propertiesOf(this, ['name', 'reduction', ...this.#own]);
  }

  /** One made with the options of another. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(config as never);
  }
}

// 1 where x is not 0.
function isNot0(x: Tensor): Tensor {
  return sub(1, cast(equal(x, 0), 'float32'));
}

// a / b of scalars, 0 where b is 0: then a is a sum of nothing.
function quotientOr0(a: Tensor, b: Tensor): Tensor {
  return div(a, add(b, cast(equal(b, 0), 'float32')));
}

function reductionOf(value: unknown, what: string): Reduction {
  const word = typeof value === 'string' ? canonicalName(value) : undefined;
  const known = REDUCTIONS.find((reduction) => canonicalName(reduction) === word);
  if (known === undefined)
    throw fail('INVALID_VALUE', `${what} reduction`, REDUCTIONS.join(', '), describeValue(value));
  return known;
}
