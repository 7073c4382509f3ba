// Brings what few applications need. Where it cannot be fetched, the call that asked for it is refused, and may be made again.

import { fail } from './errors.js';

/** `later.ts`. Rejects with PART_MISSING. */
export async function later(): Promise<typeof import('./later.js')> {
  return await brought(() => import('./later.js'));
}

/** What `load` imports of descend's own. Rejects with PART_MISSING. */
export async function brought<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const hint = 'serve all files that the bundler wrote; the call may be made again';
    throw fail(
      'PART_MISSING',
      'descend',
      'the part of its JavaScript that this call needs',
      String(cause),
      hint,
      cause,
    );
  }
}
