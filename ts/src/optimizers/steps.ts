// Steps by hand, `applyGradients`, as far as they are at hand: models train without them. They come with what makes
// variables or gradients (`variable`, `valueAndGrad` …), and with `ready`, which synchronous calls await where descend is
// fetched.

import { fail } from '../errors.js';
import { localEngineOf } from '../slots.js';
import type { applyGradients } from './apply.js';

let known: typeof applyGradients | undefined;

/** From now on steps are made by `apply`. */
export function knowSteps(apply: typeof applyGradients): void {
  known = apply;
}

/** What makes steps. Throws NOT_READY, NEEDS_LOCAL_ENGINE. */
export function steps(): typeof applyGradients {
  if (known) return known;
  localEngineOf([]);
  throw fail('NOT_READY', 'applyGradients', 'what it needs loaded', 'a part of it', 'await ready() first');
}
