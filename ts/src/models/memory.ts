// How much memory a model will take: what is known of weights and optimizer, and what the engine's layout of the plan
// needs. Nothing is allocated to find out.

import { DescendError } from '../errors.js';
import { boolean, wholeNumber } from '../numbers.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { statesOf } from '../optimizers/state.js';
import { engineOf } from '../slots.js';
import { assertOptions } from '../units.js';
import type { Variable } from '../variable.js';
import { countOf } from './count.js';
import type { Network } from './network.js';
import { type Traced, tracePredict, traceTrain } from './plans.js';

/** Options of `memory`. */
export interface MemoryOptions {
  /** As `fit` or `predict` will be given. Default 32. */
  batchSize?: number;
  /** How many samples they will be given, counted as float32; of bytes a quarter is needed. Default 0: without data. */
  samples?: number;
  /** Whether for `fit`, else for `predict`. Default: whether the model is compiled. */
  training?: boolean;
}

/** Bytes in the engine. */
export interface MemoryEstimate {
  /** The weights. */
  parameters: number;
  /** What the optimizer remembers of them. */
  optimizer: number;
  /** Activations, gradients and scratch of one batch: what the plan works in. */
  work: number;
  /** Samples with their targets, or with their outputs. */
  data: number;
  total: number;
}

const FLOAT = 4;
/** No batch is larger: one with a number per sample would be refused. */
const MAX_BATCH = 2 ** 31 - 1;

/** `model.memory`. */
export async function estimate(model: Network, options: MemoryOptions): Promise<MemoryEstimate> {
  assertOptions('memory', options, ['batchSize', 'samples', 'training']);
  const batchSize = wholeNumber(options.batchSize ?? 32, 'batchSize', 1);
  const samples = wholeNumber(options.samples ?? 0, 'samples', 0);
  const training = boolean(options.training ?? model.compiledOrNone !== undefined, 'training');
  const outputs = model.outputShapes.at(-1) ?? [];
  const { plan, target } = training ? traceFit(model, outputs) : { plan: tracePredict(model), target: outputs };
  const engine = await engineOf(model.weights);
  const optimizer = training ? model.compiled('memory').optimizer : undefined;
  const bytes = {
    parameters: FLOAT * countOf(model.weights),
    optimizer: optimizer ? stateBytesOf(optimizer, model.trainableWeights) : 0,
    work: await engine.measure(plan.bytes, Math.min(batchSize, samples || MAX_BATCH)),
    data: FLOAT * samples * (sizeOf(model.inputShape) + sizeOf(target)),
  };
  return { ...bytes, total: bytes.parameters + bytes.optimizer + bytes.work + bytes.data };
}

function stateBytesOf(optimizer: Optimizer, weights: readonly Variable[]): number {
  const states = weights.flatMap(({ name, shape }) => statesOf(optimizer, name, shape));
  return states.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The plan with the targets that the loss takes: such as the outputs, or one label for each row of them. */
function traceFit(model: Network, outputs: readonly number[]): { plan: Traced; target: readonly number[] } {
  const compiled = model.compiled('memory');
  try {
    return { plan: traceTrain(model, compiled, { y: outputs }), target: outputs };
  } catch (error) {
    if (!(error instanceof DescendError && error.code === 'SHAPE_MISMATCH')) throw error;
    const target = outputs.slice(0, -1);
    return { plan: traceTrain(model, compiled, { y: target }), target };
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
