// The last line around readers of other people's files: whatever they throw comes out as a DescendError.

import { DescendError, describeValue, fail } from '../errors.js';

/** What `read` gives. Throws what it throws, but FILE_FORMAT for what is no DescendError. */
export async function guarded<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof DescendError) throw cause;
    const got = cause instanceof Error ? cause.message : describeValue(cause);
    throw fail('FILE_FORMAT', `reading ${what}`, 'a well-formed file', got.slice(0, 120), undefined, cause);
  }
}
