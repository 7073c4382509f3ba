// Serves this repository's files and one page that imports the package to a browser under test, on a free local port.
// TypeScript goes out as JavaScript, so that one module of a test runs here and there. Answers nothing outside the
// repository.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = new URL('../../', import.meta.url);
const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.ts': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.html': 'text/html',
  '.css': 'text/css',
};

declare global {
  /** In the page, the package as a page without a bundler imports it. */
  var descend: typeof import('descend');
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>descend</title><link rel="icon" href="data:,">
<script type="importmap">{ "imports": { "descend": "/dist/index.browser.js" } }</script>
<script type="module">import * as descend from 'descend'; globalThis.descend = descend;</script>`;

async function contents(path: string): Promise<string | Buffer> {
  if (!path.endsWith('.ts')) return await readFile(path);
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  return ts.transpileModule(await readFile(path, 'utf8'), { compilerOptions }).outputText;
}

/** A running server. */
export interface Server {
  /** The address of the page. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a server. With `isolated`, pages may use SharedArrayBuffer (COOP and COEP headers). */
export async function serve({ isolated = false } = {}): Promise<Server> {
  const isolation = isolated
    ? { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }
    : {};
  const server = createServer(async (request, response) => {
    // URL resolves every `..` before the root is put in front.
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/') {
      response.writeHead(200, { 'content-type': 'text/html', ...isolation }).end(PAGE);
      return;
    }
    try {
      const body = await contents(fileURLToPath(new URL(`.${pathname}`, ROOT)));
      const type = TYPES[extname(pathname)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store', ...isolation }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
