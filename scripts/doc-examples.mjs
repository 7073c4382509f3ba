// The examples in the doc comments of ts/src and in the README and docs compile as they stand. An example is what stands
// between ``` lines, in `ts` or without a language; it imports from 'descend' what it needs.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Failure, fromRoot, run, runPackage, say } from './shell.mjs';

const OUT = '.cache/doc-examples';

export async function checkDocExamples() {
  const listed = await run('git', ['ls-files', '--', 'ts/src/*.ts', '*.md'], { stdout: 'keep' });
  const examples = listed.split('\n').filter(Boolean).flatMap(examplesOf);
  rmSync(fromRoot(OUT), { recursive: true, force: true });
  mkdirSync(fromRoot(OUT), { recursive: true });
  const options = { extends: '../../tsconfig.json', include: ['*.ts'] };
  writeFileSync(fromRoot(`${OUT}/tsconfig.json`), JSON.stringify(options));
  for (const { name, code } of examples) writeFileSync(fromRoot(`${OUT}/${name}.ts`), `${code}\nexport {};\n`);
  if (examples.length === 0) throw new Failure('no examples found: expected those of the README at least');
  await runPackage('typescript/bin/tsc', ['-p', `${OUT}/tsconfig.json`]);
  say(`  ${examples.length} examples compile`);
}

function examplesOf(file) {
  const text = readFileSync(fromRoot(file), 'utf8');
  const own = file.endsWith('.md') ? text : commentsOf(text);
  const blocks = [...own.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)];
  return blocks
    .filter(([, language]) => language === 'ts' || (language === '' && file.endsWith('.ts')))
    .map(([, , code], index) => ({ name: `${file.replace(/\W/g, '_')}_${index}`, code }));
}

/** The doc comments of a file without their stars. */
function commentsOf(text) {
  const comments = [...text.matchAll(/\/\*\*([\s\S]*?)\*\//g)].map(([, inside]) => inside);
  return comments.join('\n').replace(/^ *\* ?/gm, '');
}
