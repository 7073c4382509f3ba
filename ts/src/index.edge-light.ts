// The entry for edge runtimes of Vercel's kind (Next.js), where `?module` asks for a compiled module.

import { offerLoaders } from './engine/load.js';
import { moduleLoaders } from './engine/wasm.module.js';
import { knowAll } from './later.js';
import second from './wasm/descend.more.wasm?module';
import first from './wasm/descend.wasm?module';

offerLoaders(
  moduleLoaders(
    () => first,
    () => second,
  ),
);

// Synchronous calls need no `ready` here.
knowAll();

export * from './index.js';
