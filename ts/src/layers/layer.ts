// What every layer is: named weights and a function of tensors that composes ops. Users write their own the same way.
// A layer knows nothing of engines, optimizers or the model that holds it.

import type { ConstraintLike } from '../constraints/index.js';
import { constraintOf } from '../constraints/registry.js';
import { checkShape, elementCount } from '../data/shape.js';
import { DescendError, describeValue, fail, quote } from '../errors.js';
import { type Dim, type Shape, sameDim, shapeText } from '../graph/dims.js';
import { div, fill, sum } from '../graph/ops.js';
import { type Operand, Tensor } from '../graph/tensor.js';
import { currentTracer, Tracer } from '../graph/trace.js';
import type { InitializerLike } from '../initializers/index.js';
import { INITIALIZERS } from '../initializers/registry.js';
import { boolean } from '../numbers.js';
import { type OptionTable, readOptions } from '../options.js';
import type { Regularizer, RegularizerLike } from '../regularizers/index.js';
import { regularizerConfigs, regularizerOf } from '../regularizers/registry.js';
import { assertOptions, type Config, classNameOf, propertiesOf, serialize, snakeCase, type Unit } from '../units.js';
import { checkName, givenNames, nameLayer } from './naming.js';
import type { Application, SymbolicTensor } from './symbolic.js';
import { Weight } from './weight.js';

/** One tensor or a list of them: what layers take and give. */
export type Several = Tensor | readonly Tensor[];

/** A layer of any kind. */
export type AnyLayer = Layer<Several, Several>;

/** The place in a model of what a layer takes or gives. */
export type SymbolicOf<T> = T extends readonly Tensor[] ? readonly SymbolicTensor[] : SymbolicTensor;

/** What may be given for a tensor, or a list of them, in a traced function. */
export type OperandOf<T> = T extends readonly Tensor[] ? readonly Operand[] : Operand;

/** The shape of one sample, or those of several inputs. */
export type SampleShape<T> = T extends readonly Tensor[] ? readonly (readonly number[])[] : readonly number[];

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
  /** What its values are held to after every update. Default nothing. */
  constraint?: ConstraintLike | undefined;
}

/**
 * A layer from `In` (one tensor, or a list) to `Out`. Subclass it and write `call`, and `build` where there are weights;
 * a layer made of others hands them to `addLayer` in its constructor.
 */
export abstract class Layer<In extends Several = Tensor, Out extends Several = Tensor> implements Unit {
  /** Its name in saved models. */
  static readonly className: string = 'Layer';
  /** @internal Options that the constructor reads into properties. */
  static readonly options: OptionTable = {};

  /** Whether it takes one tensor, a list of tensors, or either. */
  readonly takes: 'one' | 'list' | 'either' = 'one';
  /** @internal Its uses in models that are put together. */
  readonly applications: Application[] = [];
  readonly #inputShape: readonly number[] | undefined;
  readonly #activityRegularizer: Regularizer<object> | undefined;
  readonly #layers: AnyLayer[] = [];
  #trainable: boolean;
  #name: string | undefined;
  #weights: Weight[] | undefined;

