// What recurrent layers have in common: the products of all inputs at once, then a loop of one product per step. Refuses
// samples that are not sequences of vectors.

import { fail } from '../errors.js';
import { type Dim, shapeText } from '../graph/dims.js';
import { add, dropout, fill, matmul, mul, transpose } from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { flag, type OptionTable, whole } from '../options.js';
import { type CallOptions, listOf, type SampleShape, type Several } from './layer.js';
import { maskThrough, through } from './loop.js';
import { Recurrence, type RecurrenceOptions, type RecurrentOutput } from './recurrence.js';
import { checkStateful, firstRows, stateNames, withFirstRows } from './states.js';
import type { Weight } from './weight.js';

/** Options of every recurrent layer; with `returnState: true` it gives a list, `[outputs, ...last states]`. */
export interface RecurrentOptions<S extends boolean = boolean> extends RecurrenceOptions<S> {
  /** Number of outputs, and of each state. */
  units: number;
  /**
   * Whether a sample begins with the state that the sample at its place in the batch before ended with, in training and
   * outside of it, until `resetStates`. States are weights that are not trained: they are saved. Default false.
   */
  stateful?: boolean;
  /** With `stateful`, how many samples a batch has at most. (Keras: the first of `batch_shape`.) */
  batchSize?: number | null;
}

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
export abstract class Recurrent<S extends boolean = boolean> extends Recurrence<S> {
  /** @internal */
  static override readonly options: OptionTable = {
    units: [undefined, whole(1)],
    ...Recurrence.options,
    stateful: [false, flag],
    batchSize: [null, whole(1)],
  };
  declare readonly units: number;
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
