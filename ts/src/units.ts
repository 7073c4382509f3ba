// Units (layers, losses, metrics, initializers …) by name and as plain data: `relu`, `SparseCategoricalCrossentropy`,
// `{ className, config }`. Names that do not exist are refused with the nearest one that does. Data from a file can
// only ever name classes that were listed here or handed to `loadModel`.

import { unknownOption } from './declaration.js';
import { type DescendError, describeValue, fail, nearest, quote } from './errors.js';

/** Options of a unit as JSON holds them. */
export type Config = Record<string, unknown>;

/** A unit as plain data. A function is `{ className: 'function', config: its name }`. */
export interface Serialized {
  className: string;
  config: unknown;
}

/** What every unit can do. */
export interface Unit {
  getConfig(): Config;
}

/** A class of units, as it is listed. */
export interface UnitClass<T> {
  readonly name: string;
  readonly className?: string;
  new (options: never): T;
}

/** Classes and functions of the user's own by name, for `loadModel`. */
export type CustomObjects = Readonly<Record<string, unknown>>;

/** The name of a class in saved models: its own `className`, else the name it was declared with. */
export function classNameOf(unit: object): string {
  const Class = unit.constructor as { readonly name: string; readonly className?: string };
  return Object.hasOwn(Class, 'className') && Class.className !== undefined ? Class.className : Class.name;
}

/** Throws INVALID_VALUE where a class stands for one of its objects: functions and classes look alike otherwise. */
export function refuseClass(value: unknown, kind: string): void {
  if (typeof value !== 'function') return;
  // Of a class, unlike of a function, `prototype` cannot be set.
  if (Object.getOwnPropertyDescriptor(value, 'prototype')?.writable !== false) return;
  const hint = `use new ${value.name || 'on it'}`;
  throw fail('INVALID_VALUE', kind, 'an object of a class', `the class ${quote(value.name)} itself`, hint);
}

