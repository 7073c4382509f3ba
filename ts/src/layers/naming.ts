// Names of layers: they end up in names of weights and in files. Refuses signs that have a meaning there, and names twice.

import { describeValue, fail, quote } from '../errors.js';
import { classNameOf, snakeCase } from '../units.js';

/** What can be named. */
interface Named {
  readonly name: string;
  readonly isUnnamed: boolean;
  giveName(name: string): void;
}

/** A name of letters, digits and a few signs. Throws INVALID_VALUE. */
export function checkName(name: unknown, what: string): string {
  if (typeof name === 'string' && /^[\w][\w.\- ]{0,127}$/u.test(name)) return name;
  const expected = 'a name of letters, digits, _, -, . and spaces, at most 128';
  throw fail('INVALID_VALUE', what, expected, describeValue(name));
}

/**
 * Adds the name of `layer` to those that are taken. Of one without, as Keras names it: its class in snake_case, with a
 * number where that is taken or `reserved` for a layer still to come. Throws DUPLICATE_NAME.
 */
export function nameLayer(layer: Named, taken: Set<string>, reserved: ReadonlySet<string>, what: string): void {
  if (!layer.isUnnamed && taken.has(layer.name)) {
    throw fail('DUPLICATE_NAME', what, 'layers of different names', `${quote(layer.name)} twice`);
  }
  if (layer.isUnnamed) {
    const base = snakeCase(classNameOf(layer));
    let name = base;
    for (let i = 1; taken.has(name) || reserved.has(name); i++) name = `${base}_${i}`;
    layer.giveName(name);
  }
  taken.add(layer.name);
}

/** The names that layers were given, for those without to keep away from. */
export function givenNames(layers: readonly Named[]): Set<string> {
  return new Set(layers.filter((layer) => !layer.isUnnamed).map(({ name }) => name));
}
