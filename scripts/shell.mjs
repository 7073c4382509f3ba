// Runs programs for the other scripts and says what is going on. Child programs draw their own progress (cargo's bar on
// a terminal, plain lines elsewhere), so output is passed on as it comes.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** What went wrong, said well enough that no stack is wanted: a refused argument, a missing tool, a program that failed. */
export class Failure extends Error {}

/** The absolute path of a file given relative to the top of the repository. */
export const fromRoot = (path) => ROOT + path;

/** One line on stderr, which leaves stdout to the program that a command runs. */
export const say = (line) => console.error(line);

/**
 * Runs a program and resolves with its stdout (empty unless `stdout` asks for it); rejects when it fails.
 * `stdout`: 'show' passes it on, 'keep' keeps it, 'both' does both.
 */
export function run(program, parameters, { env = {}, cwd = ROOT, shell = false, stdout = 'show' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      cwd,
      shell,
      env: { ...process.env, ...env },
      stdio: ['inherit', stdout === 'show' ? 'inherit' : 'pipe', 'inherit'],
    });
    let kept = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      kept += text;
      if (stdout === 'both') process.stdout.write(text);
    });
    child.on('error', (cause) => reject(failure(program, parameters, cause.message, kept, cause.code)));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(kept);
      else reject(failure(program, parameters, signal ? `ended by ${signal}` : `exit code ${code}`, kept, code));
    });
  });
}

function failure(program, parameters, what, stdout, code) {
  const error = new Failure(`${[program, ...parameters].join(' ')} failed: ${what}`);
  return Object.assign(error, { stdout, code });
}

/** A program that an npm package of this repository brings, by the path of its script. */
export const runPackage = (script, parameters, options) =>
  run(process.execPath, [fromRoot(`node_modules/${script}`), ...parameters], options);

/** Does `work` between two lines that say what is being done and how long it took. */
export async function step(name, work) {
  say(`· ${name} …`);
  const start = performance.now();
  const result = await work();
  say(`✓ ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return result;
}
