// The one door of every npm script: `node scripts/run.mjs start|test|ready|… [arguments]`.
// Uses Node's own modules alone, so that it works before anything is installed; it installs the npm packages itself.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { Failure, fromRoot, run, say, step } from './shell.mjs';

const COMMANDS = ['start', 'test', 'ready', 'bench', 'build', 'everywhere', 'pack', 'addon'];
const OLDEST_NODE = [20, 19];

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new Failure(`Node is too old: expected ${OLDEST_NODE.join('.')} or newer, got ${process.versions.node}`);
  }
}

/** Runs `npm ci` when package-lock.json is newer than what npm noted at its last whole installation. */
async function installPackages() {
  if (changed('node_modules/.package-lock.json') > changed('package-lock.json')) return;
  await step('npm packages', () => {
    // The packages needed here run as they are: no install script of theirs is wanted.
    const options = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    const npm = process.env.npm_execpath;
    if (npm && basename(npm).startsWith('npm')) return run(process.execPath, [npm, ...options]);
    return run('npm', options, { shell: process.platform === 'win32' });
  });
}

/** When a file last changed, in milliseconds; 0 when there is none. */
const changed = (path) => statSync(fromRoot(path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

try {
  const [command, ...rest] = process.argv.slice(2);
  if (!COMMANDS.includes(command)) {
    throw new Failure(`no such command: expected one of ${COMMANDS.join(', ')}, got ${command}`);
  }
  checkNode();
  await installPackages();
  const { main } = await import(`./${command}.mjs`);
  await main(rest);
} catch (error) {
  say(error instanceof Failure ? error.message : (error.stack ?? error));
  process.exitCode = 1;
}
