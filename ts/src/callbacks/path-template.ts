// Paths with places for numbers: `run/{epoch:02d}-{val_loss:.2f}.safetensors`. Refuses names that no log has and formats
// other than Python's for whole and fixed-point numbers.

import { fail, quote } from '../errors.js';
import type { Logs } from './hooks.js';

/** `template` with `{name}` and `{name:format}` filled in. Throws INVALID_VALUE. */
export function fillPath(template: string, values: Logs): string {
  return template.replace(/\{([^{}:]*)(?::([^{}]*))?\}/g, (place, name: string, format = '') => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    const parts = /^(0?)(\d{0,3})(?:\.(\d{1,2}))?([dfeg]?)$/.exec(format);
    if (value === undefined || parts === null) {
      const known = Object.keys(values).map((key) => `{${key}}`);
      const hint = 'formats are such as 02d, .4f and .1e';
      throw fail('INVALID_VALUE', `path ${quote(template)}`, `places among ${known.join(', ')}`, quote(place), hint);
    }
    const [, zero, width, digits, kind] = parts;
    return written(value, digits, kind).padStart(Number(width), zero ? '0' : ' ');
  });
}

function written(value: number, digits: string | undefined, kind: string | undefined): string {
  if (kind === 'd') return String(Math.trunc(value));
  if (kind === 'e') return value.toExponential(Number(digits ?? 6));
  return kind === 'f' || digits !== undefined ? value.toFixed(Number(digits ?? 6)) : String(value);
}
