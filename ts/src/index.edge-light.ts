// The entry for edge runtimes of Vercel's kind (Next.js), where `?module` asks for a compiled module.

import { useLoaders } from './engine/load.js';
import { moduleLoaders } from './engine/wasm.module.js';
import module from './wasm/descend.wasm?module';

useLoaders(moduleLoaders(() => module));

export * from './index.js';
