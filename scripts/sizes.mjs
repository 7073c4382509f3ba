// How large descend is: what an application sends to a browser, gzipped (limits in .size-limit.json), that it carries no
// unit it does not use, and what an installation with one addon takes on disk.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'esbuild';
import { pack } from './pack.mjs';
import { runsHere } from './platforms.mjs';
import { Failure, fromRoot, runPackage, say } from './shell.mjs';

const MOST_INSTALLED = 5_600_000;
// Files of dist that are only for applications which name them, and those that are loaded when they are needed.
const UNUSED = new RegExp(
  `^dist/(${[
    'callbacks/(?!hooks|list)',
    'data/(csv|idx|sets|sources)',
    'engine/worker',
    'generated/(more|schedules)',
    'graph/(attention|convolution|einsum)',
    'io/',
    'layers/(?!activations|dense|filling|layer\\.|named|naming|options|weight)',
    'losses/(?!align|crossentropy|formulas|function|loss|registry|regression)',
    'metrics/(?!accuracy|function|losses|metric\\.|registry)',
    'models/(backup|encode|graph|hash|load|memory|model\\.|stream|structure|weights-file)',
    'optimizers/(again|apply|averages|index|rows)',
    'schedules/(?!schedule)',
    'wrappers/index',
    'check-gradients|functions|later|make-variable',
  ].join('|')})`,
);

export async function checkSizes() {
  const { metafile, outputFiles } = await build({
    entryPoints: [fromRoot('test/size/app.ts')],
    outdir: fromRoot('.cache/size'),
    absWorkingDir: fromRoot(''),
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    format: 'esm',
    metafile: true,
    logLevel: 'warning',
  });
  const sent = loadedAtOnce(metafile.outputs, '.cache/size/app.js');
  const inputs = [...sent].flatMap((path) => Object.entries(metafile.outputs[path].inputs));
  const kept = inputs.filter(([file, { bytesInOutput }]) => UNUSED.test(file) && bytesInOutput > 0);
  if (kept.length > 0) {
    throw new Failure(`the application carries what it does not use: ${kept.map(([file]) => file).join(', ')}`);
  }
  rmSync(fromRoot('.cache/size'), { recursive: true, force: true });
  mkdirSync(fromRoot('.cache/size'), { recursive: true });
  for (const path of sent) {
    const { contents } = outputFiles.find((file) => basename(file.path) === basename(path));
    writeFileSync(fromRoot(path), contents);
  }
  await runPackage('size-limit/bin.js', []);
  await checkInstalled();
}

/** A bundle and those that it imports; what it asks for by `import()` comes when it is needed, here never. */
function loadedAtOnce(outputs, path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  const now = outputs[path].imports.filter(({ kind }) => kind === 'import-statement');
  for (const { path } of now) loadedAtOnce(outputs, path, found);
  return found;
}

async function checkInstalled() {
  const packages = await pack();
  const own = packages.filter(({ platform }) => platform === undefined || runsHere(platform));
  if (own.length < 2) throw new Failure('installed size: expected an addon of this machine in dist/native, got none');
  const sum = own.reduce((total, { unpackedSize }) => total + unpackedSize, 0);
  const text = `${(sum / 1e6).toFixed(2)} MB`;
  if (sum > MOST_INSTALLED)
    throw new Failure(`installed size: expected at most ${MOST_INSTALLED / 1e6} MB, got ${text}`);
  say(`  installed, with one addon: ${text}`);
}
