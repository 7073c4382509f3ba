// What an optimizer remembers of each variable: its pieces of state, and under which name they are saved. The same for
// `minimize`, models and `applyGradients`, so that one optimizer may serve all of them.

import { checkShape } from '../data/shape.js';
import { describeValue, fail, quote } from '../errors.js';
import type { Segment, UpdateSpec } from '../graph/encode.js';
import type { Captured, Tensor } from '../graph/tensor.js';
import { shaped, Variable } from '../variable.js';
import type { Optimizer } from './optimizer.js';

/** An optimizer's memory as plain data, by the variables' names and the state's. */
export interface StateDict {
  /** Steps made. */
  iterations: number;
  variables: Record<string, Record<string, { data: Float32Array; shape: number[] }>>;
}

/** What is kept of one variable. */
export interface Kept {
  /** The variable's name; of one without, `variable_` and how many came before. */
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
  const segments: Segment[] = pairs.map(([variable, gradient]) => {
    const { name, states } = memory.of(variable);
    return { name, variable, gradient, decay: optimizer.decays(name), states };
  });
  return { optimizer: optimizer.encode(), segments, onNonFinite: optimizer.onNonFinite };
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
  #waiting: StateDict['variables'] = {};
  #unnamed = 0;

  constructor(optimizer: Optimizer) {
    this.#optimizer = optimizer;
  }

  /** What is kept of a variable, made with the declared initial values at first. Throws DUPLICATE_NAME. */
  of(variable: Variable): Kept {
    const known = this.#kept.get(variable);
    if (known) return known;
    const what = this.#optimizer.className;
    if (variable.dtype !== 'float32') throw fail('INVALID_DTYPE', what, 'float32 variables', String(variable));
    const name = variable.name === '' ? `variable_${this.#unnamed}` : variable.name;
    const other = this.#byName.get(name);
    if (other && !other.isDisposed)
      throw fail('DUPLICATE_NAME', what, 'variables of different names', `two ${quote(name)}`);
    if (other) this.#kept.delete(other);
    const saved = this.#waiting[name];
    const states = this.#optimizer.states().map((spec) => {
      const options = { name: `${name}/${spec.name}`, dtype: 'float32', trainable: false } as const;
      const state = new Variable(spec.initial, variable.shape, options);
      if (saved) state.assign(savedState(saved, name, spec.name));
      return state;
    });
    delete this.#waiting[name];
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
    const changes: (() => void)[] = [];
    for (const [variable, { name, states }] of this.#kept) {
      const pieces = checked.variables[name];
      if (!pieces) {
        if (!strict || states.length === 0) continue;
        const hint = 'or pass { strict: false }';
        throw fail('UNKNOWN_NAME', 'loadStateDict', `state of ${quote(name)}`, 'none', hint);
      }
      for (const [i, state] of states.entries()) {
        const piece = savedState(pieces, name, names[i] as string);
        const data = shaped(piece, variable.shape, `state of ${quote(name)}`);
        changes.push(() => state.assign(data));
      }
    }
    const waiting = Object.entries(checked.variables).filter(([name]) => !this.#byName.has(name));
    const [unknown] = waiting.map(([name]) => name);
    if (strict && this.#kept.size > 0 && unknown !== undefined) {
      const hint = 'or pass { strict: false }';
      throw fail('UNKNOWN_NAME', 'loadStateDict', 'variables in use', quote(unknown), hint);
    }
    for (const change of changes) change();
    this.#waiting = Object.fromEntries(waiting);
    this.#optimizer.setIterations(checked.iterations);
  }

  *#states(): Iterable<Variable> {
    for (const { states } of this.#kept.values()) yield* states;
  }

  #dict(elements: ReadonlyMap<Variable, Variable['data']>): StateDict {
    const names = this.#optimizer.states().map(({ name }) => name);
    const variables: StateDict['variables'] = {};
    for (const [{ shape }, { name, states }] of this.#kept) {
      const piece = (state: Variable): { data: Float32Array; shape: number[] } => ({
        data: elements.get(state) as Float32Array,
        shape: [...shape],
      });
      variables[name] = Object.fromEntries(states.map((state, i) => [names[i] as string, piece(state)]));
    }
    return { iterations: this.#optimizer.iterations, variables: { ...variables, ...structuredClone(this.#waiting) } };
  }
}

function savedState(pieces: Record<string, unknown>, variable: string, state: string): Captured {
  const piece = pieces[state];
  if (typeof piece === 'object' && piece !== null) return piece as Captured;
  const got = `only ${Object.keys(pieces).map(quote).join(', ') || 'none'}`;
  throw fail('UNKNOWN_NAME', 'loadStateDict', `the state ${quote(state)} of ${quote(variable)}`, got);
}

/** A copy of what was loaded, its outer form checked. */
function checkDict(saved: unknown, what: string): StateDict {
  const { iterations, variables } = (saved ?? {}) as Partial<StateDict>;
  const whole = Number.isSafeInteger(iterations) && (iterations as number) >= 0;
  if (!whole || typeof variables !== 'object' || variables === null) {
    const expected = '{ iterations, variables } from stateDict()';
    throw fail('INVALID_VALUE', `${what}.loadStateDict`, expected, describeValue(saved));
  }
  const copies = Object.entries(variables).map(([name, pieces]) => {
    const copy = Object.entries(pieces).map(([state, piece]) => {
      const shape = checkShape(piece?.shape, `state of ${quote(name)}`);
      return [state, { data: Float32Array.from(shaped(piece, shape, `state of ${quote(name)}`)), shape }] as const;
    });
    return [name, Object.fromEntries(copy)] as const;
  });
  return { iterations: iterations as number, variables: Object.fromEntries(copies) };
}
