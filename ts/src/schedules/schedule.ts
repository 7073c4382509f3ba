// What all schedules share: their numbers checked once, configurations and encoding. Their values are computed in the core
// alone, with its own functions, so that every engine sees the same bits.

import { type Declaration, plain, readNumber, readOptions, readSwitch } from '../declaration.js';
import type { Writer } from '../graph/writer.js';

/** The numbers and switches of a schedule, by their option names. */
export type ScheduleConfig = Record<string, number | boolean | null>;

/** A number that depends on the step alone. Pass one as `learningRate` or another hyper-parameter. */
export abstract class Schedule {
  /** @internal */
  static readonly declaration: Declaration;

  readonly #declaration: Declaration;
  readonly #values: ScheduleConfig = {};

  protected constructor(declaration: Declaration, options: object) {
    this.#declaration = declaration;
    const { name, hypers } = declaration;
    const switches = Object.entries(declaration.options);
    const known = [...hypers.map((hyper) => hyper.name), ...switches.map(([option]) => option)];
    const given = readOptions(name, withoutName(options), known);
    for (const hyper of hypers) this.#values[hyper.name] = readNumber(name, hyper, given.get(hyper.name));
    for (const [option, otherwise] of switches) {
      this.#values[option] = readSwitch(name, option, given.get(option), otherwise);
    }
  }

  /** The name of the class, as it stands in configurations. */
  get className(): string {
    return this.#declaration.name;
  }

  /** All options, defaults filled in: what `fromConfig` takes. */
  getConfig(): ScheduleConfig {
    return { ...this.#values };
  }

  /** A schedule from the options that `getConfig` returned. Keras's snake_case names are understood. */
  static fromConfig<T>(this: new (options: never) => T, config: object): T {
    return new this(config as never);
  }

  /** @internal Name, number of values, values in declared order: absent ones as NaN, switches as 0 or 1. */
  encode(writer: Writer): void {
    const values = Object.values(this.#values);
    writer.str(this.#declaration.name).varuint(values.length);
    for (const value of values) writer.f64(value === null ? Number.NaN : Number(value));
  }
}

// Keras gives schedules a name, which nothing depends on.
function withoutName(options: object): object {
  if (typeof options !== 'object' || options === null) return options;
  return Object.fromEntries(Object.entries(options).filter(([key]) => plain(key) !== 'name'));
}
