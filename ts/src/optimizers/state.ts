// What an optimizer remembers of each variable: its pieces of state, and under which name they are saved. The same for
// `minimize`, models and `applyGradients`, so that one optimizer may serve all of them.

import { toArrayData } from '../data/arrays.js';
import { checkShape, elementCount } from '../data/shape.js';
import type { StateSpec } from '../declaration.js';
import { describeValue, fail, quote } from '../errors.js';
import type { Segment, UpdatePart, UpdateSpec } from '../graph/encode.js';
import type { Captured, Tensor } from '../graph/tensor.js';
import { Writer } from '../graph/writer.js';
import { Variable } from '../variable.js';
import { CodedState, changeTo, numbersOf, STATE_DTYPES, shapeOfState, stateBytes } from './coded.js';
import type { Optimizer } from './optimizer.js';
import type { RowsKept } from './rows.js';

/** An optimizer's memory as plain data, by the variables' names and the state's. */
export interface StateDict {
  /** Steps made; where several make one update, also those that only added up gradients. */
  iterations: number;
  variables: Record<string, StatePieces>;
}

/** The pieces of state of one variable, by name. */
export type StatePieces = Record<string, { data: Float32Array; shape: number[] }>;

/** What is kept of one variable. */
export interface Kept {
  /** The variable's name; of one without, `variable_` and the first number that is free. */
  readonly name: string;
  /** The part of the optimizer that it belongs to; frozen ones to none. */
  readonly part: Optimizer | undefined;
  readonly states: readonly Variable[];
  /** Where gradients from JavaScript's memory go. */
  gradient: Variable | undefined;
  curvature?: Variable | undefined;
  /** What is evaluated in its place, where that is something else. */
  evaluated: Variable | undefined;
  /** The same for those of rows. */
  readonly rows: RowsKept;
}

/** The longest side of a square of state, as in the core. */
const LONGEST_SIDE = 4096;

const memories = new WeakMap<Optimizer, Memory>();

/** The memory of an optimizer. */
export function memoryOf(optimizer: Optimizer): Memory {
  let memory = memories.get(optimizer);
  if (!memory) {
    memory = new Memory(optimizer);
    memories.set(optimizer, memory);
  }
  return memory;
}

/** The optimizer's part of a plan: each variable with its gradient. */
export function updateSpec(
  optimizer: Optimizer,
  pairs: readonly (readonly [Variable, Tensor])[],
  curvature: ReadonlyMap<Variable, Tensor> = new Map(),
): UpdateSpec {
  const memory = memoryOf(optimizer);
  memory.meet(pairs.map(([variable]) => variable));
  const segments = new Map<Optimizer | undefined, Segment[]>();
  for (const [variable, gradient] of pairs) {
    const { name, states, part } = memory.of(variable);
    const [decay, vector] = [part?.decays(name) ?? false, part?.asVector(name) ?? false];
    const segment: Segment = { name, variable, gradient, curvature: curvature.get(variable), decay, vector, states };
    const others = segments.get(part);
    if (others) others.push(segment);
    else segments.set(part, [segment]);
  }
  const writer = new Writer();
  optimizer.around.encode(writer);
  const around = writer.finish();
  const parts = optimizer.parts.map((part): UpdatePart => {
    const { onNonFinite, decay, maximize, lazy } = part;
    const joined = optimizer.joins(part);
    return {
      optimizer: part.encode(),
      stateDtype: STATE_DTYPES.indexOf(part.stateDtype),
      lazy,
      segments: segments.get(part) ?? [],
      onNonFinite,
      decay,
      maximize,
      around,
      joined,
    };
  });
  const constraints = pairs.flatMap(([variable]) => {
    const { constraint } = variable;
    return constraint && memory.of(variable).part ? [[variable, constraint] as const] : [];
  });
  return { parts, measures: optimizer.around.measures, constraints };
}

/** What a step by these pairs changes: the variables and their state. */
export function changedBy(optimizer: Optimizer, variables: readonly Variable[]): Variable[] {
  return variables.flatMap((variable) => {
    const { part, states } = memoryOf(optimizer).of(variable);
    return part ? [variable, ...states] : [];
  });
}

/** State by variable. */
export class Memory {
  readonly #optimizer: Optimizer;
  readonly #kept = new Map<Variable, Kept>();
  readonly #byName = new Map<string, Variable>();
  /** Loaded state of variables that were not seen yet. */
  #waiting: Map<string, StatePieces> = new Map();
  #unnamed = 0;

  constructor(optimizer: Optimizer) {
    this.#optimizer = optimizer;
  }

  /** `of` for several: those with names first, so that no number is taken that is part of a name. */
  meet(variables: readonly Variable[], names: ReadonlyMap<Variable, string> = new Map()): void {
    for (const variable of variables) if (variable.name !== '') this.of(variable, names.get(variable));
    for (const variable of variables) this.of(variable);
  }

  /** The name that a variable is known by, if it is. */
  nameOf(variable: Variable): string | undefined {
    return this.#kept.get(variable)?.name;
  }

