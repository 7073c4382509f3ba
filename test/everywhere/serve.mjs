// Serves a project's folder to a browser on a free local port; `/` is a page that runs one script. With `csp`, under a
// content security policy that allows nothing but the page's own files and WebAssembly.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const TYPES = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.html': 'text/html',
};
const CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

/** Calls `work` with the page's address while the server runs. */
export async function serving({ folder, head = '', script, csp = false }, work) {
  const page = `<!doctype html><meta charset="utf-8"><title>…</title><link rel="icon" href="data:,">${head}
    <script type="module" src="${script}"></script>`;
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const headers = csp ? { 'content-security-policy': CSP } : {};
    try {
      const body = pathname === '/' ? page : await readFile(join(folder, pathname));
      const type = TYPES[extname(pathname) || '.html'] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, ...headers }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await work(`http://127.0.0.1:${server.address().port}/`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
