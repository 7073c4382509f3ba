// How much memory a model will take: what is known of weights and optimizer, and what the engine's layout of the plan
// needs. Nothing is allocated to find out.

import { DescendError } from '../errors.js';
import { Tracer } from '../graph/trace.js';
import { boolean, wholeNumber } from '../numbers.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { statesOf } from '../optimizers/state.js';
import { engineOf } from '../slots.js';
import { assertOptions } from '../units.js';
import type { Output } from './compiled.js';
import { countOf, sizeOfShape } from './count.js';
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
  const outputs = model.resultShapes;
  const { plan, targets } = training ? traceFit(model) : { plan: tracePredict(model), targets: outputs };
  const engine = await engineOf(model.weights);
  const optimizer = training ? model.compiled('memory').optimizer : undefined;
  const copies = (optimizer?.settings.workingCopies ?? 0) * countOf(model.trainableWeights);
  const bytes = {
    parameters: FLOAT * countOf(model.weights),
    optimizer: optimizer ? stateBytesOf(optimizer, model) : 0,
    work: (await engine.measure(plan.bytes, Math.min(batchSize, samples || MAX_BATCH))) + FLOAT * copies,
    data: FLOAT * samples * [...model.inputShapes, ...targets].reduce((sum, shape) => sum + sizeOfShape(shape), 0),
  };
  return { ...bytes, total: bytes.parameters + bytes.optimizer + bytes.work + bytes.data };
}

function stateBytesOf(optimizer: Optimizer, { trainableWeights, names }: Network): number {
  const states = trainableWeights.flatMap((weight) => statesOf(optimizer, names.get(weight) as string, weight.shape));
  return states.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The plan with the targets that the losses take: such as the outputs, or one label for each row of them. */
function traceFit(model: Network): { plan: Traced; targets: readonly (readonly number[])[] } {
  const compiled = model.compiled('memory');
  const shapes = compiled.outputs.map((output, i) => {
    const shape = model.resultShapes[i] as readonly number[];
    return output.measured ? targetOf(output, shape) : undefined;
  });
  const plan = traceTrain(
    model,
    compiled,
    shapes.map((y) => ({ y })),
  );
  return { plan, targets: shapes.filter((shape) => shape !== undefined) };
}

function targetOf({ loss }: Output, shape: readonly number[]): readonly number[] {
  const tracer = new Tracer();
  try {
    tracer.run(() => loss?.apply(tracer.batch(shape, 'float32'), tracer.batch(shape, 'float32')));
    return shape;
  } catch (error) {
    if (!(error instanceof DescendError && error.code === 'SHAPE_MISMATCH')) throw error;
    return shape.slice(0, -1);
  }
}
