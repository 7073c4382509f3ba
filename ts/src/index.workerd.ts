// The entry for workerd (Cloudflare Workers), which compiles modules that are imported and no others.

import { offerLoaders } from './engine/load.js';
import { moduleLoaders } from './engine/wasm.module.js';
import { knowAll } from './later.js';
import second from './wasm/descend.more.wasm';
import first from './wasm/descend.wasm';

offerLoaders(
  moduleLoaders(
    () => first,
    () => second,
  ),
);

// Synchronous calls need no `ready` here.
knowAll();

export * from './index.js';
