// `npm test`: builds both engines, then the Rust tests and the TypeScript suite on each engine and in a browser.
// `npm test -- <vitest arguments>` runs the TypeScript suite alone. Ends with one line that counts everything.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { main as build } from './build.mjs';
import { Failure, fromRoot, run, runPackage, say } from './shell.mjs';

const REPORT = fromRoot('.cache/vitest.json');

export async function main(vitestArguments) {
  await build([]);
  const results = [];
  if (vitestArguments.length === 0) results.push(await rustTests());
  results.push(await typeScriptTests(vitestArguments));

  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const result of results) for (const key of Object.keys(total)) total[key] += result[key];
  for (const name of results.flatMap((result) => result.names ?? [])) console.log(`✗ ${name}`);
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  if (results.some((result) => !result.ok)) process.exitCode = 1;
}

/** Runs `work`, whose failure is counted rather than thrown: the other tests still run. */
async function outcome(work) {
  try {
    return { ok: true, stdout: await work() };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
    return { ok: false, stdout: error.stdout };
  }
}

async function rustTests() {
  const { ok, stdout } = await outcome(() => run('cargo', ['test', '--locked', '--no-fail-fast'], { stdout: 'both' }));
  const result = { ok, passed: 0, failed: 0, skipped: 0 };
  for (const [, passed, failed, ignored] of stdout.matchAll(
    /^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    result.passed += Number(passed);
    result.failed += Number(failed);
    result.skipped += Number(ignored);
  }
  return result;
}

async function typeScriptTests(parameters) {
  rmSync(REPORT, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  const { ok } = await outcome(() => runPackage('vitest/vitest.mjs', ['run', ...reporters, ...parameters]));
  if (!existsSync(REPORT)) return { ok: false, passed: 0, failed: 0, skipped: 0 };
  const report = JSON.parse(readFileSync(REPORT, 'utf8'));
  return {
    ok: ok && report.success,
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    names: failures(report),
  };
}

/** Files and names of what failed; a file alone where it failed as a whole. */
function failures({ testResults }) {
  return testResults.flatMap(({ name, status, assertionResults }) => {
    const failed = assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => `${name}: ${test.fullName}`);
    return failed.length > 0 || status !== 'failed' ? failed : [name];
  });
}
