// Long short-term memory whose products are convolutions, over sequences of images. Refuses samples of other ranks.

import type { Constraint, ConstraintLike } from '../constraints/index.js';
import { fail } from '../errors.js';
import { conv, type Padding, paddingOf, type Sizes, sizesOf } from '../graph/convolution.js';
import { B, coefOf, type Dim, makeDim, powerOf, sameShape, shapeText } from '../graph/dims.js';
import { add, dropout, fill, mul, reshape, slice, transpose } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { flag, type OptionTable, whole } from '../options.js';
import type { Regularizer, RegularizerLike } from '../regularizers/index.js';
import { type Config, classNameOf } from '../units.js';
import type { Activation, ActivationLike } from './activations.js';
import { axesOf, checkFormat, wordsOf } from './images.js';
import { type CallOptions, Layer, type LayerOptions, listOf, type SampleShape, type Several } from './layer.js';
import { maskThrough, swapped, through } from './loop.js';
import { ForgetBias } from './lstm.js';
import { activation, constraint, initializer, rate, regularizer } from './options.js';
import type { RecurrentOutput } from './recurrent.js';
import type { Weight } from './weight.js';

/** Options of ConvLSTM1D, 2D and 3D; with `returnState: true` they give a list, `[outputs, h, c]`. */
export interface ConvLSTMOptions<S extends boolean = boolean> extends LayerOptions {
  /** Number of outputs of each place, and of each state. */
  filters: number;
  /** The size of the window: a number for all axes, or one for each. */
  kernelSize: Sizes;
  /** How far the window over the inputs moves. Default 1. */
  strides?: Sizes;
  /** Of the inputs; that of the states is always 'same'. Default 'valid'. */
  padding?: Padding;
  /** The distance of the taps of the kernel of the inputs. Default 1. */
  dilationRate?: Sizes;
  /** Only 'channels_last'. */
  dataFormat?: 'channels_last';
  /** A name, or a function of tensors. Default 'tanh'. */
  activation?: ActivationLike;
  /** Of the gates. Default 'sigmoid'. */
  recurrentActivation?: ActivationLike;
  /** Whether to add a bias. Default true. */
  useBias?: boolean;
  /** Of the kernel of the inputs. Default 'glorot_uniform'. */
  kernelInitializer?: InitializerLike;
  /** Of the kernel of the state. Default 'orthogonal'. */
  recurrentInitializer?: InitializerLike;
  /** Default 'zeros'. */
  biasInitializer?: InitializerLike;
  /** Whether the bias of the forget gate begins at 1. Default true. */
  unitForgetBias?: boolean;
  /** What the kernel of the inputs costs. Default none. */
  kernelRegularizer?: RegularizerLike;
  /** What the kernel of the state costs. Default none. */
  recurrentRegularizer?: RegularizerLike;
  /** What the bias costs. Default none. */
  biasRegularizer?: RegularizerLike;
  /** What the kernel of the inputs is held to. Default nothing. */
  kernelConstraint?: ConstraintLike;
  /** What the kernel of the state is held to. Default nothing. */
  recurrentConstraint?: ConstraintLike;
  /** What the bias is held to. Default nothing. */
  biasConstraint?: ConstraintLike;
  /** The share of the inputs set to 0 in training, the same at every step. Default 0. */
  dropout?: number;
  /** The share of the state that its convolution is made without in training, the same at every step. Default 0. */
  recurrentDropout?: number;
  /** Whether to give the output of every step instead of the last. Default false. */
  returnSequences?: boolean;
  /** Whether to give the last states too. Default false. */
  returnState?: S;
  /** Whether to begin with the last step; outputs are then in that order. Default false. */
  goBackwards?: boolean;
  /** Whether the output of a step that the mask leaves out is 0, not the one before it. Default false. */
  zeroOutputForMask?: boolean;
  /** Understood for Keras's sake: plans are compiled either way. */
  unroll?: boolean;
}

