// Long short-term memory whose products are convolutions, over sequences of images. Refuses samples of other ranks.

import { fail } from '../errors.js';
import { conv, type Padding, paddingOf, type Sizes, sizesOf } from '../graph/convolution.js';
import { B, coefOf, type Dim, makeDim, powerOf, sameShape, shapeText } from '../graph/dims.js';
import { add, dropout, fill, mul, reshape, slice, transpose } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { flag, type OptionTable, whole } from '../options.js';
import { type Config, classNameOf } from '../units.js';
import type { Activation, ActivationLike } from './activations.js';
import { axesOf, checkFormat, wordsOf } from './images.js';
import { type CallOptions, listOf, type SampleShape, type Several } from './layer.js';
import { maskThrough, swapped, through } from './loop.js';
import { ForgetBias } from './lstm.js';
import { activation } from './options.js';
import { Recurrence, type RecurrenceOptions, type RecurrentOutput } from './recurrence.js';
import type { Weight } from './weight.js';

/** Options of ConvLSTM1D, 2D and 3D; with `returnState: true` they give a list, `[outputs, h, c]`. */
export interface ConvLSTMOptions<S extends boolean = boolean> extends RecurrenceOptions<S> {
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
  /** Of the gates. Default 'sigmoid'. */
  recurrentActivation?: ActivationLike;
  /** Whether the bias of the forget gate begins at 1. Default true. */
  unitForgetBias?: boolean;
}

/** A layer over sequences `[T, …, channels]`, alone or in a list with the states to begin with (0 by default). */
export abstract class ConvLSTM<S extends boolean = boolean> extends Recurrence<S> {
  /** @internal */
  static override readonly options: OptionTable = {
    filters: [undefined, whole(1)],
    ...Recurrence.options,
    recurrentActivation: ['sigmoid', activation],
    unitForgetBias: [true, flag],
  };
  declare readonly filters: number;
  /** @internal */
  declare readonly recurrentActivation: Activation;
  declare readonly unitForgetBias: boolean;
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
