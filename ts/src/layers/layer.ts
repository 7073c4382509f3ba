// What every layer is: named weights and a function of tensors that composes ops. Users write their own the same way.
// A layer knows nothing of engines, optimizers or the model that holds it.

import { checkShape, elementCount } from '../data/shape.js';
import { describeValue, fail, quote } from '../errors.js';
import { type Shape, shapeText } from '../graph/dims.js';
import { div, fill, sum } from '../graph/ops.js';
import { type Operand, Tensor } from '../graph/tensor.js';
import { currentTracer, Tracer } from '../graph/trace.js';
import type { InitializerLike } from '../initializers/index.js';
import { INITIALIZERS } from '../initializers/registry.js';
import { boolean } from '../numbers.js';
import type { Regularizer, RegularizerLike } from '../regularizers/index.js';
import { regularizerConfigs, regularizerOf } from '../regularizers/registry.js';
import { assertOptions, type Config, classNameOf, snakeCase, type Unit } from '../units.js';
import { Weight } from './weight.js';

/** Options of every layer. */
export interface LayerOptions {
  /** Default: its class in snake_case, with a number where a model has several. */
  name?: string;
  /** Whether training changes its weights. Default true. */
  trainable?: boolean;
  /** What the layer's outputs cost: a penalty on the loss, divided by the batch. Default none. */
  activityRegularizer?: RegularizerLike;
  /** The shape of one sample, on the first layer of a model that has no Input. */
  inputShape?: readonly number[];
}

/** What a layer may ask about the pass that it is part of. */
export interface CallOptions {
  /** Whether this is a training step: Dropout, for one, acts only then. */
  readonly training: boolean;
}

/** What `addWeight` needs to know. */
export interface WeightOptions {
  /** Unique in the layer. */
  name: string;
  shape: readonly number[];
  /** Default 'glorot_uniform'. */
  initializer?: InitializerLike;
  /** Whether training changes it, as long as the layer is trainable. Default true. */
  trainable?: boolean;
  /** What its values cost: a penalty on the loss, as long as it is trained. Default none. */
  regularizer?: RegularizerLike | undefined;
}

/** A layer. Subclass it and write `call`, and `build` where there are weights. */
export abstract class Layer implements Unit {
  /** Its name in saved models. */
  static readonly className: string = 'Layer';

  /** The shape of one sample as given by the user, if it was. */
  readonly inputShape: readonly number[] | undefined;
  trainable: boolean;
  readonly #activityRegularizer: Regularizer<object> | undefined;
  #name: string | undefined;
  #weights: Weight[] | undefined;

  /** `own` are the names of the options that the subclass reads itself. */
  constructor(options: LayerOptions = {}, own: readonly string[] = []) {
    const what = classNameOf(this);
    assertOptions(what, options, ['name', 'trainable', 'inputShape', 'activityRegularizer', ...own]);
    const { name, inputShape } = options;
    this.#name = name === undefined ? undefined : checkName(name, `${what} name`);
    this.trainable = boolean(options.trainable ?? true, `${what} trainable`);
    this.#activityRegularizer = regularizerOf(options.activityRegularizer);
    this.inputShape = inputShape === undefined ? undefined : checkShape(inputShape, `${what} inputShape`);
  }

  /** Its own name, or the one that its first model gave it. */
  get name(): string {
    return this.#name ?? snakeCase(classNameOf(this));
  }

  /** @internal Whether nobody has named it yet. */
  get isUnnamed(): boolean {
    return this.#name === undefined;
  }

  /** @internal Names a layer that nobody has named yet. */
  giveName(name: string): void {
    this.#name = name;
  }

  /** Whether its weights exist. */
  get built(): boolean {
    return this.#weights !== undefined;
  }

  /** Its weights in the order they were added; none before it is built. */
  get weights(): readonly Weight[] {
    return this.#weights ?? [];
  }

  /** Adds the weights for samples of `inputShape`. Called once, before the first `call`. */
  build(_inputShape: readonly number[]): void {}

