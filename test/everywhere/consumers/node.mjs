// Node: the native addon, WASM by choice, WASM for want of the addon, and `require`. The first is what all the others
// are held against.
export const tools = [];

export async function* run({ project, bare }) {
  yield ['Node, native', await project.node(['entry.mjs']), 'native'];
  yield ['Node, WASM', await project.node(['entry.mjs'], { DESCEND_ENGINE: 'wasm' }), 'wasm'];
  project.write(
    'required.cjs',
    `const descend = require('descend');
     const { report, train } = require('./train.mjs');
     report(train(descend));`,
  );
  yield ['Node, require()', await project.node(['required.cjs']), 'native'];
  const { folder } = await bare();
  const result = JSON.parse(await project.run(process.execPath, [`${folder}/entry.mjs`]));
  if (!/Cannot find module/.test(result.fallbackReason)) throw new Error(`fallbackReason: ${result.fallbackReason}`);
  yield ['Node, addon not installed', JSON.stringify(result), 'wasm'];
}