  /** What is kept of a variable, made with the declared initial values at first. Throws DUPLICATE_NAME. */
  of(variable: Variable, called: string = variable.name): Kept {
    const known = this.#kept.get(variable);
    if (known) return known;
    const what = this.#optimizer.className;
    if (variable.dtype !== 'float32') throw fail('INVALID_DTYPE', what, 'float32 variables', String(variable));
    const name = called === '' ? this.#freeName() : called;
    const other = this.#byName.get(name);
    if (other && !other.isDisposed) {
      const hint = 'make a new optimizer, or dispose of the old variable or model';
      throw fail('DUPLICATE_NAME', what, 'variables of different names', `two ${quote(name)}`, hint);
    }
    if (other) this.#kept.delete(other);
    const saved = this.#waiting.get(name);
    const part = this.#optimizer.partOf(name);
    const states = this.#specs(name).map((spec) => {
      const [rule, own, shape] = [part as Optimizer, `${name}/${spec.name}`, shapeOf(spec, variable.shape, part, name)];
      const state: Variable = spec.dtype
        ? new CodedState(rule.settings.initialOf(spec), shape, spec.dtype, own)
        : new Variable(initialOf(rule, spec), shape, { name: own, dtype: 'float32', trainable: false });
      if (saved) changeTo(state, saved[spec.name] as Captured, `state of ${quote(name)}`)();
      return state;
    });
    this.#waiting.delete(name);
    if (called === '') this.#unnamed++;
    const rows = { indices: undefined, values: undefined };
    const kept: Kept = { name, part, states, gradient: undefined, rows, evaluated: undefined };
    this.#kept.set(variable, kept);
    this.#byName.set(name, variable);
    return kept;
  }

  /** Frees what is kept of variables that are given up. */
  forget(variables: Iterable<Variable>): void {
    for (const variable of variables) {
      const kept = this.#kept.get(variable);
      if (kept === undefined) continue;
      for (const state of kept.states) state.dispose();
      for (const given of [kept.gradient, kept.curvature, kept.evaluated, kept.rows.indices, kept.rows.values])
        given?.dispose();
      this.#kept.delete(variable);
      this.#byName.delete(kept.name);
    }
  }

  /** A copy of everything, from a synchronous read of each state. */
  dict(): StateDict {
    return this.#dict(new Map([...this.#states()].map((state) => [state, state.data])));
  }

  /** The same on any engine. */
  async read(): Promise<StateDict> {
    const elements = new Map<Variable, Variable['data']>();
    for (const state of this.#states()) elements.set(state, await state.read());
    return this.#dict(elements);
  }

  /**
   * Takes over what `dict` gave. State of variables not used yet waits for them. With `strict`, variables already in use
   * and those of `saved` must be the same. All or nothing: a refusal leaves everything as it was.
   */
  load(saved: StateDict, strict: boolean): void {
    const checked = checkDict(saved, this.#optimizer.className);
    for (const [name, pieces] of checked.variables) checkStates(Object.keys(pieces), this.#names(name), name);
    const changes: (() => void)[] = [];
    for (const { name, states } of this.#kept.values()) {
      const pieces = checked.variables.get(name);
      if (!pieces) {
        if (!strict || states.length === 0) continue;
        const hint = 'or pass { strict: false }';
        throw fail('UNKNOWN_NAME', 'loadStateDict', `state of ${quote(name)}`, 'none', hint);
      }
      const names = this.#names(name);
      for (const [i, state] of states.entries()) {
        changes.push(changeTo(state, pieces[names[i] as string] as Captured, `state of ${quote(name)}`));
      }
    }
    const waiting = [...checked.variables].filter(([name]) => !this.#byName.has(name));
    const [unknown] = waiting.map(([name]) => name);
    if (strict && this.#kept.size > 0 && unknown !== undefined) {
      const hint = 'or pass { strict: false }';
      throw fail('UNKNOWN_NAME', 'loadStateDict', 'variables in use', quote(unknown), hint);
    }
    for (const change of changes) change();
    this.#waiting = new Map(waiting);
    this.#optimizer.setSteps(checked.iterations);
  }

  /** What is kept of the variable of this name. */
  #specs(name: string): StateSpec[] {
    return this.#optimizer.partOf(name)?.states(this.#optimizer.around) ?? [];
  }

  #names(variable: string): string[] {
    return this.#specs(variable).map(({ name }) => name);
  }

  #freeName(): string {
    while (this.#byName.has(`variable_${this.#unnamed}`)) this.#unnamed++;
    return `variable_${this.#unnamed}`;
  }

  *#states(): Iterable<Variable> {
    for (const { states } of this.#kept.values()) yield* states;
  }

  #dict(elements: ReadonlyMap<Variable, Variable['data']>): StateDict {
    const variables = new Map<string, StatePieces>();
    for (const { name, states } of this.#kept.values()) {
      const piece = (state: Variable): { data: Float32Array; shape: number[] } => ({
        data: numbersOf(state, elements.get(state) as Variable['data']),
        shape: [...shapeOfState(state)],
      });
      const names = this.#names(name);
      variables.set(name, Object.fromEntries(states.map((state, i) => [names[i] as string, piece(state)])));
    }
    for (const [name, pieces] of this.#waiting) variables.set(name, structuredClone(pieces));
    // fromEntries defines properties, so that no name can reach a prototype.
    return { iterations: this.#optimizer.steps, variables: Object.fromEntries(variables) };
  }
}

/** What a piece of state starts with. Numbers are pairs; only the first of them starts with anything. */
function initialOf(part: Optimizer, spec: StateSpec): number | Float32Array {
  const value = part.settings.initialOf(spec);
  if (typeof spec.shape !== 'number' || value === 0) return value;
  const numbers = new Float32Array(2 * spec.shape);
  numbers[0] = value;
  return numbers;
}

/** The pieces of state that an optimizer keeps of a variable of this name and shape. */
export function statesOf(
  optimizer: Optimizer,
  name: string,
  shape: readonly number[],
): { name: string; shape: number[]; bytes: number }[] {
  const part = optimizer.partOf(name);
  const specs = part?.states(optimizer.around) ?? [];
  return specs.map((spec) => {
    const own = [...shapeOf(spec, shape, part, name)];
    return { name: spec.name, shape: own, bytes: stateBytes(spec.dtype ?? 'float32', elementCount(own, spec.name)) };
  });
}

/** The shape of a piece of state of a parameter of this name, which may be taken for a vector. */
function shapeOf(
  { shape }: StateSpec,
  like: readonly number[],
  part: Optimizer | undefined,
  name: string,
): readonly number[] {
  if (typeof shape === 'number') return [shape, 2];
  if (typeof shape === 'object') return [part?.settings.countOf(shape.times) ?? 0, ...like];
  const vector = part?.asVector(name) ?? false;
  const rank = vector ? 1 : like.length;
  switch (shape) {
    case undefined:
      return like;
    case 'rows':
      return rank < 2 ? [0] : like.slice(0, -1);
    case 'columns':
      return rank < 2 ? [0] : [...like.slice(0, -2), ...like.slice(-1)];
    case 'unfactored':
      return rank < 2 ? like : [0];
    case 'unmatrixed':
      return rank === 2 ? [0] : like;
    case 'leftSquare':
      return rank < 2 ? [0] : square(product(like.slice(0, -1)));
    case 'rightSquare':
      return rank < 2 ? [0] : square(like.at(-1) as number);
    default:
      return [vector ? product(like) : like.reduce((sum, size) => sum + size, 0)];
  }
}

const product = (shape: readonly number[]): number => shape.reduce((total, size) => total * size, 1);
const square = (side: number): number[] => (side > LONGEST_SIDE ? [0] : [side, side]);

/** Throws UNKNOWN_NAME unless a variable's saved state is that which the optimizer keeps. */
function checkStates(saved: readonly string[], kept: readonly string[], variable: string): void {
  if (saved.length === kept.length && kept.every((name) => saved.includes(name))) return;
  const [expected, got] = [kept, saved].map((names) => names.map(quote).join(', ') || 'none') as [string, string];
  const hint = 'it was saved by an optimizer of another class or with other options';
  throw fail('UNKNOWN_NAME', `loadStateDict: state of ${quote(variable)}`, expected, got, hint);
}

/** A copy of what was loaded, its outer form checked. */
function checkDict(saved: unknown, what: string): { iterations: number; variables: Map<string, StatePieces> } {
  const { iterations, variables } = (saved ?? {}) as Partial<StateDict>;
  const whole = Number.isSafeInteger(iterations) && (iterations as number) >= 0;
  if (!whole || !isObject(variables)) {
    const expected = '{ iterations, variables } from stateDict()';
    throw fail('INVALID_VALUE', `${what}.loadStateDict`, expected, describeValue(saved));
  }
  const copies = Object.entries(variables).map(([name, pieces]) => [name, copyOf(pieces, name)] as const);
  return { iterations: iterations as number, variables: new Map(copies) };
}

function copyOf(pieces: unknown, variable: string): StatePieces {
  const what = `loadStateDict: state of ${quote(variable)}`;
  if (!isObject(pieces)) throw fail('INVALID_VALUE', what, 'an object of states', describeValue(pieces));
  const copies = Object.entries(pieces).map(([state, piece]) => {
    const { data, shape } = (piece ?? {}) as { data?: unknown; shape?: unknown };
    if (!ArrayBuffer.isView(data) && !Array.isArray(data)) {
      const hint = 'JSON makes objects of typed arrays: save Array.from(data)';
      throw fail('INVALID_VALUE', `${what}: ${quote(state)}: data`, 'an array', describeValue(data), hint);
    }
    const checked = checkShape(shape, what);
    return [state, { data: flatCopy(data, checked, what), shape: checked }] as const;
  });
  return Object.fromEntries(copies);
}

function flatCopy(data: unknown, shape: readonly number[], what: string): Float32Array {
  return Float32Array.from(toArrayData(data, what, shape).data);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