/** A layer over sequences `[T, …, channels]`, alone or in a list with the states to begin with (0 by default). */
export abstract class ConvLSTM<S extends boolean = boolean> extends Layer<Several, RecurrentOutput<S>> {
  /** @internal */
  static override readonly options: OptionTable = {
    filters: [undefined, whole(1)],
    activation: ['tanh', activation],
    recurrentActivation: ['sigmoid', activation],
    useBias: [true, flag],
    kernelInitializer: ['glorot_uniform', initializer],
    recurrentInitializer: ['orthogonal', initializer],
    biasInitializer: ['zeros', initializer],
    unitForgetBias: [true, flag],
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
  };
  override readonly takes = 'either';
  declare readonly filters: number;
  /** @internal */
  declare readonly activation: Activation;
  /** @internal */
  declare readonly recurrentActivation: Activation;
  declare readonly useBias: boolean;
  declare readonly kernelInitializer: InitializerLike;
  declare readonly recurrentInitializer: InitializerLike;
  declare readonly biasInitializer: InitializerLike;
  declare readonly unitForgetBias: boolean;
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
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dilationRate: readonly number[];
  #kernel!: Weight;
  #recurrentKernel!: Weight;
  #bias: Weight | undefined;

  constructor(options: ConvLSTMOptions<S>) {
    super(options, ['kernelSize', 'strides', 'padding', 'dilationRate', 'dataFormat']);
    const [what, axes] = [classNameOf(this), axesOf(this)];
    checkFormat(options.dataFormat, what);
    this.kernelSize = sizesOf(options.kernelSize, axes, 1, `${what} kernelSize`);
    this.strides = sizesOf(options.strides ?? 1, axes, 1, `${what} strides`);
    this.dilationRate = sizesOf(options.dilationRate ?? 1, axes, 1, `${what} dilationRate`);
    this.padding = paddingOf(options.padding ?? 'valid', axes, `${what} padding`);
  }

