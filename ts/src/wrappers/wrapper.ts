// What all wrappers share: options checked when given, configurations, and their encoding for the core.

import { type Needs, readOptions, readSwitch, type StateSpec, type WrapperDeclaration } from '../declaration.js';
import { fail } from '../errors.js';
import type { Writer } from '../graph/writer.js';
import { encodeHyper, type HyperValue, readHyper } from '../optimizers/hyper.js';
import { Schedule } from '../schedules/schedule.js';

/**
 * Something around an optimizer's rule, given as one of its `wrappers`. One may serve several optimizers: what it
 * remembers is part of their state.
 */
export abstract class Wrapper {
  /** @internal */
  static readonly declaration: WrapperDeclaration;

  readonly #declaration: WrapperDeclaration;
  readonly #values: ReadonlyMap<string, HyperValue | null>;
  readonly #switches: ReadonlyMap<string, boolean>;

  /** @internal */
  protected constructor(declaration: WrapperDeclaration, options: object) {
    this.#declaration = declaration;
    const { name: what, hypers, options: switches } = declaration;
    const known = [...hypers.map(({ name }) => name), ...Object.keys(switches)];
    const given = readOptions(what, options, known);
    this.#values = new Map(hypers.map((hyper) => [hyper.name, readHyper(what, hyper, given.get(hyper.name))]));
    const entries = Object.entries(switches);
    this.#switches = new Map(entries.map(([name, off]) => [name, readSwitch(what, name, given.get(name), off)]));
  }

  /** The name of the class, as it stands in configurations and files. */
  get className(): string {
    return this.#declaration.name;
  }

  /** @internal Whether its numbers are the same at every step. */
  get isConstant(): boolean {
    return [...this.#values.values()].every((value) => value === null || typeof value === 'number');
  }

  /** @internal What it looks at besides gradients. */
  get needs(): Needs | undefined {
    return this.#declaration.needs;
  }

  /** All options, defaults filled in: plain data that `fromConfig` takes, also after JSON. */
  getConfig(): Record<string, unknown> {
    const plain = ([name, value]: readonly [string, HyperValue | null]): readonly [string, unknown] => {
      if (typeof value === 'function') {
        throw fail('INVALID_VALUE', `${this.className}.getConfig`, 'numbers and schedules', `a function for ${name}`);
      }
      return [name, value instanceof Schedule ? { className: value.className, config: value.getConfig() } : value];
    };
    return Object.fromEntries([...[...this.#values].map(plain), ...this.#switches]);
  }

  /** A wrapper from what `getConfig` returned. */
  static fromConfig<T>(this: new (options: never) => T, config: object): T {
    return new this(config as never);
  }

  /** @internal The state tensors that each variable needs, in order. */
  states(): StateSpec[] {
    return this.#declaration.states.filter(({ onlyIf }) => onlyIf === undefined || this.#switches.get(onlyIf) === true);
  }

  /** @internal What is fixed: name and switches. */
  encode(writer: Writer): void {
    const flags = [...this.#switches.values()];
    writer.str(this.className).varuint(flags.length);
    for (const flag of flags) writer.u8(flag ? 1 : 0);
  }

  /** @internal Its numbers of `count` updates from the `first`. */
  encodeHypers(writer: Writer, first: number, count: number): void {
    for (const hyper of this.#declaration.hypers) {
      encodeHyper(writer, this.className, hyper, this.#values.get(hyper.name) ?? null, first, count);
    }
  }
}
