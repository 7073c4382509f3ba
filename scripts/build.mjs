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
import { deflateRawSync, gzipSync } from 'node:zlib';
import { bundleWhole, keepApart, shorten } from './bundle.mjs';
import { Failure, fromRoot, run, runPackage, say, step } from './shell.mjs';
import { GATE, inFamilies, split, withoutPanics } from './split.mjs';
import { fingerprint, unlessFresh } from './stamp.mjs';
import { addonFlags, ensureWasmTarget, ensureWasmTools, rustVersion } from './toolchain.mjs';

const PARTS = { native: buildNative, wasm: buildWasm, ts: buildTypeScript };
const RUST = [
  'Cargo.toml',
  'Cargo.lock',
  '.cargo/config.toml',
  'crates/core',
  'package-lock.json',
  'scripts/build.mjs',
  'scripts/split.mjs',
];
// What the module uses beyond the first version of WASM. Every runtime that has SIMD has the others.
const FEATURES = [
  'simd',
  'bulk-memory',
  'nontrapping-float-to-int',
  'sign-ext',
  'mutable-globals',
  'reference-types',
  'multivalue',
].map((feature) => `--enable-${feature}`);
// Constants stay whole: a piece of one would look like something nobody needs.
const WHOLE_SEGMENTS = ['--skip-pass=memory-packing'];

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
  const inputs = () => fingerprint([...RUST, 'crates/node'], [rust, machine, addonFlags()]);
  await unlessFresh('native', inputs, ['dist/native'], () =>
    step('native addon', () => {
      rmSync(fromRoot('dist/native'), { recursive: true, force: true });
      const where = ['--manifest-path', 'crates/node/Cargo.toml', '--output-dir', 'dist/native'];
      const options = ['--platform', '--release', '--no-js', ...where, '--', '--locked'];
      // Its own option leaves the symbols where they are.
      const env = { CARGO_PROFILE_RELEASE_STRIP: 'symbols', RUSTFLAGS: addonFlags() };
      return runPackage('@napi-rs/cli/dist/cli.js', ['build', ...options], { env });
    }),
  );
}

async function buildWasm() {
  const rust = await rustVersion();
  const inputs = () => fingerprint([...RUST, 'crates/wasm', 'tools/wasm'], [rust]);
  const outputs = [
    ...['descend.wasm', 'descend.more.wasm', 'inline.js'].map((name) => `dist/wasm/${name}`),
    'ts/src/wasm/descend.d.ts',
  ];
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
      await makeParts(made);
      const inline = { WASM: 'descend', MORE: 'descend.more' };
      const texts = Object.entries(inline).map(([name, part]) =>
        asText(name, readFileSync(fromRoot(`dist/wasm/${part}.wasm`))),
      );
      writeFileSync(fromRoot('dist/wasm/inline.js'), texts.join(''));
      copyFileSync(`${made}/descend.d.ts`, fromRoot('ts/src/wasm/descend.d.ts'));
    });
  });
}

// Packed, it is less than half as long, and a quarter shorter on its way: text of four characters for three bytes has no
// patterns left that a server could pack.
function asText(name, bytes) {
  const packed = deflateRawSync(bytes, { level: 9 }).toString('base64');
  return `export const ${name} = { size: ${bytes.length}, packed:\n  '${packed}' };\n`;
}

/** Optimises the module, splits it, and lets each half be optimised for what it is. */
async function makeParts(folder) {
  const file = (name) => `${folder}/${name}`;
  const text = (name) => readFileSync(file(name), 'utf8');
  await runPackage('binaryen/bin/wasm-dis', [file('descend_bg.wasm'), ...FEATURES, '-o', file('linked.wat')]);
  writeFileSync(file('trapping.wat'), withoutPanics(text('linked.wat')));
  const named = ['-g', '-S', `--no-inline=*${GATE}*`];
  // Without what can never run, but for that as it was linked.
  const clean = [
    ...named,
    '--inlining',
    '--simplify-locals',
    '--dce',
    '--vacuum',
    ...FEATURES,
    '-o',
    file('clean.wat'),
  ];
  await runPackage('binaryen/bin/wasm-opt', [file('trapping.wat'), ...clean]);
  await optimise(file('trapping.wat'), [...named, ...WHOLE_SEGMENTS], file('optimised.wat'));
  const parts = split(text('clean.wat'), text('optimised.wat'));
  for (const [name, form] of Object.entries(parts)) {
    writeFileSync(file(`${name}.wat`), form);
    await optimise(file(`${name}.wat`), ['-g', '-S', ...WHOLE_SEGMENTS, '-Oz'], file(`${name}.small.wat`));
    writeFileSync(file(`${name}.wat`), inFamilies(text(`${name}.small.wat`)));
    const made = fromRoot(`dist/wasm/${name}.wasm`);
    await runPackage('binaryen/bin/wasm-opt', [file(`${name}.wat`), ...FEATURES, '-o', made]);
    const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
    const sent = gzipSync(readFileSync(made), { level: 9 }).length;
    say(`  ${name}.wasm: ${kilobytes(statSync(made).size)}, gzipped ${kilobytes(sent)}`);
  }
}

const optimise = (from, options, to) =>
  runPackage('binaryen/bin/wasm-opt', [from, ...options, '-Oz', ...APART, ...FEATURES, '-o', to]);

async function buildTypeScript() {
  const inputs = () =>
    fingerprint(['ts', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/bundle.mjs']);
  await unlessFresh('ts', inputs, ['dist/whole/index.js', 'dist/index.d.ts'], () =>
    step('TypeScript', async () => {
      // What a deleted source left behind would be shipped.
      const folder = fromRoot('dist');
      const stale = existsSync(folder)
        ? readdirSync(folder).filter((name) => name !== 'native' && name !== 'wasm')
        : [];
      for (const name of stale) rmSync(join(folder, name), { recursive: true });
      await runPackage('typescript/bin/tsc', ['-p', 'tsconfig.build.json']);
      keepApart();
      await shorten();
      await bundleWhole();
    }),
  );
}
