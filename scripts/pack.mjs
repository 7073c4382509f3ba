// `npm run pack [-- --all]`: writes what a release publishes into .cache/pack: the package, and one package for each
// addon in dist/native, as folders and as tarballs. With --all every platform must be there. The repository's own
// package.json names none of them, so that `npm ci` works while they are unpublished: the names are added here.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { main as build } from './build.mjs';
import { addonFile, PLATFORMS, packageName } from './platforms.mjs';
import { Failure, fromRoot, run, say } from './shell.mjs';

const OUT = '.cache/pack';
// What the package itself needs no more once it is built.
const LEFT_OUT = ['scripts', 'devDependencies', 'napi'];

export async function main(words) {
  const all = words.includes('--all');
  if (!all) await build([]);
  for (const { file, size, unpackedSize } of await pack({ all })) {
    const [packed, installed] = [size, unpackedSize].map((bytes) => `${(bytes / 1000).toFixed(0)} kB`);
    say(`  ${file}: ${packed}, installed ${installed}`);
  }
}

/** Packs what is built; gives the tarballs `{ file, size, unpackedSize, platform? }`, the package itself first. */
export async function pack({ all = false } = {}) {
  const manifest = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'));
  const platforms = Object.keys(PLATFORMS).filter((platform) => existsSync(addonPath(platform)));
  const missing = Object.keys(PLATFORMS).filter((platform) => !platforms.includes(platform));
  if (all && missing.length > 0) throw new Failure(`addons are missing from dist/native: ${missing.join(', ')}`);

  rmSync(fromRoot(OUT), { recursive: true, force: true });
  const packages = [await packMain(manifest)];
  for (const platform of platforms) packages.push({ platform, ...(await packAddon(platform, manifest)) });
  return packages;
}

// What `exports` of package.json names as types.
const ENTRY = /^dist\/(index\.([\w-]+\.)?|(exchange\/index|engine\/worker\/script)\.)d\.ts$/;

const addonPath = (platform) => fromRoot(`dist/native/${addonFile(platform)}`);

async function packMain(manifest) {
  const [{ files }] = JSON.parse(await npmPack(fromRoot(''), ['--dry-run']));
  const unread = innerDeclarations(files.map(({ path }) => path));
  for (const { path } of files) if (!unread.has(path)) copy(path, `${OUT}/descend/${path}`);
  const published = Object.fromEntries(Object.entries(manifest).filter(([key]) => !LEFT_OUT.includes(key)));
  const names = Object.keys(PLATFORMS).map(packageName);
  published.optionalDependencies = Object.fromEntries(names.map((name) => [name, manifest.version]));
  return await tarball('descend', published);
}

/** Declarations that no entry leads to. */
function innerDeclarations(files) {
  const all = new Set(files.filter((path) => path.endsWith('.d.ts')));
  const found = new Set([...all].filter((path) => ENTRY.test(path)));
  for (const path of found) {
    for (const [, next] of readFileSync(fromRoot(path), 'utf8').matchAll(/['"](\.[^'"]+)\.js['"]/g)) {
      const file = posix.join(posix.dirname(path), `${next}.d.ts`);
      if (all.has(file)) found.add(file);
    }
  }
  return new Set([...all].filter((path) => !found.has(path)));
}

async function packAddon(platform, { version, license, author, engines }) {
  const { os, cpu, libc } = PLATFORMS[platform];
  const name = packageName(platform);
  const main = addonFile(platform);
  copy(`dist/native/${main}`, `${OUT}/${name}/${main}`);
  copy('LICENSE', `${OUT}/${name}/LICENSE`);
  const description = `The native addon of descend for ${platform}. It comes with descend by itself.`;
  writeFileSync(fromRoot(`${OUT}/${name}/README.md`), `# ${name}\n\n${description}\n`);
  const machine = { os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) };
  return await tarball(name, { name, version, description, license, author, main, files: [main], engines, ...machine });
}

function copy(from, to) {
  mkdirSync(dirname(fromRoot(to)), { recursive: true });
  copyFileSync(fromRoot(from), fromRoot(to));
}

async function tarball(name, manifest) {
  const folder = fromRoot(`${OUT}/${name}`);
  writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  const [{ filename, size, unpackedSize }] = JSON.parse(await npmPack(folder, ['--pack-destination', fromRoot(OUT)]));
  return { file: fromRoot(`${OUT}/${filename}`), size, unpackedSize };
}

function npmPack(folder, options) {
  const quiet = ['--json', '--ignore-scripts', '--loglevel=error'];
  return run('npm', ['pack', ...options, ...quiet], {
    cwd: folder,
    stdout: 'keep',
    shell: process.platform === 'win32',
  });
}
