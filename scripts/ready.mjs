// `npm run ready`: everything a change must pass besides its tests. Runs all checks, then names those that failed.
// `npm run ready -- name …` runs those whose names contain one of the words.
import { existsSync, readFileSync } from 'node:fs';
import { main as build } from './build.mjs';
import { checkDocExamples } from './doc-examples.mjs';
import { checkPackage } from './package-contents.mjs';
import { Failure, fromRoot, run, runPackage, say, step } from './shell.mjs';
import { checkSizes } from './sizes.mjs';
import { ensureWasmTarget, WASM_TARGET } from './toolchain.mjs';

// The module has no types: what it is depends on the bundler.
const ATTW = [
  '--pack',
  '.',
  '--profile',
  'esm-only',
  '--exclude-entrypoints',
  './descend.wasm',
  './descend.more.wasm',
  '--format',
  'ascii',
];

const CHECKS = {
  'rust format': checkRustFormat,
  'rust lints': () => run('cargo', ['clippy', '--locked', '--all-targets', '--', '-D', 'warnings']),
  'rust lints for wasm': async () => {
    await ensureWasmTarget();
    const crate = ['--package', 'descend-wasm', '--target', WASM_TARGET];
    await run('cargo', ['clippy', '--locked', ...crate, '--', '-D', 'warnings']);
  },
  types: () => runPackage('typescript/bin/tsc', ['-p', 'tsconfig.json']),
  'format and lints': () => runPackage('@biomejs/biome/bin/biome', ['check', '--error-on-warnings']),
  'generated files': checkGenerated,
  'api docs': () => runPackage('typedoc/bin/typedoc', []),
  publint: () => runPackage('publint/src/cli.js', ['run', '--strict', '--pack', 'npm']),
  'types of the package': () => runPackage('@arethetypeswrong/cli/dist/index.js', ATTW),
  'package contents': checkPackage,
  sizes: checkSizes,
  'unused code': () => runPackage('knip/bin/knip.js', ['--no-progress']),
  'examples in doc comments': checkDocExamples,
  'lengths of files': checkLengths,
};

export async function main(words) {
  await build([]);
  const names = Object.keys(CHECKS).filter((name) => words.length === 0 || words.some((word) => name.includes(word)));
  const failed = [];
  for (const name of names) {
    try {
      await step(name, CHECKS[name]);
    } catch (error) {
      say(`✗ ${name}: ${error.message}`);
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new Failure(`not ready: ${failed.join(', ')}`);
  say(`ready: ${names.length} checks passed`);
}

/** Names every file: `cargo fmt` does not follow modules that a macro declares, as the registries do. */
async function checkRustFormat() {
  const files = await run('git', ['ls-files', '--', '*.rs'], { stdout: 'keep' });
  await run('rustfmt', [
    '--check',
    '--edition',
    '2024',
    ...files.split('\n').filter((file) => file && existsSync(fromRoot(file))),
  ]);
}

/** What Rust and wasm-bindgen write must be what is committed. */
async function checkGenerated() {
  await run('cargo', ['test', '--locked', '--package', 'descend-core', '--test', 'generated']);
  const folders = ['ts/src/generated', 'ts/src/wasm', 'docs'].filter((folder) => existsSync(fromRoot(folder)));
  const changed = await run('git', ['status', '--porcelain', '--', ...folders], { stdout: 'keep' });
  if (changed) throw new Failure(`generated files differ from those committed:\n${changed}`);
}

const LONGEST = { wanted: 300, allowed: 400, architecture: 80 };

/** A file is about one thing: sources beyond the wanted length are named, those beyond the allowed one refused. */
async function checkLengths() {
  const listed = await run('git', ['ls-files', '--', '*.rs', '*.ts', '*.mjs'], { stdout: 'keep' });
  const sources = listed
    .split('\n')
    .filter((file) => file && !file.includes('/generated/') && existsSync(fromRoot(file)));
  const long = sources.map((file) => [lineCount(file), file]).filter(([count]) => count > LONGEST.wanted);
  for (const [count, file] of long.sort((a, b) => b[0] - a[0])) say(`  ${count} lines: ${file}`);
  const refused = long.filter(([count]) => count > LONGEST.allowed).map(([, file]) => file);
  if (existsSync(fromRoot('ARCHITECTURE.md')) && lineCount('ARCHITECTURE.md') > LONGEST.architecture) {
    refused.push('ARCHITECTURE.md');
  }
  if (refused.length > 0) throw new Failure(`too long: ${refused.join(', ')}`);
}

const lineCount = (file) => readFileSync(fromRoot(file), 'utf8').trimEnd().split('\n').length;
