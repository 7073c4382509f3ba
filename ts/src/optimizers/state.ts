// What an optimizer remembers of each variable: its pieces of state, and under which name they are saved. The same for
// `minimize`, models and `applyGradients`, so that one optimizer may serve all of them.

import { toArrayData } from '../data/arrays.js';
import { checkShape } from '../data/shape.js';
import type { StateSpec } from '../declaration.js';
import { describeValue, fail, quote } from '../errors.js';
import type { Segment, UpdateSpec } from '../graph/encode.js';
import type { Captured, Tensor } from '../graph/tensor.js';
import { shaped, Variable } from '../variable.js';
import type { Optimizer } from './optimizer.js';

/** An optimizer's memory as plain data, by the variables' names and the state's. */
export interface StateDict {
  /** Steps made. */
  iterations: number;
  variables: Record<string, StatePieces>;
}

/** The pieces of state of one variable, by name. */
export type StatePieces = Record<string, { data: Float32Array; shape: number[] }>;

/** What is kept of one variable. */
export interface Kept {
  /** The variable's name; of one without, `variable_` and the first number that is free. */
  readonly name: string;
  readonly states: readonly Variable[];
  /** Where gradients from JavaScript's memory go. */
  gradient: Variable | undefined;
}

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
export function updateSpec(optimizer: Optimizer, pairs: readonly (readonly [Variable, Tensor])[]): UpdateSpec {
  const memory = memoryOf(optimizer);
  memory.meet(pairs.map(([variable]) => variable));
  const segments: Segment[] = pairs.map(([variable, gradient]) => {
    const { name, states } = memory.of(variable);
    return { name, variable, gradient, decay: optimizer.decays(name), states };
  });
  const { onNonFinite, decay, maximize } = optimizer;
  return { optimizer: optimizer.encode(), segments, onNonFinite, decay, maximize };
}

/** What a step by these pairs changes: the variables and their state. */
export function changedBy(optimizer: Optimizer, variables: readonly Variable[]): Variable[] {
  return variables.flatMap((variable) => [variable, ...memoryOf(optimizer).of(variable).states]);
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
  meet(variables: readonly Variable[]): void {
    for (const variable of variables) if (variable.name !== '') this.of(variable);
    for (const variable of variables) this.of(variable);
  }

  /** What is kept of a variable, made with the declared initial values at first. Throws DUPLICATE_NAME. */
  of(variable: Variable): Kept {
    const known = this.#kept.get(variable);
    if (known) return known;
    const what = this.#optimizer.className;
    if (variable.dtype !== 'float32') throw fail('INVALID_DTYPE', what, 'float32 variables', String(variable));
    const name = variable.name === '' ? this.#freeName() : variable.name;
    const other = this.#byName.get(name);
    if (other && !other.isDisposed) {
      const hint = 'make a new optimizer, or dispose of the old variable or model';
      throw fail('DUPLICATE_NAME', what, 'variables of different names', `two ${quote(name)}`, hint);
    }
    if (other) this.#kept.delete(other);
    const saved = this.#waiting.get(name);
    const states = this.#optimizer.states().map((spec) => {
      const options = { name: `${name}/${spec.name}`, dtype: 'float32', trainable: false } as const;
      const state = new Variable(this.#optimizer.initialOf(spec), shapeOf(spec, variable.shape), options);
      if (saved) state.assign(saved[spec.name] as Captured);
      return state;
    });
    this.#waiting.delete(name);
    if (variable.name === '') this.#unnamed++;
    const kept: Kept = { name, states, gradient: undefined };
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
      kept.gradient?.dispose();
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
    const names = this.#optimizer.states().map(({ name }) => name);
    for (const [name, pieces] of checked.variables) checkStates(Object.keys(pieces), names, name);
    const changes: (() => void)[] = [];
    for (const { name, states } of this.#kept.values()) {
      const pieces = checked.variables.get(name);
      if (!pieces) {
        if (!strict || states.length === 0) continue;
        const hint = 'or pass { strict: false }';
        throw fail('UNKNOWN_NAME', 'loadStateDict', `state of ${quote(name)}`, 'none', hint);
      }
      for (const [i, state] of states.entries()) {
        const data = shaped(pieces[names[i] as string], state.shape, `state of ${quote(name)}`);
        changes.push(() => state.assign(data));
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
    this.#optimizer.setIterations(checked.iterations);
  }

  #freeName(): string {
    while (this.#byName.has(`variable_${this.#unnamed}`)) this.#unnamed++;
    return `variable_${this.#unnamed}`;
  }

  *#states(): Iterable<Variable> {
    for (const { states } of this.#kept.values()) yield* states;
  }

  #dict(elements: ReadonlyMap<Variable, Variable['data']>): StateDict {
    const names = this.#optimizer.states().map(({ name }) => name);
    const variables = new Map<string, StatePieces>();
    for (const { name, states } of this.#kept.values()) {
      const piece = (state: Variable): { data: Float32Array; shape: number[] } => ({
        data: elements.get(state) as Float32Array,
        shape: [...state.shape],
      });
      variables.set(name, Object.fromEntries(states.map((state, i) => [names[i] as string, piece(state)])));
    }
    for (const [name, pieces] of this.#waiting) variables.set(name, structuredClone(pieces));
    // fromEntries defines properties, so that no name can reach a prototype.
    return { iterations: this.#optimizer.iterations, variables: Object.fromEntries(variables) };
  }
}

/** The shape of a piece of state of a parameter. */
function shapeOf({ shape }: StateSpec, like: readonly number[]): readonly number[] {
  if (typeof shape === 'number') return [shape, 2];
  const rank = like.length;
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
    default:
      return [like.reduce((sum, size) => sum + size, 0)];
  }
}

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
