// Builds the package into dist: `native` the addon for this machine, `wasm` the module for everywhere else, `ts` the
// JavaScript around both. Each part only when what it is made of changed. All three when none is named.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { bundleForNode, GLUE } from './bundle.mjs';
import { Failure, fromRoot, run, runPackage, say, step } from './shell.mjs';
import { fingerprint, unlessFresh } from './stamp.mjs';
import { ensureWasmTarget, ensureWasmTools, rustVersion } from './toolchain.mjs';

const PARTS = { native: buildNative, wasm: buildWasm, ts: buildTypeScript };
const RUST = [
  'Cargo.toml',
  'Cargo.lock',
  '.cargo/config.toml',
  'crates/core',
  'package-lock.json',
  'scripts/build.mjs',
];
// What the module uses beyond the first version of WASM. Every runtime that has SIMD has the others.
const WASM_FEATURES = ['simd', 'bulk-memory', 'nontrapping-float-to-int', 'sign-ext', 'mutable-globals'];

// Engines optimise by the function, when it is hot and while it runs slowly: a hot one must not be inlined into a large one
// only because nobody else calls it.
const APART = ['--one-caller-inline-max-function-size', '300'];

export async function main(parts) {
  for (const part of parts) {
    if (!(part in PARTS)) {
      throw new Failure(`no such part: expected ${Object.keys(PARTS).join(', ')}, got ${part}`);
    }
  }
  // The WASM build writes a declaration that the TypeScript build reads, hence this order.
  for (const [part, build] of Object.entries(PARTS)) {
    if (parts.length === 0 || parts.includes(part)) await build();
  }
}

async function buildNative() {
  const rust = await rustVersion();
  const machine = `${process.platform}-${process.arch}`;
  const inputs = () => fingerprint([...RUST, 'crates/node'], [rust, machine, process.env.RUSTFLAGS ?? '']);
  await unlessFresh('native', inputs, ['dist/native'], () =>
    step('native addon', () => {
      rmSync(fromRoot('dist/native'), { recursive: true, force: true });
      const where = ['--manifest-path', 'crates/node/Cargo.toml', '--output-dir', 'dist/native'];
      const options = ['--platform', '--release', '--strip', '--no-js', ...where, '--', '--locked'];
      return runPackage('@napi-rs/cli/dist/cli.js', ['build', ...options]);
    }),
  );
}

async function buildWasm() {
  const rust = await rustVersion();
  const inputs = () => fingerprint([...RUST, 'crates/wasm', 'tools/wasm'], [rust]);
  const outputs = ['dist/wasm/descend.js', 'dist/wasm/descend.wasm', 'dist/wasm/inline.js', 'ts/src/wasm/descend.d.ts'];
  await unlessFresh('wasm', inputs, outputs, async () => {
    await ensureWasmTarget();
    const tools = await ensureWasmTools();
    await step('WASM module', async () => {
      const made = fromRoot('.cache/wasm');
      const form = ['--target', 'web', '--profile', 'wasm', '--mode', 'no-install', '--no-pack'];
      const names = ['--out-dir', made, '--out-name', 'descend'];
      // RUSTFLAGS would replace the flags of .cargo/config.toml, and with them SIMD.
      const env = { PATH: tools + delimiter + process.env.PATH, RUSTFLAGS: undefined };
      const crate = ['--log-level', 'warn', 'build', fromRoot('crates/wasm')];
      await run(join(tools, 'wasm-pack'), [...crate, ...form, ...names, '--', '--locked'], { env });
      mkdirSync(fromRoot('dist/wasm'), { recursive: true });
      mkdirSync(fromRoot('ts/src/wasm'), { recursive: true });
      await optimise(`${made}/descend_bg.wasm`, fromRoot('dist/wasm/descend.wasm'));
      const base64 = readFileSync(fromRoot('dist/wasm/descend.wasm')).toString('base64');
      writeFileSync(fromRoot('dist/wasm/inline.js'), `export const BASE64 =\n  '${base64}';\n`);
      copyFileSync(`${made}/descend.js`, fromRoot('dist/wasm/descend.js'));
      copyFileSync(`${made}/descend.d.ts`, fromRoot('dist/wasm/descend.d.ts'));
      copyFileSync(`${made}/descend.d.ts`, fromRoot('ts/src/wasm/descend.d.ts'));
    });
  });
}

async function optimise(from, to) {
  const features = WASM_FEATURES.map((feature) => `--enable-${feature}`);
  await runPackage('binaryen/bin/wasm-opt', [from, '-Oz', ...APART, ...features, '-o', to]);
  const kilobytes = (file) => `${(statSync(file).size / 1000).toFixed(0)} kB`;
  say(`  descend.wasm: ${kilobytes(from)}, after wasm-opt ${kilobytes(to)}`);
}

async function buildTypeScript() {
  const inputs = () =>
    fingerprint(['ts', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/bundle.mjs', GLUE]);
  await unlessFresh('ts', inputs, ['dist/node/index.js', 'dist/index.d.ts'], () =>
    step('TypeScript', async () => {
      // What a deleted source left behind would be shipped.
      const folder = fromRoot('dist');
      const stale = existsSync(folder)
        ? readdirSync(folder).filter((name) => name !== 'native' && name !== 'wasm')
        : [];
      for (const name of stale) rmSync(join(folder, name), { recursive: true });
      await runPackage('typescript/bin/tsc', ['-p', 'tsconfig.build.json']);
      await bundleForNode();
    }),
  );
}
