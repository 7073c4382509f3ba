// Which layers of a model are computed again for gradients, and which of their outputs are kept.

import { currentTracer } from '../graph/trace.js';
import type { Layer } from '../layers/layer.js';

/** A layer in a model, and its use there. */
export type Use = readonly [layer: Layer, apply: () => void];

/**
 * Applies layers in order, in parts of which only what others read is kept: a layer made of layers is one, of others about
 * √n in a row are. The last part is kept as it is, for its gradients are the first.
 */
export function applyInParts(uses: readonly Use[]): void {
  const length = Math.ceil(Math.sqrt(uses.length));
  const parts: Use[][] = [];
  let full = true;
  for (const use of uses) {
    const composed = use[0].layers.length > 0;
    if (full || composed) parts.push([]);
    const part = parts.at(-1) as Use[];
    full = part.push(use) === length || composed;
  }
  const tracer = currentTracer('recompute');
  const run = (part: readonly Use[]): void => {
    for (const [, apply] of part) apply();
  };
  for (const part of parts.slice(0, -1)) tracer.again(() => run(part));
  run(parts.at(-1) ?? []);
}
