// The callbacks of a run, checked, and called one after the other.

import { describeValue, fail, nearest, quote } from '../errors.js';
import { type CallbackHooks, HOOKS, type Hook } from './hooks.js';

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

  /** Calls a hook of every callback, one after the other. */
  async call<H extends Hook>(hook: H, ...args: Parameters<NonNullable<CallbackHooks[H]>>): Promise<void> {
    for (const callback of this.#callbacks) {
      await (callback[hook] as ((...args: unknown[]) => unknown) | undefined)?.apply(callback, args);
    }
  }
}

function checkCallback(callback: unknown, index: number): CallbackHooks {
  const what = `callbacks[${index}]`;
  if (typeof callback !== 'object' || callback === null) {
    throw fail('INVALID_VALUE', what, 'an object with hooks such as onEpochEnd', describeValue(callback));
  }
  const hooks = callback as Record<string, unknown>;
  for (const hook of HOOKS) {
    if (hooks[hook] === undefined || typeof hooks[hook] === 'function') continue;
    throw fail('INVALID_VALUE', `${what}.${hook}`, 'a function', describeValue(hooks[hook]));
  }
  if (HOOKS.some((hook) => hooks[hook] !== undefined)) return callback;
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
