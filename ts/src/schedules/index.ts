// The schedules, and looking one up by name.

import { plain } from '../declaration.js';
import { describeValue, fail, nearest, quote } from '../errors.js';
import { SCHEDULES } from '../generated/schedules.js';
import { Schedule } from './schedule.js';

export * from '../generated/schedules.js';
export { Schedule, type ScheduleConfig } from './schedule.js';

/** A schedule in a configuration. */
export interface SerializedSchedule {
  className: string;
  config: object;
}

/** A schedule from its configuration, here or as Keras writes it: `{ className, config }` or `{ class_name, config }`. */
export function deserialize(serialized: unknown): Schedule {
  if (serialized instanceof Schedule) return serialized;
  const found = (serialized ?? {}) as { className?: unknown; class_name?: unknown; config?: unknown };
  const name = found.className ?? found.class_name;
  if (typeof name !== 'string' || typeof found.config !== 'object' || found.config === null) {
    throw fail('INVALID_VALUE', 'schedule', '{ className, config }', describeValue(serialized));
  }
  for (const schedule of SCHEDULES) {
    if (plain(schedule.declaration.name) === plain(name)) return new schedule(found.config as never);
  }
  const names = SCHEDULES.map((schedule) => schedule.declaration.name);
  const near = nearest(name, names);
  throw fail('UNKNOWN_NAME', 'schedule', names.join(', '), quote(name), near && `did you mean ${near}?`);
}
