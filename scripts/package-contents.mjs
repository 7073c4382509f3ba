// What `npm publish` would send: only what is meant to be there, and nothing that runs at install.
import { readFileSync } from 'node:fs';
import { Failure, fromRoot, run, say } from './shell.mjs';

const WANTED =
  /^(package\.json|README\.md|LICENSE|dist\/(?!native\/)[\w./-]+\.(js|d\.ts|wasm)|datasets\/[\w-]+\/[\w.-]+(ubyte\.gz|\.csv|\.md))$/;
const ENTRIES = ['node', 'browser', 'workerd', 'edge-light', 'wasm', 'inline'].map((name) => `dist/index.${name}.js`);
const NEEDED = [
  'LICENSE',
  ...ENTRIES,
  'dist/whole/index.js',
  'dist/whole/browser.js',
  'dist/whole/exchange.js',
  'dist/exchange/index.js',
  'dist/index.d.ts',
  'dist/wasm/descend.wasm',
  'dist/wasm/descend.more.wasm',
  'dist/wasm/inline.js',
];
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'];

export async function checkPackage() {
  const manifest = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'));
  const scripts = INSTALL_SCRIPTS.filter((name) => manifest.scripts[name]);
  if (scripts.length > 0)
    throw new Failure(`package.json has install scripts: expected none, got ${scripts.join(', ')}`);
  if (Object.keys(manifest.dependencies ?? {}).length > 0) throw new Failure('package.json has run-time dependencies');
  // A lock file that names where packages came from ties everyone to that place.
  if (readFileSync(fromRoot('package-lock.json'), 'utf8').includes('"resolved": "http')) {
    throw new Failure('package-lock.json names a registry: remove its "resolved" entries (.npmrc leaves them out)');
  }

  const answer = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], {
    stdout: 'keep',
    shell: process.platform === 'win32',
  });
  const [packed] = JSON.parse(answer);
  const paths = packed.files.map((file) => file.path);
  const stray = paths.filter((path) => !WANTED.test(path));
  if (stray.length > 0) throw new Failure(`files that do not belong in the package: ${stray.join(', ')}`);
  const missing = NEEDED.filter((path) => !paths.includes(path));
  if (missing.length > 0) throw new Failure(`files missing from the package: ${missing.join(', ')}`);
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
  say(`  ${paths.length} files, ${kilobytes(packed.size)} packed, ${kilobytes(packed.unpackedSize)} unpacked`);
}
