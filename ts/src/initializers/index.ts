// What the public namespace `initializers` holds.

import type { Initializer } from './initializer.js';

export { Constant, Ones, Zeros } from './constant.js';
export { Initializer } from './initializer.js';
export { GlorotUniform, RandomUniform } from './uniform.js';

/** What an option for an initializer takes: one, its name in any spelling, or its plain data. */
export type InitializerLike = Initializer | string | { className: string; config: unknown };
