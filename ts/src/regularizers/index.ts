// What the public namespace `regularizers` holds.

import type { Regularizer } from './regularizer.js';

export { L1, L1L2, type L1L2Options, L2 } from './norms.js';
export { OrthogonalRegularizer, type OrthogonalRegularizerOptions } from './orthogonal.js';
export { Regularizer } from './regularizer.js';

/** What an option for a regularizer takes: one, its name in any spelling, its plain data, or null for none. */
export type RegularizerLike = Regularizer<object> | string | { className: string; config: unknown } | null;
