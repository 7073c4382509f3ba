// Runs a TypeScript file of this repository (an example, a benchmark) in Node as it stands: newer Nodes strip the types
// themselves; Node 20 does it through the hook below. Checks no types: `npm run ready` does.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { run } from './shell.mjs';

/** Runs `file` with `parameters` in a Node of its own. */
export function runTypeScript(file, parameters) {
  const register = `import { register } from 'node:module'; register(${JSON.stringify(import.meta.url)});`;
  const hook = process.features.typescript ? [] : ['--import', `data:text/javascript,${encodeURIComponent(register)}`];
  return run(process.execPath, ['--enable-source-maps', ...hook, file, ...parameters]);
}

/** Node's module hook (https://nodejs.org/api/module.html#loadurl-context-nextload). */
export async function load(url, context, nextLoad) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  const { default: ts } = await import('typescript');
  const { outputText } = ts.transpileModule(await readFile(new URL(url), 'utf8'), {
    fileName: fileURLToPath(url),
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
    },
  });
  return { format: 'module', source: outputText, shortCircuit: true };
}
