// The options that layers which go through sequences have in common, whatever their products are.

import type { Constraint, ConstraintLike } from '../constraints/index.js';
import type { Tensor } from '../graph/tensor.js';
import type { InitializerLike } from '../initializers/index.js';
import { flag, type OptionTable } from '../options.js';
import type { Regularizer, RegularizerLike } from '../regularizers/index.js';
import type { Activation, ActivationLike } from './activations.js';
import { Layer, type LayerOptions, type Several } from './layer.js';
import { activation, constraint, initializer, rate, regularizer } from './options.js';

/** Options of recurrent layers, with weights for the inputs and for the state. */
export interface RecurrenceOptions<S extends boolean = boolean> extends LayerOptions {
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
  /** Whether to give the output of every step, instead of the last. Default false. */
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

/** What a recurrent layer gives: with states a list, otherwise one tensor. */
export type RecurrentOutput<S extends boolean> = S extends true ? readonly Tensor[] : Tensor;

/** A layer over sequences, alone or in a list with the states to begin with. */
export abstract class Recurrence<S extends boolean = boolean> extends Layer<Several, RecurrentOutput<S>> {
  /** @internal */
  static override readonly options: OptionTable = {
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
  };
  override readonly takes = 'either';
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
}
