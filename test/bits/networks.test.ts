// Networks trained with dropout on images that are changed at random: the same weights and losses on every engine and with any
// number of threads. `test/browser` holds a page to the same.

import { ready } from 'descend';
import { afterAll, test } from 'vitest';
import { Committed, ENGINE, THREADS } from './committed.js';
import { hashes } from './networks.js';

const committed = new Committed('networks');

afterAll(async () => {
  await ready({ engine: ENGINE, threads: 0 });
});

test.each(THREADS)('%i threads', async (threads) => {
  await ready({ engine: ENGINE, threads });
  for (const [name, hash] of Object.entries(await hashes())) committed.expect(name, hash);
});
