// webpack in production mode, without further configuration.
import { inChromium } from '../browsers.mjs';
import { serving } from '../serve.mjs';

export const tools = ['webpack'];

export async function* run({ project, skippable }) {
  const { default: webpack } = (await project.import('webpack')).all;
  const output = { path: project.path('dist'), publicPath: '/' };
  const options = { mode: 'production', context: project.folder, entry: './entry.mjs', output };
  const stats = await new Promise((resolve, reject) =>
    webpack(options, (error, done) => (error ? reject(error) : resolve(done))),
  );
  if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
  const page = { folder: project.path('dist'), script: '/main.js' };
  yield ['webpack', await skippable(() => serving(page, inChromium)), 'wasm'];
}
