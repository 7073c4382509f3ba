// How large descend is: what an application sends to a browser, gzipped (limits in .size-limit.json), that it carries no
// unit it does not use, and what an installation with one addon takes on disk.
import { build } from 'esbuild';
import { pack } from './pack.mjs';
import { runsHere } from './platforms.mjs';
import { Failure, fromRoot, runPackage, say } from './shell.mjs';

const MOST_INSTALLED = 7_000_000;
// Files of dist that are only for applications which name them.
const UNUSED =
  /^dist\/(data\/(csv|idx|sets)|layers\/(dropout|rescaling|registry)|metrics\/(iou|points)|models\/(load|backup|weights-file)|io\/(header|folder)|callbacks\/(?!hooks|list)|check-gradients|functions)/;

export async function checkSizes() {
  const { metafile } = await build({
    entryPoints: [fromRoot('test/size/app.ts')],
    outfile: fromRoot('.cache/size/app.js'),
    absWorkingDir: fromRoot(''),
    bundle: true,
    minify: true,
    format: 'esm',
    metafile: true,
    logLevel: 'warning',
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  const kept = Object.keys(inputs).filter((file) => UNUSED.test(file) && inputs[file].bytesInOutput > 0);
  if (kept.length > 0) throw new Failure(`the application carries what it does not use: ${kept.join(', ')}`);
  await runPackage('size-limit/bin.js', []);
  await checkInstalled();
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
