// Packages that only tests and benchmarks of other people's software need, at the versions of tools.json: installed into
// a cache outside the repository, once, and never into this package. What cannot be had is skipped.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const VERSIONS = JSON.parse(readFileSync(fileURLToPath(new URL('tools.json', import.meta.url)), 'utf8'));
const CACHE = process.env.DESCEND_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'descend');
const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/** A project that is nobody's dependency. */
export const MANIFEST = JSON.stringify({ private: true, type: 'module' });
export const windows = process.platform === 'win32';

/** Why a consumer cannot run on this machine: no failure. */
export class Skip extends Error {}

/** Runs `npm install` in a folder, without scripts, for at most `timeout` ms. */
export const install = (folder, parameters, timeout) =>
  promisify(execFile)('npm', ['install', ...QUIET, ...parameters], { cwd: folder, shell: windows, timeout });

/** The folder that has these tools installed. Throws Skip where they cannot be had within `timeout` ms. */
export async function toolFolder(tools, timeout = 240_000) {
  const specs = tools.map((name) => `${name}@${VERSIONS[name]}`);
  const folder = join(CACHE, 'everywhere', specs.join('+').replaceAll('/', '-') || 'none');
  if (existsSync(join(folder, 'complete'))) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), MANIFEST);
  try {
    if (specs.length > 0) await install(folder, ['--save-exact', '--fetch-retries=1', ...specs], timeout);
  } catch (error) {
    const why = error.killed ? `not within ${timeout / 1000} s` : lastLine(error);
    throw new Skip(`${specs.join(', ')} could not be installed: ${why}`);
  }
  writeFileSync(join(folder, 'complete'), '');
  return folder;
}

const lastLine = (error) => (error.stderr || error.message).trim().split('\n').at(-1);
