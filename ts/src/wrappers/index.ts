// The wrappers, and making one again from its configuration.

import { plain } from '../declaration.js';
import { describeValue, fail, nearest, quote } from '../errors.js';
import { WRAPPERS } from '../generated/wrappers.js';
import { Wrapper } from './wrapper.js';

export * from '../generated/wrappers.js';
export { Wrapper } from './wrapper.js';

/** A wrapper in a configuration. */
export interface SerializedWrapper {
  className: string;
  config: object;
}

/** A wrapper from its name with default options, from a configuration, or the wrapper itself. */
export function get(identifier: string | Wrapper | SerializedWrapper): Wrapper {
  if (identifier instanceof Wrapper) return identifier;
  if (typeof identifier === 'string') return new (find(identifier))();
  const { className, config } = (identifier ?? {}) as { className?: unknown; config?: unknown };
  if (typeof className === 'string' && typeof config === 'object' && config !== null) {
    return find(className).fromConfig(config);
  }
  const got = describeValue(identifier);
  throw fail('INVALID_VALUE', 'wrapper', 'a name, a wrapper or { className, config }', got);
}

function find(name: string): (typeof WRAPPERS)[number] {
  const found = WRAPPERS.find(({ declaration }) => plain(declaration.name) === plain(name));
  if (found) return found;
  const names = WRAPPERS.map(({ declaration }) => declaration.name);
  const near = nearest(name, names);
  throw fail('UNKNOWN_NAME', 'wrapper', names.join(', '), quote(name), near && `did you mean ${near}?`);
}
