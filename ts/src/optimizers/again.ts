// The step after a step on the same variables: gradients and numbers go to a run that is kept, in one message and one
// crossing. Whatever is not as it was then (other variables, hooks, a loss, a gradient of another kind) is left to
// `applyGradients`, which makes everything anew.

import type { Kept, SyncEngine } from '../engine/engine.js';
import { MAIL_HEAD } from '../engine/mail.js';
import type { Variable } from '../variable.js';
import type { GradientPair, StepReport } from './apply.js';
import type { Optimizer } from './optimizer.js';

/** Most floats that go by message: more are written where they belong at once. */
const MAX_FLOATS = 1 << 14;

/** What steps are made on. */
export interface Steps {
  readonly variables: readonly Variable[];
  /** Where their gradients lie. */
  readonly gradients: readonly Variable[];
  /** The slots of the plan. */
  readonly slots: readonly Variable[];
  /** Which gradients come from JavaScript's memory. */
  readonly given: readonly boolean[];
}

/** Steps of one optimizer on the same variables. */
export class Again {
  readonly #sync: SyncEngine;
  readonly #kept: Kept;
  readonly #variables: readonly Variable[];
  /** Gradients that are variables; undefined where they come from JavaScript's memory. */
  readonly #placed: readonly (Variable | undefined)[];
  readonly #sizes: readonly number[];
  /** How many gradients the message has. */
  readonly #count: number;
  readonly #mail: Uint8Array;
  readonly #head: Float64Array;
  readonly #gradients: Float32Array;
  readonly #hypers: Uint8Array;
  /** The numbers that the run has: those of this constancy of the optimizer's. */
  #constancy: number | undefined;

  private constructor(sync: SyncEngine, kept: Kept, { variables, gradients, slots, given }: Steps, hypers: number) {
    [this.#sync, this.#kept, this.#variables] = [sync, kept, variables];
    this.#placed = gradients.map((gradient, i) => (given[i] ? undefined : gradient));
    this.#sizes = variables.map(({ size }) => size);
    const own = gradients.filter((_, i) => given[i]);
    const start = 8 * MAIL_HEAD + 4 * own.length;
    const floats = own.reduce((sum, { size }) => sum + size, 0);
    // Twice the room, for the numbers of a later step may take more.
    const memory = new ArrayBuffer(start + 4 * floats + 2 * hypers);
    this.#count = own.length;
    this.#mail = new Uint8Array(memory);
    this.#head = new Float64Array(memory, 0, MAIL_HEAD);
    this.#gradients = new Float32Array(memory, start, floats);
    this.#hypers = new Uint8Array(memory, start + 4 * floats);
    const places = own.map((gradient) => slots.indexOf(gradient));
    new Uint32Array(memory, 8 * MAIL_HEAD, own.length).set(places);
  }

  /** For steps like the one just made. Undefined where messages would not pay. */
  static after(optimizer: Optimizer, sync: SyncEngine, keep: () => Kept, steps: Steps): Again | undefined {
    const floats = steps.variables.reduce((sum, { size }, i) => sum + (steps.given[i] ? size : 0), 0);
    if (floats > MAX_FLOATS) return undefined;
    return new Again(sync, keep(), steps, optimizer.encodeHypers(optimizer.steps, 1).length);
  }

  dispose(): void {
    this.#sync.leave(this.#kept);
  }

  /** Makes the step, if it is one like that before. */
  step(optimizer: Optimizer, pairs: readonly GradientPair[]): StepReport | undefined {
    if (!this.#take(pairs) || optimizer.hooks.any) return undefined;
    const head = this.#head;
    const { steps, constancy } = optimizer;
    head[2] = 0;
    if (constancy === undefined || constancy !== this.#constancy) {
      const hypers = optimizer.encodeHypers(steps, 1);
      if (hypers.length > this.#hypers.length) return undefined;
      this.#hypers.set(hypers);
      head[2] = hypers.length;
      this.#constancy = undefined;
    }
    head[0] = steps;
    head[1] = this.#count;
    if (!this.#sync.apply(this.#kept, this.#mail)) return undefined;
    this.#constancy = constancy;
    const skipped = head[1] === 1;
    if (!skipped) optimizer.setSteps(steps + 1);
    return {
      gradNorm: head[2] as number,
      updateNorm: head[4] as number,
      learningRate: head[3] as number,
      skipped,
    };
  }

  /** Writes the gradients into the message; false where they are others. */
  #take(pairs: readonly GradientPair[]): boolean {
    const [variables, placed, sizes, to] = [this.#variables, this.#placed, this.#sizes, this.#gradients];
    if (!Array.isArray(pairs) || pairs.length !== variables.length) return false;
    let at = 0;
    for (let i = 0; i < variables.length; i++) {
      const pair: unknown = pairs[i];
      if (!Array.isArray(pair) || pair[1] !== variables[i]) return false;
      const gradient: unknown = pair[0];
      const own = placed[i];
      if (own !== undefined) {
        if (gradient !== own) return false;
        continue;
      }
      const size = sizes[i] as number;
      if (!(gradient instanceof Float32Array) || gradient.length !== size) return false;
      if (size > 64) to.set(gradient, at);
      else for (let j = 0; j < size; j++) to[at + j] = gradient[j] as number;
      at += size;
    }
    return true;
  }
}
