// What recurrent layers have in common: the products of all inputs at once, then a loop of one product per step. Refuses
// samples that are not sequences of vectors.

import type { Constraint, ConstraintLike } from '../constraints/index.js';
import { fail } from '../errors.js';
import { type Dim, shapeText } from '../graph/dims.js';
import { add, dropout, fill, matmul, mul, transpose } from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { flag, type OptionTable, whole } from '../options.js';
import type { Regularizer, RegularizerLike } from '../regularizers/index.js';
import type { Activation, ActivationLike } from './activations.js';
import { type CallOptions, Layer, type LayerOptions, listOf, type SampleShape, type Several } from './layer.js';
import { maskThrough, through } from './loop.js';
import { activation, constraint, initializer, rate, regularizer } from './options.js';
import { checkStateful, firstRows, stateNames, withFirstRows } from './states.js';
import type { Weight } from './weight.js';

/** Options of every recurrent layer; with `returnState: true` it gives a list, `[outputs, ...last states]`. */
export interface RecurrentOptions<S extends boolean = boolean> extends LayerOptions {
  /** Number of outputs, and of each state. */
  units: number;
  /** A name, or a function of tensors. Default 'tanh'. */
  activation?: ActivationLike;
  /** Whether to add a bias. Default true. */
  useBias?: boolean;
  /** Of the weights of the inputs. Default 'glorot_uniform'. */
  kernelInitializer?: InitializerLike;
  /** Of the weights of the state. Default 'orthogonal'. */
  recurrentInitializer?: InitializerLike;
  /** Default 'zeros'. */
  biasInitializer?: InitializerLike;
  /** What the weights of the inputs cost. Default none. */
  kernelRegularizer?: RegularizerLike;
  /** What the weights of the state cost. Default none. */
  recurrentRegularizer?: RegularizerLike;
  /** What the bias costs. Default none. */
  biasRegularizer?: RegularizerLike;
  /** What the weights of the inputs are held to after every update, such as 'max_norm'. Default nothing. */
  kernelConstraint?: ConstraintLike;
  /** What the weights of the state are held to. Default nothing. */
  recurrentConstraint?: ConstraintLike;
  /** What the bias is held to. Default nothing. */
  biasConstraint?: ConstraintLike;
  /** The share of the inputs set to 0 in training, the same at every step. Default 0. */
  dropout?: number;
  /** The share of the state that its product is made without in training, the same at every step. Default 0. */
  recurrentDropout?: number;
  /** Whether to give the output of every step, `[T, units]`, instead of the last. Default false. */
  returnSequences?: boolean;
  /** Whether to give the last states too. Default false. */
  returnState?: S;
  /** Whether to begin with the last step; outputs are then in that order. Default false. */
  goBackwards?: boolean;
  /** Whether the output of a step that the mask leaves out is 0, not the one before it. Default false. */
  zeroOutputForMask?: boolean;
  /** Understood for Keras's sake: plans are compiled either way. */
  unroll?: boolean;
  /**
   * Whether a sample begins with the state that the sample at its place in the batch before ended with, in training and
   * outside of it, until `resetStates`. States are weights that are not trained: they are saved. Default false.
   */
  stateful?: boolean;
  /** With `stateful`, how many samples a batch has at most. (Keras: the first of `batch_shape`.) */
  batchSize?: number | null;
}

/** What a recurrent layer gives: with states a list, otherwise one tensor. */
export type RecurrentOutput<S extends boolean> = S extends true ? readonly Tensor[] : Tensor;

/** What differs between recurrent layers. */
export interface Cell {
  /** Added to the products of the inputs. */
  readonly bias?: Operand | undefined;
  /**
   * The states after a step; the first is its output. `h` is the first state as its product is to see it. What `keep` is
   * given need not be computed again for gradients.
   */
  step(x: Tensor, states: readonly Tensor[], h: Tensor, keep: (x: Tensor) => Tensor): readonly Tensor[];
}

