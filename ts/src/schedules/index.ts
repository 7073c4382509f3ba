// The schedules, and looking one up by name.

import { plain } from '../declaration.js';
import { describeValue, fail, nearest, quote } from '../errors.js';
import { SCHEDULES } from '../generated/schedules.js';
import { knowUnits } from '../known.js';
import * as keras from './keras.js';
import * as optax from './optax.js';
import * as optaxParts from './optax-parts.js';
import { Join, Points, Product } from './parts.js';
import { Schedule } from './schedule.js';
import * as torch from './torch.js';
import * as torchParts from './torch-parts.js';

export * from '../generated/schedules.js';
export * from './keras.js';
export * from './optax.js';
export * from './optax-parts.js';
export {
  Join,
  type JoinOptions,
  type Part,
  Points,
  type PointsOptions,
  Product,
  type ProductOptions,
} from './parts.js';
export { type Checked, Schedule, type ScheduleConfig } from './schedule.js';
export * from './torch.js';
export * from './torch-parts.js';

type ScheduleClass = (new (options: never) => Schedule) & { readonly declaration: { readonly name: string } };

const modules = [keras, torch, torchParts, optax, optaxParts].flatMap((module) => Object.values(module));
const CLASSES = [...SCHEDULES, Join, Product, Points, ...modules] as unknown as readonly ScheduleClass[];

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
  for (const schedule of CLASSES) {
    if (plain(schedule.declaration.name) === plain(name)) return new schedule(found.config as never);
  }
  const names = CLASSES.map((schedule) => schedule.declaration.name);
  const near = nearest(name, names);
  throw fail('UNKNOWN_NAME', 'schedule', names.join(', '), quote(name), near && `did you mean ${near}?`);
}

knowUnits('schedule', deserialize);
