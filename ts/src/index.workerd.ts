// The entry for workerd (Cloudflare Workers), which compiles modules that are imported and no others.

import { useLoaders } from './engine/load.js';
import { moduleLoaders } from './engine/wasm.module.js';
import module from './wasm/descend.wasm';

useLoaders(moduleLoaders(() => module));

export * from './index.js';
