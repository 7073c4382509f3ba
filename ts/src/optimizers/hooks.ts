// What users want to happen around every step of an optimizer, wherever it is made.

import { describeValue, fail } from '../errors.js';
import type { StepReport } from './apply.js';

/** Called before a step with the number of those made so far. */
export type BeforeStep = (steps: number) => unknown;
/** Called after a step with what it did. */
export type AfterStep = (report: StepReport, steps: number) => unknown;

/** The hooks of one optimizer. */
export class Hooks {
  readonly #before = new Set<BeforeStep>();
  readonly #after = new Set<AfterStep>();

  /** Whether there are any: then steps are made one at a time. */
  get any(): boolean {
    return this.#before.size + this.#after.size > 0;
  }

  addBefore(hook: BeforeStep, what: string): () => void {
    return added(this.#before, hook, what);
  }

  addAfter(hook: AfterStep, what: string): () => void {
    return added(this.#after, hook, what);
  }

  /** Calls them, in the order in which they were added; a promise where one of them returns one. */
  before(steps: number): unknown {
    return inTurn(this.#before, (hook) => hook(steps));
  }

  after(report: StepReport, steps: number): unknown {
    return inTurn(this.#after, (hook) => hook(report, steps));
  }
}

function added<Hook>(hooks: Set<Hook>, hook: Hook, what: string): () => void {
  if (typeof hook !== 'function') throw fail('INVALID_VALUE', what, 'a function', describeValue(hook));
  hooks.add(hook);
  return () => void hooks.delete(hook);
}

function inTurn<Hook>(hooks: ReadonlySet<Hook>, call: (hook: Hook) => unknown): unknown {
  let pending: Promise<unknown> | undefined;
  for (const hook of hooks) {
    if (pending) pending = pending.then(() => call(hook));
    else {
      const answer = call(hook);
      if (answer instanceof Promise) pending = answer;
    }
  }
  return pending;
}
