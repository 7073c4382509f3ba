// Which options an optimizer has, and those of them that are numbers, checked.

import { type Hyper, type OptimizerDeclaration, readOptions } from '../declaration.js';
import { describeValue, fail } from '../errors.js';
import { AROUND } from './around.js';
import { type HyperValue, readHyper } from './hyper.js';

const COMMON = [
  ...['name', 'excludeFromWeightDecay', 'onNonFinite', 'maximize', 'weightDecayMode', 'parity', 'groups'],
  ...['stateDtype', 'lazy'],
  ...AROUND,
];
const CLIPS = ['clipnorm', 'clipvalue', 'globalClipnorm'];

/** Names of the options that are no numbers. */
export function otherNames(declaration: OptimizerDeclaration): string[] {
  return [...Object.keys(declaration.options), ...COMMON, ...shapeNames(declaration)];
}

/** Of those to which the axes of a parameter mean something. */
export function shapeNames({ states }: OptimizerDeclaration): string[] {
  return states.some(({ shape }) => typeof shape === 'string') ? ['excludeLayers'] : [];
}

/** The options given, all of which must be numbers. */
export function readNumbers(
  what: string,
  hypers: readonly Hyper[],
  declaration: OptimizerDeclaration,
  options: object,
): Map<string, unknown> {
  const given = readOptions(what, options, [...hypers.map(({ name }) => name), ...otherNames(declaration)]);
  for (const name of given.keys()) {
    if (hypers.some((hyper) => hyper.name === name)) continue;
    const expected = 'options that are numbers';
    throw fail('INVALID_VALUE', what, expected, name, 'it is fixed when the optimizer is made');
  }
  return given;
}

/** The value of each number. At most one may clip. */
export function readHypers(
  declaration: OptimizerDeclaration,
  hypers: readonly Hyper[],
  given: ReadonlyMap<string, unknown>,
): Map<string, HyperValue | null> {
  const what = declaration.name;
  const values = new Map(hypers.map((hyper) => [hyper.name, readHyper(what, hyper, given.get(hyper.name))]));
  const clips = CLIPS.filter((clip) => values.get(clip) !== null);
  if (clips.length > 1) throw fail('INVALID_VALUE', what, `at most one of ${CLIPS.join(', ')}`, clips.join(' and '));
  const other = [...CLIPS, 'weightDecay'].find((name) => (values.get(name) ?? null) !== null);
  if (declaration.needs !== 'evaluations' || other === undefined) return values;
  const hint = 'it looks for the minimum of the loss as it is: make a penalty part of that';
  throw fail('INVALID_VALUE', `${what}: ${other}`, 'it to be off', describeValue(values.get(other)), hint);
}