/** The properties of a unit that have these names and a value: what its options were, where it keeps them so. */
export function propertiesOf(unit: object, names: readonly string[]): Config {
  const entries = names.map((name) => [name, (unit as Config)[name]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** A unit as plain data. */
export function serialize(unit: Unit): Serialized {
  return { className: classNameOf(unit), config: unit.getConfig() };
}

/** A user's function as plain data: its name. Throws INVALID_VALUE where it has none, with `hint`. */
export function serializeFunction(kind: string, fn: { readonly name: string }, hint: string): Serialized {
  if (fn.name === '') throw fail('INVALID_VALUE', kind, 'a function with a name', 'one without', hint);
  return { className: 'function', config: fn.name };
}

/** `name` as names are compared: case, `_`, `-` and spaces do not count. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/[_\-\s]/g, '');
}

/** `SparseCategoricalAccuracy` as `sparse_categorical_accuracy`, as Keras names layers and metrics. */
export function snakeCase(name: string): string {
  return name
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

// What the user handed to the `loadModel` under way; rebuilding is synchronous, so there is never more than one.
let custom: ReadonlyMap<string, unknown> = new Map();

/** Runs `fn`; names that it resolves may also be those of `objects`. */
export function withCustomObjects<T>(objects: CustomObjects, fn: () => T): T {
  const outer = custom;
  custom = new Map(Object.entries(objects));
  try {
    return fn();
  } finally {
    custom = outer;
  }
}

/** Things by name in any spelling. */
export class Names<T> {
  /** Begins messages: 'activation', 'loss'. */
  readonly kind: string;
  readonly #entries = new Map<string, { name: string; value: T }>();
  readonly #words: readonly string[];
  readonly #later: readonly string[];

  /**
   * Several names may mean one thing; `words` are known too, but to the caller; `later` says, between spaces, what is known
   * once `later.ts` is there.
   */
  constructor(
    kind: string,
    entries: Iterable<readonly [name: string, value: T]>,
    words: readonly string[] = [],
    later = '',
  ) {
    this.kind = kind;
    this.#words = words;
    this.#later = later === '' ? [] : later.split(' ');
    this.add(entries);
  }

  /** Makes more things known. */
  protected add(entries: Iterable<readonly [name: string, value: T]>): void {
    for (const [name, value] of entries) this.#entries.set(canonicalName(name), { name, value });
  }

  /** The thing of that name. Throws UNKNOWN_NAME with the nearest one, PART_MISSING where it is for `later.ts` to bring. */
  get(name: string): T {
    const entry = this.#entries.get(canonicalName(name));
    if (entry === undefined) throw this.#unknown(name);
    return entry.value;
  }

  /** The user's function that a file names. Throws UNKNOWN_NAME. */
  customFunction(name: unknown): unknown {
    const value = typeof name === 'string' ? custom.get(name) : undefined;
    if (typeof value === 'function') return value;
    const hint = 'hand it to loadModel as customObjects: { name: function }';
    throw fail('UNKNOWN_NAME', this.kind, 'a function of your own', describeValue(name), hint);
  }

  #unknown(name: string): DescendError {
    if (this.#later.some((later) => canonicalName(later) === canonicalName(name))) {
      return fail('PART_MISSING', this.kind, 'one that is at hand', quote(name), 'make it by its class');
    }
    const names = [...this.#entries.values()].map((entry) => entry.name);
    const known = [...new Set([...this.#words, ...names, ...this.#later])];
    const meant = nearest(name, known);
    const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${quote(meant)}?`;
    return fail('UNKNOWN_NAME', this.kind, 'a known name', quote(name), hint);
  }
}

/** The classes of one kind of unit. */
export class Units<T extends Unit> extends Names<UnitClass<T>> {
  readonly #Base: abstract new (
    ...args: never[]
  ) => T;

  /** `Base` is what instances of the kind are instances of; `aliases` are further names of classes, `words` as above. */
  constructor(
    kind: string,
    Base: abstract new (...args: never[]) => T,
    classes: readonly UnitClass<T>[],
    aliases: Iterable<readonly [name: string, value: UnitClass<T>]> = [],
    words: readonly string[] = [],
    later = '',
  ) {
    super(kind, aliases, words, later);
    this.#Base = Base;
    this.know(classes);
  }

  /** Makes classes known by their names, and by others. */
  know(classes: readonly UnitClass<T>[], aliases: Iterable<readonly [name: string, value: UnitClass<T>]> = []): void {
    this.add(classes.map((Class) => [Class.className ?? Class.name, Class] as const));
    this.add(aliases);
  }

  /** A unit from itself, its name or its plain data. Throws UNKNOWN_NAME, INVALID_VALUE, and what its class throws. */
  resolve(value: unknown): T {
    if (value instanceof this.#Base) return value;
    refuseClass(value, this.kind);
    if (typeof value === 'string') return fromConfig(this.get(value), {});
    if (isSerialized(value)) return fromConfig(this.#classOf(value.className), value.config as Config);
    throw fail('INVALID_VALUE', this.kind, `a name or a ${this.kind}`, describeValue(value));
  }

  #classOf(name: string): UnitClass<T> {
    const Class = custom.get(name) as { prototype?: unknown } | undefined;
    return Class?.prototype instanceof this.#Base ? (Class as UnitClass<T>) : this.get(name);
  }
}

/** A unit from its options, by its class's own `fromConfig`. */
export function fromConfig<T>(Class: UnitClass<T>, config: Config): T {
  return (Class as unknown as { fromConfig(config: Config): T }).fromConfig(config);
}

/** Whether `value` is `{ className, config }` of a class, with an object for `config`. */
export function isSerialized(value: unknown): value is Serialized {
  if (typeof value !== 'object' || value === null) return false;
  const { className, config } = value as Partial<Serialized>;
  return typeof className === 'string' && typeof config === 'object' && config !== null && !Array.isArray(config);
}

/** Whether `value` is the plain data of a function. */
export function isSerializedFunction(value: unknown): value is Serialized {
  return typeof value === 'object' && value !== null && (value as Partial<Serialized>).className === 'function';
}

/** Throws UNKNOWN_OPTION where `options` has a property not among `known`, INVALID_VALUE where it is no plain object. */
export function assertOptions(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw fail('INVALID_VALUE', what, 'an object of options', describeValue(options));
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw unknownOption(what, name, known);
  }
}