/**
 * A layer over sequences `[T, features]`, alone or in a list with the states to begin with (0 by default). A step that the
 * mask leaves out keeps the states, and its output is the one before it.
 */
export abstract class Recurrent<S extends boolean = boolean> extends Layer<Several, RecurrentOutput<S>> {
  /** @internal */
  static override readonly options: OptionTable = {
    units: [undefined, whole(1)],
    activation: ['tanh', activation],
    useBias: [true, flag],
    kernelInitializer: ['glorot_uniform', initializer],
    recurrentInitializer: ['orthogonal', initializer],
    biasInitializer: ['zeros', initializer],
    kernelRegularizer: [null, regularizer],
    recurrentRegularizer: [null, regularizer],
    biasRegularizer: [null, regularizer],
    kernelConstraint: [null, constraint],
    recurrentConstraint: [null, constraint],
    biasConstraint: [null, constraint],
    dropout: [0, rate],
    recurrentDropout: [0, rate],
    returnSequences: [false, flag],
    returnState: [false, flag],
    goBackwards: [false, flag],
    zeroOutputForMask: [false, flag],
    unroll: [false, flag],
    stateful: [false, flag],
    batchSize: [null, whole(1)],
  };
  override readonly takes = 'either';
  declare readonly units: number;
  /** @internal */
  declare readonly activation: Activation;
  declare readonly useBias: boolean;
  declare readonly kernelInitializer: InitializerLike;
  declare readonly recurrentInitializer: InitializerLike;
  declare readonly biasInitializer: InitializerLike;
  declare readonly kernelRegularizer: Regularizer<object> | undefined;
  declare readonly recurrentRegularizer: Regularizer<object> | undefined;
  declare readonly biasRegularizer: Regularizer<object> | undefined;
  declare readonly kernelConstraint: Constraint<object> | undefined;
  declare readonly recurrentConstraint: Constraint<object> | undefined;
  declare readonly biasConstraint: Constraint<object> | undefined;
  declare readonly dropout: number;
  declare readonly recurrentDropout: number;
  declare readonly returnSequences: boolean;
  declare readonly returnState: S;
  declare readonly goBackwards: boolean;
  declare readonly zeroOutputForMask: boolean;
  declare readonly stateful: boolean;
  declare readonly batchSize: number | undefined;
  /** How many times as wide as the state the products are. */
  protected abstract readonly gates: number;
  /** How many states there are. */
  abstract readonly stateCount: number;
  #kernel!: Weight;
  /** @internal */
  protected recurrentKernel!: Weight;
  /** @internal */
  protected bias: Weight | undefined;
  #states: readonly Weight[] = [];

  constructor(options: RecurrentOptions<S>) {
    super(options);
    checkStateful(this);
  }

  /** The formulas, when a plan is traced. */
  protected abstract cell(): Cell;

  /** The shape of the bias. */
  protected biasShape(): number[] {
    return [this.gates * this.units];
  }

  /** What the bias begins with. */
  protected biasBegin(): InitializerLike {
    return this.biasInitializer;
  }

