// What a call over samples and targets visits: rows for every input and output of a model, in the order of its plan's data.

import { formatShape } from '../data/shape.js';
import { fail } from '../errors.js';
import type { Shape } from '../graph/dims.js';
import type { Compiled } from './compiled.js';
import type { Network } from './network.js';
import type { TracedWithLoss } from './plans.js';
import type { Rows } from './rows.js';
import type { SampleWeights } from './sample-weights.js';

/** Samples with what they are held against. */
export interface Samples {
  readonly inputs: readonly Rows[];
  /** For each output; none for those of which nothing is measured. */
  readonly targets: readonly (Rows | undefined)[];
  /** How much samples count, where it is not equally. */
  readonly weights: readonly (Rows | undefined)[];
}

/** Shapes of what the samples of one output are held against, without their first axis. */
export interface TargetShapes {
  readonly y: Shape | undefined;
  /** Of the samples' weights, where they have any. */
  readonly weight?: Shape | undefined;
}

/** Samples of a model that is built, with their targets. */
export function samplesOf(
  model: Network,
  inputs: readonly Rows[],
  targets: readonly (Rows | undefined)[],
  weights: SampleWeights,
): Samples {
  return { inputs, targets, weights: model.readWeights(targets, weights) };
}

/** The number of samples. */
export function countOfRows(rows: readonly Rows[]): number {
  return (rows[0] as Rows).count;
}

/** The rows that a plan with a loss is fed: inputs, then for each output its targets and their weights. */
export function rowsOfAll({ inputs, targets, weights }: Samples): Rows[] {
  const measured = targets.flatMap((y, i) => [y, weights[i]]).filter((rows) => rows !== undefined);
  return [...inputs, ...measured];
}

/** The same for a part of the samples. */
export function mapRows({ inputs, targets, weights }: Samples, change: (rows: Rows) => Rows): Samples {
  const some = (rows: Rows | undefined): Rows | undefined => rows && change(rows);
  return { inputs: inputs.map(change), targets: targets.map(some), weights: weights.map(some) };
}

/** The shapes that a plan over such samples is traced for. */
export function targetShapes({ targets, weights }: Samples): TargetShapes[] {
  return targets.map((y, i) => ({ y: y?.shape, weight: weights[i]?.shape }));
}

/** Throws SHAPE_MISMATCH unless targets and weights are of the shapes of the first batch: a plan is for those alone. */
export function assertAlike(batch: Samples, first: Samples): void {
  const shapes = (samples: Samples): string =>
    rowsOfAll({ ...samples, inputs: [] })
      .map(({ shape }) => formatShape(shape))
      .join(' and ');
  if (shapes(batch) === shapes(first)) return;
  const expected = `targets, and weights if any, of shape ${shapes(first)}, as in the first batch`;
  throw fail('SHAPE_MISMATCH', 'y', expected, shapes(batch));
}

/** Throws where a loss or a metric has no value for some target. */
export function assertTargets(model: Network, compiled: Compiled, plan: TracedWithLoss, { targets }: Samples): void {
  targets.forEach((rows, i) => {
    if (rows === undefined) return;
    const shape = model.resultShapes[i] as readonly number[];
    compiled.outputs[i]?.loss?.assertTargets(rows.array, shape);
    for (const { metric, output } of plan.measured) if (output === i) metric?.assertTargets(rows.array, shape);
  });
}
