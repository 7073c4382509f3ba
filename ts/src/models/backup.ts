// A run of fit as the bytes of one file: weights, the optimizer's state and numbers, where the run stands, and what its
// callbacks remember. Refuses files of other runs before it changes anything; contains no code.

import { describeValue, fail, quote } from '../errors.js';
import type { SafeTensor } from '../io/safetensors.js';
import { readSealed, writeSealed } from '../io/sealed.js';
import { wholeNumber } from '../numbers.js';
import { CodedState, shapeOfState } from '../optimizers/coded.js';
import type { Optimizer } from '../optimizers/index.js';
import { memoryOf, statesOf } from '../optimizers/state.js';
import type { Variable } from '../variable.js';
import { addState, stateName, weightTensors } from './encode.js';
import type { Network } from './network.js';
import type { Position } from './position.js';
import type { Run, Standing, Terms } from './standing.js';
import { takeTensor } from './weights-file.js';

const VERSION = 1;

interface Description {
  version: number;
  /** How many backups the run had made. */
  generation: number;
  seed: number;
  position: Position;
  iterations: number;
  /** The optimizer's numbers, which callbacks may have changed. */
  numbers: Record<string, number>;
  terms: Terms;
  standing: Standing;
  callbacks: (Record<string, unknown> | null)[];
}

/** A run as bytes. */
export async function encodeBackup(run: Run, generation: number): Promise<Uint8Array<ArrayBuffer>> {
  const { model, compiled, terms } = run;
  const { optimizer } = compiled;
  const tensors = await weightTensors(model);
  await addState(tensors, model, optimizer);
  const callbacks = run.callbacks.states().map((state, i) => state && withoutArrays(state, i, tensors));
  const description: Description = {
    version: VERSION,
    generation,
    seed: model.seed,
    position: model.position,
    iterations: optimizer.steps,
    numbers: optimizer.settings.numbers(),
    terms,
    standing: run.standing(),
    callbacks,
  };
  const metadata = new Map([
    ['format', 'descend'],
    ['backup', JSON.stringify(description, writeNumber)],
  ]);
  return writeSealed(tensors, metadata);
}

/** A backup whose bytes are whole. */
export interface Backup {
  readonly generation: number;
  /** Puts model, optimizer, callbacks and run back to where they stood. Throws INVALID_VALUE, FILE_FORMAT. */
  restore(run: Run): Promise<void>;
}

/** The backup in a file's bytes; `name` is how messages call it. Throws FILE_FORMAT. */
export function decodeBackup(bytes: Uint8Array, name: string): Backup {
  const { tensors, metadata } = readSealed(bytes, name);
  const text = metadata.get('backup');
  if (text === undefined || !metadata.has('checksum')) {
    throw fail('FILE_FORMAT', `reading ${name}`, 'a backup of a run', 'other tensors');
  }
  const description = parse(text, name);
  const generation = wholeNumber(description.generation, 'generation', 0);
  return { generation, restore: (run) => restore(run, description, new Map(tensors), name) };
}

function parse(text: string, name: string): Description {
  let description: Description;
  try {
    description = JSON.parse(text, readNumber);
  } catch (cause) {
    throw fail('FILE_FORMAT', `reading ${name}`, 'a description in JSON', 'other text', undefined, cause);
  }
  const { version, position, numbers, terms, standing, callbacks } = description ?? {};
  if (version !== VERSION) {
    const got = describeValue(version);
    throw fail('FILE_FORMAT', `reading ${name}`, `a backup of version ${VERSION}`, got, 'update descend?');
  }
  const parts: unknown[] = [position, numbers, terms, standing];
  if (parts.every((part) => typeof part === 'object' && part !== null) && Array.isArray(callbacks)) return description;
  throw fail('FILE_FORMAT', `reading ${name}`, 'a whole description', 'one without some of its parts');
}

async function restore(run: Run, saved: Description, tensors: Map<string, SafeTensor>, name: string): Promise<void> {
  assertTerms(run.terms, saved.terms, name);
  const { model, compiled } = run;
  const { optimizer } = compiled;
  const writes = [...weightWrites(model, tensors), ...stateWrites(model, optimizer, tensors)];
  const callbacks = saved.callbacks.map((state, i) => state && withArrays(state, i, tensors));
  const [extra] = tensors.keys();
  if (extra !== undefined) {
    throw fail('FILE_FORMAT', `reading ${name}`, 'tensors of this model', `${quote(extra)} besides`, BEGIN_ANEW);
  }
  for (const [variable, data] of writes) {
    if (variable instanceof CodedState) await variable.writeNumbers(data);
    else await variable.write({ data, shape: variable.shape });
  }
  optimizer.set(changed(optimizer.settings.numbers(), saved.numbers));
  optimizer.setSteps(saved.iterations);
  model.reseed(saved.seed);
  model.position = saved.position;
  await run.callbacks.loadStates(callbacks);
  run.resume(saved.standing);
}

const BEGIN_ANEW = 'remove the backup to begin anew';

function assertTerms(terms: Terms, saved: Terms, name: string): void {
  for (const key of Object.keys(terms) as (keyof Terms)[]) {
    if (saved[key] === terms[key]) continue;
    const expected = `${key} ${saved[key]}, as when it was written`;
    throw fail('INVALID_VALUE', `resuming from ${name}`, expected, String(terms[key]), BEGIN_ANEW);
  }
}

type Write = readonly [variable: Variable, data: Float32Array];

function weightWrites(model: Network, tensors: Map<string, SafeTensor>): Write[] {
  return [...model.names].map(([weight, name]) => [weight, takeTensor(tensors, name, weight.shape)]);
}

function stateWrites(model: Network, optimizer: Optimizer, tensors: Map<string, SafeTensor>): Write[] {
  const all = model.names;
  return model.trainableWeights.flatMap((weight) => {
    const own = all.get(weight) as string;
    const names = statesOf(optimizer, own, weight.shape).map(({ name }) => stateName(own, name));
    const { states } = memoryOf(optimizer).of(weight);
    return states.map((state, i): Write => [state, takeTensor(tensors, names[i] as string, shapeOfState(state))]);
  });
}

// Numbers on which the kind of state depends are as they were made, and must not be set.
function changed(now: Record<string, number>, then: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(then).filter(([name, value]) => name in now && now[name] !== value));
}

function withoutArrays(state: Record<string, unknown>, i: number, tensors: Map<string, SafeTensor>) {
  const entries = Object.entries(state).map(([key, data]) => {
    if (!(data instanceof Float32Array)) return [key, data];
    tensors.set(arrayName(i, key), { dtype: 'F32', shape: [data.length], data });
    return [key, { array: data.length }];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function withArrays(state: Record<string, unknown>, i: number, tensors: Map<string, SafeTensor>) {
  const entries = Object.entries(state).map(([key, value]) => {
    const length = (value as { array?: unknown } | null)?.array;
    return [key, typeof length === 'number' ? takeTensor(tensors, arrayName(i, key), [length]) : value];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function arrayName(callback: number, key: string): string {
  return `callback:${callback}:${key}`;
}

// JSON has no words for numbers that are not finite.
function writeNumber(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? { number: String(value) } : value;
}

function readNumber(_: string, value: unknown): unknown {
  const { number } = (value ?? {}) as { number?: unknown };
  return typeof number === 'string' ? Number(number) : value;
}