  /** What the layer does to `x`, whose first axis is the batch. Called again for every plan. */
  abstract call(x: Tensor, options: CallOptions): Tensor;

  /** Declares a weight; for use in `build`. Its first values come from the model's seed and its name. */
  protected addWeight(options: WeightOptions): Weight {
    const what = `${this.name} weight`;
    assertOptions(what, options, ['name', 'shape', 'initializer', 'trainable', 'regularizer']);
    const weights = this.#weights;
    if (weights === undefined) throw fail('INVALID_VALUE', what, 'addWeight inside build', 'a call outside of it');
    const name = `${this.name}/${checkName(options.name, what)}`;
    if (weights.some((weight) => weight.name === name)) {
      throw fail('DUPLICATE_NAME', what, 'names that differ', `${quote(options.name)} twice`);
    }
    const shape = checkShape(options.shape, `${this.name} ${options.name}`);
    const initializer = INITIALIZERS.resolve(options.initializer ?? 'glorot_uniform');
    const trainable = boolean(options.trainable ?? true, `${what} trainable`);
    const regularizer = regularizerOf(options.regularizer);
    const weight = new Weight({ name, shape, initializer, trainable, regularizer });
    weights.push(weight);
    return weight;
  }

  /** The layer on `x` inside a traced function, built first if need be. Outside of training unless told otherwise. */
  apply(x: Operand, options: Partial<CallOptions> = {}): Tensor {
    const tracer = currentTracer(this.name);
    const input = tracer.operand(x, this.name);
    if (!this.built) this.#build(sampleShape(input.shape, this.name));
    const y = this.call(input, { training: options.training ?? false });
    if (y instanceof Tensor) {
      const penalty = this.#activityRegularizer?.call(y);
      if (penalty) tracer.penalize(div(penalty, sum(fill(y.shape.slice(0, 1), 1))), this.name);
      return y;
    }
    throw fail('INVALID_VALUE', `${this.name} call`, 'a tensor', describeValue(y), 'return what the last op gave');
  }

  /** The shape of one output for samples of `inputShape`. */
  computeOutputShape(inputShape: readonly number[]): number[] {
    const tracer = new Tracer();
    return tracer.run(() => sampleShape(this.apply(tracer.batch(inputShape, 'float32')).shape, this.name));
  }

  /** @internal Forgets its weights: what it was before it was built. */
  unbuild(): void {
    for (const weight of this.weights) weight.dispose();
    this.#weights = undefined;
  }

  #build(inputShape: readonly number[]): void {
    elementCount(inputShape, this.name);
    this.#weights = [];
    try {
      this.build(inputShape);
    } catch (error) {
      this.unbuild();
      throw error;
    }
  }

  /** The options it was made with; those of a subclass are added by it. */
  getConfig(): Config {
    const { name, trainable, inputShape } = this;
    const activityRegularizer = this.#activityRegularizer;
    return {
      name,
      trainable,
      ...(inputShape && { inputShape: [...inputShape] }),
      ...regularizerConfigs({ activityRegularizer }),
    };
  }

  /** One made with the options of another; weights are its own. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(config as never);
  }
}

/** The sizes behind the first axis, which is the batch. Throws SHAPE_MISMATCH where they are not fixed. */
export function sampleShape(shape: Shape, what: string): number[] {
  const [batch, ...sizes] = shape;
  if (batch !== undefined && sizes.every((size) => typeof size === 'number')) return sizes as number[];
  throw fail('SHAPE_MISMATCH', what, 'a first axis that counts samples, and fixed sizes behind it', shapeText(shape));
}

/** Names end up in the names of weights and in files: letters, digits and a few signs. */
function checkName(name: unknown, what: string): string {
  if (typeof name === 'string' && /^[\w][\w.\- ]{0,127}$/u.test(name)) return name;
  const expected = 'a name of letters, digits, _, -, . and spaces, at most 128';
  throw fail('INVALID_VALUE', what, expected, describeValue(name));
}
