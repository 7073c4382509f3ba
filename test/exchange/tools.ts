// Other people's programs that read what is exported: from the cache of test/everywhere, or, with a word, not at all.

import { createRequire } from 'node:module';
import { Skip, toolFolder } from '../everywhere/tool-folder.mjs';

/** What a package exports to `require`, or undefined where it cannot be had. */
export async function tool<T>(name: string, tools: string[]): Promise<T | undefined> {
  // One process installs it; what the other engine writes is the same, and predicts the same bits.
  if (process.env.DESCEND_ENGINE !== 'native') return undefined;
  try {
    const folder = await toolFolder(tools, 120_000);
    return createRequire(`${folder}/index.js`)(name) as T;
  } catch (error) {
    if (!(error instanceof Skip)) throw error;
    console.log(`skipped: ${error.message}`);
    return undefined;
  }
}