  override build(inputShape: SampleShape<Several>): void {
    const [first] = inputShape;
    const shape = (Array.isArray(first) ? first : inputShape) as readonly number[];
    this.#check([B, ...shape]);
    const { filters, kernelSize, kernelInitializer, recurrentInitializer, biasInitializer } = this;
    this.#kernel = this.addWeight({
      name: 'kernel',
      shape: [...kernelSize, shape.at(-1) as number, 4 * filters],
      initializer: kernelInitializer,
      regularizer: this.kernelRegularizer,
      constraint: this.kernelConstraint,
    });
    this.#recurrentKernel = this.addWeight({
      name: 'recurrent_kernel',
      shape: [...kernelSize, filters, 4 * filters],
      initializer: recurrentInitializer,
      regularizer: this.recurrentRegularizer,
      constraint: this.recurrentConstraint,
    });
    const begin = this.unitForgetBias ? new ForgetBias({ others: biasInitializer }) : biasInitializer;
    const { biasRegularizer: regularizer, biasConstraint: constraint } = this;
    const bias = { name: 'bias', shape: [4 * filters], initializer: begin, regularizer, constraint };
    this.#bias = this.useBias ? this.addWeight(bias) : undefined;
  }

  override call(x: Several, { training }: CallOptions): RecurrentOutput<S> {
    const [input, ...given] = listOf(x) as [Tensor, ...Tensor[]];
    this.#check(input.shape);
    const sequence = this.#products(input, training);
    const state = [...sequence.shape.slice(1, -1), this.filters];
    const begin = given.length > 0 ? given : [fill(state, 0), fill(state, 0)];
    if (begin.length !== 2 || !begin.every(({ shape }) => sameShape(shape, state))) {
      const expected = `2 states of shape ${shapeText(state)} behind the sequence`;
      throw fail('SHAPE_MISMATCH', this.name, expected, given.join(', '));
    }
    const kept = training ? this.#mask(this.recurrentDropout, state, '/recurrent') : undefined;
    const { outputs, states } = through(this, {
      sequence,
      begin,
      mask: input.mask,
      training,
      step: (z, [h, c], keep) => this.#step(z, kept ? mul(h as Tensor, kept) : (h as Tensor), c as Tensor, keep),
    });
    return (this.returnState ? [outputs, ...states] : outputs) as RecurrentOutput<S>;
  }

  /** That of the sequence, where every step has an output. */
  override computeMask(x: Several): Tensor | undefined {
    return maskThrough(this, listOf(x)[0]?.mask);
  }

  // The convolutions of all steps' inputs, `[T, B, …, 4 · filters]`.
  #products(input: Tensor, training: boolean): Tensor {
    const [batch, steps, ...sizes] = input.shape as [Dim, number, ...number[]];
    const kept = training ? this.#mask(this.dropout, [batch, 1, ...sizes], '') : undefined;
    const images = reshape(kept ? mul(input, kept) : input, [makeDim(coefOf(batch) * steps, powerOf(batch)), ...sizes]);
    const { strides, padding, dilationRate } = this;
    const product = conv(images, this.#kernel, { strides, padding, dilationRate });
    const all = reshape(this.#bias ? add(product, this.#bias) : product, [batch, steps, ...product.shape.slice(1)]);
    return transpose(all, swapped(all));
  }

  #step(z: Tensor, h: Tensor, c: Tensor, keep: (x: Tensor) => Tensor): readonly Tensor[] {
    const { filters, activation, recurrentActivation } = this;
    const sum = add(z, conv(h, this.#recurrentKernel, { padding: 'same' }));
    const part = (i: number): Tensor => slice(sum, { axis: -1, start: i * filters, length: filters });
    const gate = (i: number): Tensor => keep(recurrentActivation.apply(part(i)));
    const [i, f, o] = [gate(0), gate(1), gate(3)];
    const next = add(mul(f, c), mul(i, keep(activation.apply(part(2)))));
    return [mul(o, keep(activation.apply(next))), next];
  }

  #mask(share: number, shape: readonly Dim[], name: string): Tensor | undefined {
    return share > 0 ? dropout(fill(shape, 1), share, { name: `${this.name}${name}` }) : undefined;
  }

  #check(shape: readonly Dim[]): void {
    const axes = axesOf(this);
    if (shape.length === axes + 3 && shape.slice(1).every((size) => typeof size === 'number')) return;
    const words = ['batch', 'steps', ...wordsOf(axes, 'rows'), 'channels'].join(', ');
    const hint = `sequences of ${axes === 1 ? 'rows' : 'images'}; Reshape adds an axis`;
    throw fail('SHAPE_MISMATCH', this.name, `rank ${axes + 3} (${words})`, shapeText(shape), hint);
  }

  override getConfig(): Config {
    const { kernelSize, strides, padding, dilationRate } = this;
    const lists = { kernelSize: [...kernelSize], strides: [...strides], dilationRate: [...dilationRate] };
    return { ...super.getConfig(), ...lists, padding };
  }
}

/**
 * LSTM over sequences of rows `[T, size, channels]`, with convolutions for products: gates in Keras's order i, f, c, o.
 * Shi et al. 2015, https://arxiv.org/abs/1506.04214 (without its peepholes, as in Keras)
 */
export class ConvLSTM1D<S extends boolean = false> extends ConvLSTM<S> {
  static override readonly className: string = 'ConvLSTM1D';
  static readonly axes: number = 1;
}

/** The same over sequences of images, `[T, height, width, channels]`. */
export class ConvLSTM2D<S extends boolean = false> extends ConvLSTM<S> {
  static override readonly className: string = 'ConvLSTM2D';
  static readonly axes: number = 2;
}

/** The same over sequences of volumes, `[T, depth, height, width, channels]`. */
export class ConvLSTM3D<S extends boolean = false> extends ConvLSTM<S> {
  static override readonly className: string = 'ConvLSTM3D';
  static readonly axes: number = 3;
}
