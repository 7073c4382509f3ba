// How a long call is watched and ended from outside: what it prints, and the signal that aborts it.

import { describeValue, fail } from '../errors.js';
import { Progress, type Verbosity } from '../progress.js';

/** 0 silent; 1 or 'auto' a live line on a terminal, else plain lines; 2 always plain lines. */
export type Verbose = Verbosity | 'auto';

/** The progress line that `verbose` asks for. Throws INVALID_VALUE. */
export function progressOf(verbose: Verbose): Progress {
  if ([0, 1, 2, 'auto'].includes(verbose)) return new Progress({ verbose: verbose === 'auto' ? 1 : verbose });
  throw fail('INVALID_VALUE', 'verbose', "0, 1, 2 or 'auto'", describeValue(verbose));
}

/** `signal` itself, if it is one. Throws INVALID_VALUE. */
export function checkSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw fail('INVALID_VALUE', 'signal', 'an AbortSignal', describeValue(signal));
}
