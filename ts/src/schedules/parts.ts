// What other schedules are made of: several in turn, several multiplied, a curve through points, a function.

import type { Declaration } from '../declaration.js';
import { inRange } from '../declaration.js';
import { describeValue, fail } from '../errors.js';
import type { Writer } from '../graph/writer.js';
import { unitOf } from '../known.js';
import { depthOf, encodePart, Schedule } from './schedule.js';

/** A number or a schedule, also as `{ className, config }`. */
export type Part = number | Schedule | { readonly className: string; readonly config: object };

/** Options of {@link Join}. */
export interface JoinOptions {
  /** Numbers and schedules, one after the other; each counts its steps from 0. */
  schedules: readonly Part[];
  /** The steps at which the second and later ones begin: whole numbers that rise. */
  boundaries: readonly number[];
}

/** One schedule after another, each from a step of its own on, which is its step 0. Optax's `join_schedules`. */
export class Join extends Schedule<JoinOptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'Join',
    hypers: [],
    options: {},
    lists: [{ name: 'boundaries', range: '[1, Infinity)', whole: true, rises: true }],
  };

  readonly #parts: readonly (Schedule | number)[];

  constructor(options: JoinOptions) {
    super(Join.declaration, options);
    this.#parts = readParts('Join', 'schedules', this.values.schedules);
    this.keep('schedules', this.#parts);
    const expected = `${this.#parts.length - 1} boundaries`;
    const got = this.values.boundaries.length;
    if (got !== this.#parts.length - 1) throw fail('INVALID_VALUE', 'Join', expected, String(got));
  }

  override encode(writer: Writer, first: number, count: number): void {
    const starts = [0, ...this.values.boundaries];
    writer.u8(3).varuint(starts.length);
    for (const [i, part] of this.#parts.entries()) {
      const start = starts[i] as number;
      writer.varuint(start);
      // Of its own steps, those that the coming ones can be.
      const from = Math.max(0, first - start);
      encodePart(writer, part, from, Math.max(0, first + count - start - from));
    }
  }

  override depth(): number {
    return depthOf('Join', this.#parts);
  }

  protected override moreOptions(): readonly string[] {
    return ['schedules'];
  }
}

/** Options of {@link Product}. */
export interface ProductOptions {
  /** Numbers and schedules. */
  schedules: readonly Part[];
}

/** Several schedules multiplied. */
export class Product extends Schedule<ProductOptions> {
  /** @internal */
  static override readonly declaration: Declaration = { name: 'Product', hypers: [], options: {} };

  readonly #parts: readonly (Schedule | number)[];

  constructor(options: ProductOptions) {
    super(Product.declaration, options);
    this.#parts = readParts('Product', 'schedules', this.values.schedules);
    this.keep('schedules', this.#parts);
  }

  override encode(writer: Writer, first: number, count: number): void {
    writer.u8(4).varuint(this.#parts.length);
    for (const part of this.#parts) encodePart(writer, part, first, count);
  }

  override depth(): number {
    return depthOf('Product', this.#parts);
  }

  protected override moreOptions(): readonly string[] {
    return ['schedules'];
  }
}

/** Options of {@link Points}. */
export interface PointsOptions {
  /** Where the points lie: steps that rise, not necessarily whole. */
  steps: readonly number[];
  /** The value at each. */
  values: readonly number[];
  /** What lies between: straight lines, or half a cosine each. Unless given: `'linear'`. */
  curve?: 'linear' | 'cosine' | undefined;
}

/** A curve through points. Before the first and after the last its value stays. */
export class Points extends Schedule<PointsOptions> {
  /** @internal */
  static override readonly declaration: Declaration = {
    name: 'Points',
    hypers: [],
    options: {},
    lists: [
      { name: 'steps', range: '(-Infinity, Infinity)', rises: true },
      { name: 'values', range: '(-Infinity, Infinity)' },
    ],
    words: { curve: ['linear', 'cosine'] },
  };

  constructor(options: PointsOptions) {
    super(Points.declaration, options);
    const [steps, values] = this.#lists();
    if (steps.length > 0 && steps.length === values.length) return;
    throw fail('INVALID_VALUE', 'Points', 'a value for each step', `${values.length} for ${steps.length}`);
  }

  override encode(writer: Writer): void {
    const [steps, values] = this.#lists();
    writer.u8(5).u8(this.values.curve === 'cosine' ? 1 : 0);
    writer.varuint(steps.length);
    for (const [i, step] of steps.entries()) writer.f64(step).f64(values[i] as number);
  }

  #lists(): [readonly number[], readonly number[]] {
    return [this.values.steps, this.values.values];
  }
}

/** A function of the step as a schedule, to be a part of others. It cannot be saved. */
export class FunctionSchedule extends Schedule<{ function: (step: number) => number }> {
  /** @internal */
  static override readonly declaration: Declaration = { name: 'FunctionSchedule', hypers: [], options: {} };

  readonly #fn: (step: number) => number;

  constructor(options: { function: (step: number) => number }) {
    super(FunctionSchedule.declaration, options);
    this.#fn = readFunction('FunctionSchedule', 'function', this.values.function);
  }

  override encode(writer: Writer, first: number, count: number): void {
    writer.u8(2).varuint(first).varuint(count);
    for (let step = first; step < first + count; step++) {
      const number: unknown = this.#fn(step);
      if (typeof number !== 'number' || !inRange('(-Infinity, Infinity)', number)) {
        throw fail('INVALID_VALUE', `schedule at step ${step}`, 'a finite number', describeValue(number));
      }
      writer.f64(number);
    }
  }

  protected override moreOptions(): readonly string[] {
    return ['function'];
  }
}

/** The function given for an option. */
export function readFunction(what: string, name: string, given: unknown): (step: number) => number {
  if (typeof given === 'function') return given as (step: number) => number;
  throw fail('INVALID_VALUE', `${what}: ${name}`, 'a function of the step', describeValue(given));
}

/** The parts given, schedules made of configurations. */
export function readParts(what: string, name: string, given: unknown): readonly (Schedule | number)[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw fail('INVALID_VALUE', `${what}: ${name}`, 'a list of schedules', describeValue(given));
  }
  const parts = given.map((part: unknown) => {
    if (typeof part === 'number' && Number.isFinite(part)) return part;
    return unitOf('schedule', part, what);
  });
  depthOf(what, parts);
  return parts;
}
