// Next.js, without configuration but for where the project is: a route in Node, a client page, an edge route.
import { spawn } from 'node:child_process';
import { inChromium } from '../browsers.mjs';

export const tools = ['next', 'react', 'react-dom'];

const ROUTE = `
  import * as descend from 'descend';
  import { train } from '../../train.mjs';
  export const dynamic = 'force-dynamic';
  export const GET = async () => Response.json(await train(descend));`;
const FILES = {
  'app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>;',
  'app/node/route.js': ROUTE,
  'app/edge/route.js': `${ROUTE}\n  export const runtime = 'edge';`,
  'app/page.js': `'use client';
    import { useEffect } from 'react';
    import * as descend from 'descend';
    import { report, train } from '../train.mjs';
    export default function Page() {
      useEffect(() => void report(train(descend)), []);
      return <p>training</p>;
    }`,
};

export async function* run({ project, skippable }) {
  for (const [name, text] of Object.entries(FILES)) project.write(name, text);
  const root = JSON.stringify(project.toolFolder);
  project.write('next.config.mjs', `export default { turbopack: { root: ${root} } };`);
  const next = `${project.toolFolder}/node_modules/next/dist/bin/next`;
  const env = { NEXT_TELEMETRY_DISABLED: '1' };
  await project.node([next, 'build'], env);

  const parameters = [next, 'start', '--port', '0', '--hostname', '127.0.0.1'];
  const server = spawn(process.execPath, parameters, { cwd: project.folder, env: { ...process.env, ...env } });
  try {
    const url = await addressOf(server);
    yield ['Next.js, Node route', await textOf(`${url}/node`), 'native'];
    yield ['Next.js, page in Chromium', await skippable(() => inChromium(url)), 'wasm'];
    yield ['Next.js, edge route', await textOf(`${url}/edge`), 'wasm'];
  } finally {
    server.kill();
  }
}

const textOf = async (url) => (await fetch(url)).text();

function addressOf(server) {
  return new Promise((resolve, reject) => {
    let text = '';
    server.stdout.on('data', (more) => {
      text += more;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text);
      if (found && /Ready/.test(text)) resolve(found[0]);
    });
    server.on('exit', () => reject(new Error(`next start ended: ${text}`)));
  });
}
