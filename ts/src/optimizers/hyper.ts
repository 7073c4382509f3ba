// A hyper-parameter of an optimizer: a number, a schedule of the core, or a function whose values are taken beforehand
// for the steps of a chunk. Nothing calls back from the core.

import { type Hyper, inRange, readNumber } from '../declaration.js';
import { describeValue, fail } from '../errors.js';
import type { Writer } from '../graph/writer.js';
import { unitOf } from '../known.js';
import { Schedule } from '../schedules/schedule.js';
import { refuseClass } from '../units.js';

/** A number, or how it depends on the step (the first is 0): a schedule, or a function of the step. */
export type HyperValue = number | Schedule | ((step: number) => number);

/** What was given for `hyper`, its default, or null where it is off. Values of functions are checked when taken. */
export function readHyper(what: string, hyper: Hyper, given: unknown): HyperValue | null {
  if (given instanceof Schedule) return given;
  if (typeof given === 'object' && given !== null) return unitOf('schedule', given, `${what}: ${hyper.name}`);
  refuseClass(given, `${what}: ${hyper.name}`);
  if (typeof given === 'function') return given as (step: number) => number;
  return readNumber(what, hyper, given);
}

/** Writes the source of a number for the steps `first` to `first + count − 1`. */
export function encodeHyper(
  writer: Writer,
  what: string,
  hyper: Hyper,
  value: HyperValue | null,
  first: number,
  count: number,
): void {
  if (value instanceof Schedule) {
    value.encode(writer, first, count);
  } else if (typeof value === 'function') {
    writer.u8(2).varuint(first).varuint(count);
    for (let step = first; step < first + count; step++) {
      const number: unknown = value(step);
      if (typeof number !== 'number' || !inRange(hyper.range, number)) {
        const where = `${what}: ${hyper.name} of step ${step}`;
        throw fail('INVALID_VALUE', where, `a number in ${hyper.range}`, describeValue(number));
      }
      writer.f64(number);
    }
  } else {
    writer.u8(0).f64(value ?? Number.NaN);
  }
}
