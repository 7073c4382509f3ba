// What training makes small: a composition of ops from targets and predictions to a number.

import type { ArrayData } from '../data/arrays.js';
import { describeValue, fail } from '../errors.js';
import { cast, mean, sum } from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';
import { currentTracer } from '../graph/trace.js';
import { assertOptions, type Config, canonicalName, classNameOf, type Unit } from '../units.js';

/** How losses of samples become one number: their mean (the default), their sum, or not at all. */
export type Reduction = 'sumOverBatchSize' | 'mean' | 'sum' | 'none';

/** Options of every loss. */
export interface LossOptions {
  /** Default 'sumOverBatchSize', Keras's word for the mean over samples. */
  reduction?: Reduction;
  /** How messages call it. Default: its class. */
  name?: string;
}

const REDUCTIONS: readonly Reduction[] = ['sumOverBatchSize', 'mean', 'sum', 'none'];

/** A loss. Subclass it and write `call` to have your own. */
export abstract class Loss implements Unit {
  /** Its name in saved models. */
  static readonly className: string = 'Loss';

  readonly name: string;
  readonly reduction: Reduction;

  /** `own` are the names of the options that the subclass reads itself. */
  constructor(options: LossOptions = {}, own: readonly string[] = []) {
    this.name = options?.name ?? classNameOf(this);
    assertOptions(classNameOf(this), options, ['reduction', 'name', ...own]);
    this.reduction = reductionOf(options.reduction ?? 'sumOverBatchSize', this.name);
  }

  /** The loss of each sample, from float32 targets and predictions. */
  abstract call(yTrue: Tensor, yPred: Tensor): Tensor;

  /** The loss as a scalar (under 'none', of each sample). For traced functions: `loss.apply(y, model.apply(x))`. */
  apply(yTrue: Operand, yPred: Operand): Tensor {
    const tracer = currentTracer(this.name);
    const [target, prediction] = [tracer.operand(yTrue, 'yTrue'), tracer.operand(yPred, 'yPred')];
    const losses = this.call(cast(target, 'float32'), prediction);
    if (this.reduction === 'none') return losses;
    return this.reduction === 'sum' ? sum(losses) : mean(losses);
  }

  /** Throws where `y` holds targets that the loss has no value for; `outputShape` is that of one prediction. */
  assertTargets(_y: ArrayData, _outputShape: readonly number[]): void {}

  getConfig(): Config {
    return { name: this.name, reduction: this.reduction };
  }

  /** One made with the options of another. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(config as never);
  }
}

function reductionOf(value: unknown, what: string): Reduction {
  const word = typeof value === 'string' ? canonicalName(value) : undefined;
  const known = REDUCTIONS.find((reduction) => canonicalName(reduction) === word);
  if (known === undefined)
    throw fail('INVALID_VALUE', `${what} reduction`, REDUCTIONS.join(', '), describeValue(value));
  return known;
}
