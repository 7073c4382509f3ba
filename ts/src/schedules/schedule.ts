// What all schedules share: their options checked once, configurations and encoding. Their values are computed in the core
// alone, with its own functions, so that every engine sees the same bits.

import { type Declaration, plain, readNumber, readNumbers, readOptions, readSwitch, readWord } from '../declaration.js';
import { describeValue, fail } from '../errors.js';
import type { Writer } from '../graph/writer.js';

/** The options of a schedule by their names. Schedules among them are `{ className, config }`. */
export type ScheduleConfig = Record<string, unknown>;

/** Options after they were checked: none is missing. */
export type Checked<Options> = { readonly [K in keyof Options]-?: Exclude<Options[K], undefined> };

/** How deep schedules may nest, as in the core. */
const DEPTH = 8;

/** A number that depends on the step alone. Pass one as `learningRate` or another hyper-parameter. */
export abstract class Schedule<Options extends object = object> {
  /** @internal */
  static readonly declaration: Declaration;

  readonly #declaration: Declaration;
  readonly #values: ScheduleConfig = {};

  protected constructor(declaration: Declaration, options: object) {
    this.#declaration = declaration;
    const { name, hypers, lists = [], words = {} } = declaration;
    const known = [...hypers, ...lists].map((option) => option.name);
    known.push(...Object.keys(words), ...Object.keys(declaration.options), ...this.moreOptions());
    const given = readOptions(name, withoutName(options), known);
    for (const hyper of hypers) this.#values[hyper.name] = readNumber(name, hyper, given.get(hyper.name));
    for (const list of lists) this.#values[list.name] = readNumbers(name, list, given.get(list.name));
    for (const [word, choices] of Object.entries(words)) {
      this.#values[word] = readWord(name, word, choices, given.get(word));
    }
    for (const [option, otherwise] of Object.entries(declaration.options)) {
      this.#values[option] = readSwitch(name, option, given.get(option), otherwise);
    }
    for (const option of this.moreOptions()) this.#values[option] = given.get(option);
  }

  /** The name of the class, as it stands in configurations. */
  get className(): string {
    return this.#declaration.name;
  }

  /** All options, defaults filled in: what `fromConfig` takes. Throws INVALID_VALUE for a schedule made of a function. */
  getConfig(): ScheduleConfig {
    return Object.fromEntries(Object.entries(this.#values).map(([name, value]) => [name, this.#plain(name, value)]));
  }

  /** A schedule from the options that `getConfig` returned. Keras's snake_case names are understood. */
  static fromConfig<T>(this: new (options: never) => T, config: object): T {
    return new this(config as never);
  }

  /**
   * @internal Writes the source of its numbers for the steps `first` to `first + count − 1`: here its name, the number of
   * values, values in declared order (absent ones as NaN, switches as 0 or 1).
   */
  encode(writer: Writer, first: number, count: number): void {
    const form = this.form();
    if (form !== undefined) {
      encodePart(writer, form, first, count);
      return;
    }
    const values = Object.values(this.#values);
    writer.u8(1).str(this.#declaration.name).varuint(values.length);
    for (const value of values) writer.f64(value === null ? Number.NaN : Number(value));
  }

  /** @internal How many schedules lie inside one another here, this one included. */
  depth(): number {
    const form = this.form();
    return form instanceof Schedule ? form.depth() : 1;
  }

  /** The schedule that it is another name of, where the core does not know it by its own. */
  protected form(): Schedule | number | undefined {
    return undefined;
  }

  /** Names of options that a class checks itself. */
  protected moreOptions(): readonly string[] {
    return [];
  }

  /** The checked options. */
  protected get values(): Checked<Options> {
    return this.#values as Checked<Options>;
  }

  /** Replaces an option that a class checks itself by what it made of it. */
  protected keep(name: string, value: unknown): void {
    this.#values[name] = value;
  }

  #plain(name: string, value: unknown): unknown {
    if (value instanceof Schedule) return { className: value.className, config: value.getConfig() };
    if (Array.isArray(value)) return value.map((entry) => this.#plain(name, entry));
    if (typeof value !== 'function') return value;
    throw fail('INVALID_VALUE', `${this.className}.getConfig`, 'plain data', `a function for ${name}`);
  }
}

/** Writes a number or a schedule as the part of another. */
export function encodePart(writer: Writer, part: Schedule | number, first: number, count: number): void {
  if (typeof part === 'number') writer.u8(0).f64(part);
  else part.encode(writer, first, count);
}

/** The depth of what is made of these. Throws INVALID_VALUE beyond what the core takes. */
export function depthOf(what: string, parts: readonly (Schedule | number)[]): number {
  const depth = 1 + Math.max(0, ...parts.map((part) => (typeof part === 'number' ? 0 : part.depth())));
  if (depth <= DEPTH) return depth;
  throw fail('INVALID_VALUE', what, `schedules nested at most ${DEPTH} deep`, describeValue(depth));
}

// Keras gives schedules a name, which nothing depends on.
function withoutName(options: object): object {
  if (typeof options !== 'object' || options === null) return options;
  return Object.fromEntries(Object.entries(options).filter(([key]) => plain(key) !== 'name'));
}
