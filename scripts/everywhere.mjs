// `npm run test:everywhere [-- name …]`: packs the package as it is published, installs it in an empty project per
// consumer (test/everywhere/consumers), trains the same network in each, and holds the SHA-256 of the saved model
// against that of Node's native engine (or, of what imports a model, what it predicts). Prints a table; what a machine lacks, or has no time for, is skipped with a word.
import { readdirSync } from 'node:fs';
import { Project } from '../test/everywhere/project.mjs';
import { Skip } from '../test/everywhere/tool-folder.mjs';
import { main as build } from './build.mjs';
import { pack } from './pack.mjs';
import { runsHere } from './platforms.mjs';
import { Failure, fromRoot, say, step } from './shell.mjs';

const FOLDER = 'test/everywhere/consumers';
// The first says what the others must give.
const FIRST = 'node.mjs';
// With empty caches nearly a gigabyte of consumers is fetched, however slowly: none begins after this.
const MINUTES = 25;

export async function main(words) {
  await build([]);
  const packages = await step('pack', () => pack());
  const own = packages.filter(({ platform }) => platform === undefined || runsHere(platform));
  const tarballs = own.map(({ file }) => file);
  const files = readdirSync(fromRoot(FOLDER)).filter((file) => file !== FIRST);
  const chosen = files.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  const rows = [];
  const end = performance.now() + MINUTES * 60_000;
  for (const file of [FIRST, ...chosen.sort()]) {
    if (performance.now() > end) {
      rows.push({ name: file.replace('.mjs', ''), verdict: `skipped: ${MINUTES} minutes were over` });
      continue;
    }
    await step(file.replace('.mjs', ''), async () => rows.push(...(await rowsOf(file, tarballs, rows[0]?.sha256))));
  }
  print(rows);
  const wrong = rows.filter(({ verdict }) => verdict.startsWith('NO'));
  if (wrong.length > 0) throw new Failure(`differs or fails: ${wrong.map(({ name }) => name).join(', ')}`);
}

/** What one consumer's file yields, each judged. */
async function rowsOf(file, tarballs, wanted) {
  const rows = [];
  const projects = [];
  const make = async (name, packages) => {
    const project = await Project.make(name, consumer.tools, packages);
    projects.push(project);
    return project;
  };
  const consumer = await import(`../${FOLDER}/${file}`);
  const name = file.replace('.mjs', '');
  try {
    const context = {
      project: await make(name, tarballs),
      // A second project, without the platform's package.
      bare: () => make(`${name}-bare`, tarballs.slice(0, 1)),
      skippable,
    };
    for await (const [row, text, engine] of consumer.run(context)) {
      rows.push(judge(row, text, engine, (consumer.own ? undefined : wanted) ?? rows[0]?.sha256));
    }
  } catch (error) {
    const skipped = error instanceof Skip;
    rows.push({ name, verdict: `${skipped ? 'skipped' : 'NO'}: ${shorten(error.message)}` });
  } finally {
    for (const project of projects) project.remove();
  }
  return rows;
}

/** What `work` gives, or the Skip that it throws. */
async function skippable(work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Skip) return error;
    throw error;
  }
}

function judge(name, text, engine, wanted) {
  if (text instanceof Skip) return { name, verdict: `skipped: ${text.message}` };
  const { error, ...result } = parsed(text);
  if (error) return { name, verdict: `NO: ${shorten(error)}` };
  const right = result.engine === engine && (wanted === undefined || result.sha256 === wanted);
  return { name, ...result, verdict: right ? 'yes' : `NO: expected ${engine} and ${wanted?.slice(0, 8)}` };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { error: text };
  }
}

const shorten = (text) => text.replace(/\s+/g, ' ').slice(0, 300);

function print(rows) {
  const width = Math.max(...rows.map(({ name }) => name.length));
  console.log(
    `\n| ${'consumer'.padEnd(width)} | engine | SHA-256  | equal |\n| ${'-'.repeat(width)} | ------ | -------- | ----- |`,
  );
  for (const { name, engine = '', sha256 = '', verdict } of rows) {
    console.log(`| ${name.padEnd(width)} | ${engine.padEnd(6)} | ${sha256.slice(0, 8).padEnd(8)} | ${verdict} |`);
  }
  say('');
}