  override build(inputShape: SampleShape<Several>): void {
    const [first] = inputShape;
    const shape = (Array.isArray(first) ? first : inputShape) as readonly number[];
    if (shape.length !== 2) this.#refuse(`samples of shape ${shapeText(shape)}`);
    const width = this.gates * this.units;
    const [features] = shape.slice(1) as [number];
    this.#kernel = this.addWeight({
      name: 'kernel',
      shape: [features, width],
      initializer: this.kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    this.recurrentKernel = this.addWeight({
      name: 'recurrent_kernel',
      shape: [this.units, width],
      initializer: this.recurrentInitializer,
      regularizer: this.recurrentRegularizer,
      constraint: this.recurrentConstraint,
    });
    const bias = { name: 'bias', shape: this.biasShape(), initializer: this.biasBegin() };
    const { biasRegularizer: regularizer, biasConstraint: constraint } = this;
    this.bias = this.useBias ? this.addWeight({ ...bias, regularizer, constraint }) : undefined;
    this.#states = stateNames(this, this.stateCount).map((name) =>
      this.addWeight({ name, shape: [this.batchSize as number, this.units], initializer: 'zeros', trainable: false }),
    );
  }

  override call(x: Several, { training }: CallOptions): RecurrentOutput<S> {
    const [input, ...given] = listOf(x) as [Tensor, ...Tensor[]];
    if (input.shape.length !== 3) this.#refuse(String(input));
    const { outputs, states } = this.#loop(input, this.#begin(input, given), training);
    this.#states.forEach((state, i) => {
      this.assign(state, withFirstRows(state, states[i] as Tensor));
    });
    return (this.returnState ? [outputs, ...states] : outputs) as RecurrentOutput<S>;
  }

  /** That of the sequence, where every step has an output. */
  override computeMask(x: Several, y: Tensor): Tensor | undefined {
    return y.shape.length === 3 ? maskThrough(this, listOf(x)[0]?.mask) : undefined;
  }

  override async resetStates(): Promise<void> {
    for (const state of this.#states) await state.write({ data: new Float32Array(state.size), shape: state.shape });
  }

  #loop(input: Tensor, begin: readonly Tensor[], training: boolean): { outputs: Tensor; states: readonly Tensor[] } {
    const { step, products } = this.#products(input, training);
    const [first] = begin as [Tensor];
    const { recurrentDropout, name } = this;
    // One choice for all steps.
    const kept =
      training && recurrentDropout > 0
        ? dropout(fill(first.shape, 1), recurrentDropout, { name: `${name}/recurrent` })
        : undefined;
    return through(this, {
      sequence: products,
      begin,
      mask: input.mask,
      training,
      step: (entry, states, keep) => {
        const [h] = states as [Tensor];
        return step(entry, states, kept ? mul(h, kept) : h, keep);
      },
    });
  }

  /** @internal The states after one step on vectors `[B, features]`: what its cell does. */
  oneStep(x: Tensor, states: readonly Tensor[]): readonly Tensor[] {
    const { bias, step } = this.cell();
    const product = matmul(x, this.#kernel);
    return step(bias ? add(product, bias) : product, states, states[0] as Tensor, (x) => x);
  }

  // The inputs of all steps times the kernel, `[T, B, width]`; what is narrower is put in the order of steps.
  #products(input: Tensor, training: boolean): { step: Cell['step']; products: Tensor } {
    const [batch, , features] = input.shape as [Dim, number, number];
    const kept =
      training && this.dropout > 0
        ? dropout(fill([batch, 1, features], 1), this.dropout, { name: this.name })
        : undefined;
    const x = kept ? mul(input, kept) : input;
    const cell = this.cell();
    const early = features <= this.gates * this.units;
    const product = matmul(early ? transpose(x, [1, 0, 2]) : x, this.#kernel);
    const steps = early ? product : transpose(product, [1, 0, 2]);
    return { step: (...values) => cell.step(...values), products: cell.bias ? add(steps, cell.bias) : steps };
  }

  #begin(input: Tensor, given: readonly Tensor[]): readonly Tensor[] {
    const { stateCount, units } = this;
    const shape = [input.shape[0] as Dim, units];
    if (given.length === 0 && this.stateful) return this.#states.map((state) => firstRows(state, shape[0] as Dim));
    if (given.length === 0) return Array.from({ length: stateCount }, () => fill(shape, 0));
    const fits = given.length === stateCount && given.every((state) => shapeText(state.shape) === shapeText(shape));
    if (fits) return given;
    const expected = `${stateCount} states of shape ${shapeText(shape)} behind the sequence`;
    throw fail('SHAPE_MISMATCH', this.name, expected, given.join(', '));
  }

  #refuse(got: string): never {
    const hint = 'whole numbers become vectors by Embedding; Reshape adds an axis';
    throw fail('SHAPE_MISMATCH', this.name, 'sequences of vectors (batch, steps, features)', got, hint);
  }
}
