// The callbacks of a run, checked, and called one after the other.

import { describeValue, fail, nearest, quote } from '../errors.js';
import type { Network } from '../models/network.js';
import { type CallbackHooks, type CallbackParams, type CallbackState, HOOKS, type Hook, type Keeper } from './hooks.js';

const PER_BATCH: readonly Hook[] = ['onBatchBegin', 'onBatchEnd', 'onTrainBatchBegin', 'onTrainBatchEnd'];
const OTHERS = ['setModel', 'setParams', 'stateDict', 'loadStateDict'];

/** All callbacks of a run as one. */
export class CallbackList {
  readonly #callbacks: readonly CallbackHooks[];

  constructor(callbacks: unknown) {
    if (!Array.isArray(callbacks)) {
      throw fail('INVALID_VALUE', 'callbacks', 'a list of callbacks', describeValue(callbacks));
    }
    this.#callbacks = callbacks.map(checkCallback);
  }

  /** Whether any of these hooks is there to be called. */
  has(...hooks: Hook[]): boolean {
    return this.#callbacks.some((callback) => hooks.some((hook) => callback[hook] !== undefined));
  }

  /** Whether any is to be called after every step. */
  get everyStep(): boolean {
    return this.has(...PER_BATCH);
  }

  /** Those that write down where the run stands. */
  get keepers(): readonly Keeper[] {
    return this.#callbacks.flatMap(({ keeper }) => keeper ?? []);
  }

  /** Tells all of them whose run it is and what it is like. */
  async enter(model: Network, params: CallbackParams): Promise<void> {
    for (const callback of this.#callbacks) {
      await callback.setModel?.(model);
      await callback.setParams?.(params);
    }
  }

  /** Calls a hook of every callback, one after the other. */
  async call<H extends Hook>(hook: H, ...args: Parameters<NonNullable<CallbackHooks[H]>>): Promise<void> {
    for (const callback of this.#callbacks) {
      await (callback[hook] as ((...args: unknown[]) => unknown) | undefined)?.apply(callback, args);
    }
  }

  /** What each of them remembers; null where one does not. */
  states(): (CallbackState | null)[] {
    return this.#callbacks.map((callback) => callback.stateDict?.() ?? null);
  }

  /** Gives each what it remembered. */
  async loadStates(states: readonly (CallbackState | null)[]): Promise<void> {
    for (const [i, callback] of this.#callbacks.entries()) {
      const state = states[i];
      if (state) await callback.loadStateDict?.(state);
    }
  }
}

function checkCallback(callback: unknown, index: number): CallbackHooks {
  const what = `callbacks[${index}]`;
  if (typeof callback !== 'object' || callback === null) {
    throw fail('INVALID_VALUE', what, 'an object with hooks such as onEpochEnd', describeValue(callback));
  }
  const hooks = callback as Record<string, unknown>;
  for (const hook of [...HOOKS, ...OTHERS]) {
    if (hooks[hook] === undefined || typeof hooks[hook] === 'function') continue;
    throw fail('INVALID_VALUE', `${what}.${hook}`, 'a function', describeValue(hooks[hook]));
  }
  if (hooks.keeper !== undefined || HOOKS.some((hook) => hooks[hook] !== undefined)) return callback;
  const [own] = Object.keys(callback);
  const meant = own === undefined ? undefined : nearest(own, HOOKS);
  throw fail(
    'INVALID_VALUE',
    what,
    `a hook among ${HOOKS.join(', ')}`,
    own === undefined ? 'none' : quote(own),
    meant && `did you mean ${meant}?`,
  );
}