  /** `own` are the names of the options that the subclass reads itself. */
  constructor(options: LayerOptions = {}, own: readonly string[] = []) {
    const what = classNameOf(this);
    const table = (this.constructor as typeof Layer).options;
    const names = ['name', 'trainable', 'inputShape', 'activityRegularizer', ...own, ...Object.keys(table)];
    assertOptions(what, options, names);
    readOptions(this, options, table, what);
    const { name, inputShape } = options;
    this.#name = name === undefined ? undefined : checkName(name, `${what} name`);
    this.#trainable = boolean(options.trainable ?? true, `${what} trainable`);
    this.#activityRegularizer = regularizerOf(options.activityRegularizer);
    this.#inputShape = inputShape === undefined ? undefined : checkShape(inputShape, `${what} inputShape`);
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
    for (const weight of this.#weights ?? []) weight.rename(`${name}/${weight.ownName}`);
  }

  /** The shape of one sample as given by the user, if it was. */
  get inputShape(): readonly number[] | undefined {
    return this.#inputShape;
  }

  /** Whether training changes its weights, and those of the layers in it. Acts from the next call of `fit` on. */
  get trainable(): boolean {
    return this.#trainable;
  }

  set trainable(trainable: boolean) {
    this.#trainable = boolean(trainable, `${this.name} trainable`);
    for (const layer of this.layers) layer.trainable = trainable;
  }

  /** Whether its weights exist. */
  get built(): boolean {
    return this.#weights !== undefined;
  }

  /** The layers that it is made of. */
  get layers(): readonly Layer[] {
    return this.#layers as unknown as readonly Layer[];
  }

  /** Its weights in the order they were added, then those of the layers in it; none before it is built. */
  get weights(): readonly Weight[] {
    return [...new Set([...(this.#weights ?? []), ...this.layers.flatMap(({ weights }) => weights)])];
  }

  /** The weights that training changes. */
  get trainableWeights(): readonly Weight[] {
    if (!this.#trainable) return [];
    const own = (this.#weights ?? []).filter(({ trainable }) => trainable);
    return [...new Set([...own, ...this.layers.flatMap(({ trainableWeights }) => trainableWeights)])];
  }

  /** @internal Its weights by names that are unique in it. */
  namedWeights(): [name: string, weight: Weight][] {
    const inner = this.layers.flatMap((layer) => layer.namedWeights());
    const own = (this.#weights ?? []).map((weight) => [weight.ownName, weight] as const);
    return [...own, ...inner].map(([name, weight]) => [`${this.name}/${name}`, weight]);
  }

  /** What it gives where it is used in a model. Throws INVALID_VALUE unless it is used once, and NOT_BUILT. */
  get output(): SymbolicOf<Out> {
    const { outputs } = this.#application('output');
    return (outputs.length === 1 ? outputs[0] : outputs) as SymbolicOf<Out>;
  }

  /** What it takes there. */
  get input(): SymbolicOf<In> {
    const { inputs, outputs, listed } = this.#application('input');
    // An Input passes on what it is.
    return (listed ? inputs : (inputs[0] ?? outputs[0])) as SymbolicOf<In>;
  }

  /** Adds the weights for samples of `inputShape`. Called once, before the first `call`. */
  build(_inputShape: SampleShape<In>): void {}

  /** What the layer does to `x`, whose first axis is the batch. Called again for every plan. */
  abstract call(x: In, options: CallOptions): Out;

  /**
   * Which parts of `y` count: of the shape of its first axes, 0 for what is to be left out. By default as for the input,
   * where `y` has as many axes and those of the mask are the same.
   */
  computeMask(x: In, y: Tensor): Tensor | undefined {
    const input = x as Tensor;
    const { mask } = input;
    const fits = y.shape.length === input.shape?.length && mask?.shape.every((n, i) => sameDim(n, y.shape[i] as Dim));
    return fits ? mask : undefined;
  }

  /** Declares a weight; for use in `build`. Its first values come from the model's seed and its name. */
  protected addWeight(options: WeightOptions): Weight {
    const what = `${this.name} weight`;
    assertOptions(what, options, ['name', 'shape', 'initializer', 'trainable', 'regularizer', 'constraint']);
    const weights = this.#weights;
    if (weights === undefined) throw fail('INVALID_VALUE', what, 'addWeight inside build', 'a call outside of it');
    const ownName = checkName(options.name, what);
    if (weights.some((weight) => weight.ownName === ownName)) {
      throw fail('DUPLICATE_NAME', what, 'names that differ', `${quote(options.name)} twice`);
    }
    const name = `${this.name}/${ownName}`;
    const shape = checkShape(options.shape, `${this.name} ${options.name}`);
    const initializer = INITIALIZERS.resolve(options.initializer ?? 'glorot_uniform');
    const trainable = boolean(options.trainable ?? true, `${what} trainable`);
    const regularizer = regularizerOf(options.regularizer);
    const constraint = constraintOf(options.constraint);
    const weight = new Weight({ name, ownName, shape, initializer, trainable, regularizer, constraint });
    weights.push(weight);
    return weight;
  }

  /** Declares a layer that this one is made of; for use in the constructor. Throws DUPLICATE_NAME. */
  protected addLayer<L extends AnyLayer>(layer: L): L {
    if (!(layer instanceof Layer)) throw fail('INVALID_VALUE', this.name, 'a layer', describeValue(layer));
    const others = new Set(this.#layers.map(({ name }) => name));
    nameLayer(layer, others, givenNames([layer]), this.name);
    this.#layers.push(layer);
    return layer;
  }

  /**
   * Sets a weight that is not trained to `value` when the training step commits; what is read of it behind this in the
   * same step is the new value. Throws SHAPE_MISMATCH.
   */
  protected assign(weight: Weight, value: Tensor): void {
    if (weight.trainable) throw fail('INVALID_VALUE', weight.name, 'a weight that is not trainable', 'one that is');
    currentTracer(this.name).assign(weight, value, weight.name);
  }

  /** The layer in a model: on what `Input` or another layer gave. Builds it if need be. */
  apply(x: SymbolicOf<In>, options?: Partial<CallOptions>): SymbolicOf<Out>;
  /** The layer on `x` inside a traced function, built first if need be. Outside of training unless told otherwise. */
  apply(x: OperandOf<In>, options?: Partial<CallOptions>): Out;
  apply(x: unknown, options: Partial<CallOptions> = {}): unknown {
    const listed = isList(x);
    this.#assertTakes(listed, x);
    const xs = listed ? x : [x];
    const symbol = xs.find(isSymbolic);
    if (symbol) {
      const outputs = symbol.through(this as unknown as AnyLayer, xs, listed, options);
      return outputs.length === 1 ? outputs[0] : outputs;
    }
    const tracer = currentTracer(this.name);
    const inputs = xs.map((one) => tracer.operand(one as Operand, this.name));
    if (!this.built) {
      const shapes = inputs.map(({ shape }) => sampleShape(shape, this.name));
      this.#build((listed ? shapes : shapes[0]) as unknown as SampleShape<In>);
    }
    const input = (listed ? inputs : inputs[0]) as In;
    const call = (): Out => this.call(input, { ...options, training: options.training ?? false });
    const result = this.#naming(inputs, () => (this.layers.length > 0 ? tracer.within(this.name, call) : call()));
    for (const y of isList(result) ? result : [result]) this.#finish(tracer, inputs, input, y);
    return result;
  }

  // Shapes that an op refuses are told with the innermost layer that it is part of, and what came there.
  #naming<T>(inputs: readonly Tensor[], work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof DescendError) || !error.code.includes('SHAPE') || NAMED.has(error)) throw error;
      const message = `${this.name} on ${inputs.join(', ')}: ${error.message}`;
      const told = error.message.startsWith(this.name)
        ? error
        : new DescendError(error.code, message, { cause: error });
      NAMED.add(told);
      throw told;
    }
  }

  // What every output gets: its penalty and its mask.
  #finish(tracer: Tracer, inputs: readonly Tensor[], input: In, y: unknown): void {
    if (!(y instanceof Tensor)) {
      throw fail('INVALID_VALUE', `${this.name} call`, 'a tensor', describeValue(y), 'return what the last op gave');
    }
    const penalty = this.#activityRegularizer?.call(y);
    if (penalty) tracer.penalize(div(penalty, sum(fill(y.shape.slice(0, 1), 1))), this.name);
    if (!inputs.includes(y)) y.mask ??= this.computeMask(input, y);
  }

  #assertTakes(listed: boolean, x: unknown): void {
    if (this.takes === 'either' || listed === (this.takes === 'list')) return;
    if (listed) {
      const hint = 'bring them together first, as by new Concatenate().apply([a, b])';
      throw fail('SHAPE_MISMATCH', this.name, 'one tensor', `a list of ${(x as unknown[]).length}`, hint);
    }
    throw fail('SHAPE_MISMATCH', this.name, 'a list of tensors', 'one', 'apply([a, b])');
  }

  /** The shape of one output for samples of `inputShape`; of several inputs a list of shapes. */
  computeOutputShape(inputShape: SampleShape<In>): number[] {
    const tracer = new Tracer();
    const nested = this.takes !== 'one' && Array.isArray(inputShape[0]);
    const shapes = (nested ? inputShape : [inputShape]) as readonly number[][];
    return tracer.run(() => {
      const xs = shapes.map((shape) => tracer.batch(shape, 'float32'));
      const y: Several = this.apply((nested ? xs : xs[0]) as OperandOf<In>);
      return sampleShape((listOf(y)[0] as Tensor).shape, this.name);
    });
  }

  /** Sets the states of the stateful layers in it to 0: what comes next begins anew. */
  async resetStates(): Promise<void> {
    for (const layer of this.layers) await layer.resetStates();
  }

  /** @internal Forgets its weights: what it was before it was built. */
  unbuild(): void {
    for (const weight of this.weights) weight.dispose();
    this.#weights = undefined;
    for (const layer of this.#layers) layer.unbuild();
  }

  #build(inputShape: SampleShape<In>): void {
    for (const shape of isList(inputShape) ? inputShape : [inputShape]) {
      elementCount(shape as readonly number[], this.name);
    }
    this.#weights = [];
    try {
      this.build(inputShape);
    } catch (error) {
      this.unbuild();
      throw error;
    }
  }

  #application(what: string): Application {
    const [application, second] = this.applications;
    if (application === undefined) {
      const hint = 'begin a Sequential with Input({ shape }), or call apply(Input({ shape }))';
      throw fail('NOT_BUILT', `${this.name} ${what}`, 'a layer applied to symbolic tensors', 'one that was not', hint);
    }
    if (second === undefined) return application;
    const got = `one used ${this.applications.length} times`;
    throw fail('INVALID_VALUE', `${this.name} ${what}`, 'a layer used once', got, 'keep what apply gave');
  }

  /** The options it was made with; those of a subclass are added by it. */
  getConfig(): Config {
    const { name, trainable } = this;
    const inputShape = this.#inputShape;
    const activityRegularizer = this.#activityRegularizer;
    return {
      name,
      trainable,
      ...(inputShape && { inputShape: [...inputShape] }),
      ...regularizerConfigs({ activityRegularizer }),
      ...this.#ownConfig(),
    };
  }

  // The options of its table, from the properties that they were read into.
  #ownConfig(): Config {
    const names = Object.keys((this.constructor as typeof Layer).options);
    const entries = Object.entries(propertiesOf(this, names));
    return Object.fromEntries(entries.map(([name, value]) => [name, plain(value)]));
  }

  /** One made with the options of another. */
  static fromConfig<T>(this: new (options: never) => T, config: Config): T {
    return new this(config as never);
  }
}

// Errors that name a layer.
const NAMED = new WeakSet<DescendError>();

/** What a layer gave, as a list. */
export function listOf(y: Several): readonly Tensor[] {
  return y instanceof Tensor ? [y] : y;
}

// Tensors, variables and arrays are objects; a list of numbers or of lists is one array.
function isList<T>(x: T): x is T & readonly T[] {
  return Array.isArray(x) && typeof x[0] === 'object' && !Array.isArray(x[0]);
}

// What an option became, as plain data: of units and activations what they say of themselves.
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return 'getConfig' in value ? serialize(value as Unit) : (value as { config: unknown }).config;
}

/** Whether it is what `Input` or a layer of a model gave. */
export function isSymbolic(x: unknown): x is SymbolicTensor {
  return typeof (x as Partial<SymbolicTensor> | null)?.through === 'function';
}

/** The sizes behind the first axis, which is the batch. Throws SHAPE_MISMATCH where they are not fixed. */
export function sampleShape(shape: Shape, what: string): number[] {
  const [batch, ...sizes] = shape;
  if (batch !== undefined && sizes.every((size) => typeof size === 'number')) return sizes as number[];
  throw fail('SHAPE_MISMATCH', what, 'a first axis that counts samples, and fixed sizes behind it', shapeText(shape));
}
