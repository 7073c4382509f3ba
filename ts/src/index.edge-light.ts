// The entry for edge runtimes of Vercel's kind (Next.js), where `?module` asks for a compiled module.

import { useLoaders } from './engine/load.js';
import { moduleLoaders } from './engine/wasm.module.js';
import second from './wasm/descend.more.wasm?module';
import first from './wasm/descend.wasm?module';

useLoaders(
  moduleLoaders(
    () => first,
    () => second,
  ),
);

export * from './index.js';
