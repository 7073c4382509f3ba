// An empty project with the packed package installed in it, as a user has it, below a folder with the tools of one
// consumer. The tools stay in a cache outside the repository; the project is made anew each time.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { install, MANIFEST, toolFolder, windows } from './tool-folder.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const INSTALL_MS = 120_000;
const RUN_MS = 240_000;

/** A project of one consumer. */
export class Project {
  constructor(folder, tools) {
    this.folder = folder;
    this.toolFolder = tools;
  }

  /** Installs `tarballs` and nothing else; the other platforms' packages are not there, as for any one user. */
  static async make(name, tools, tarballs) {
    const parent = await toolFolder(tools);
    const folder = join(parent, `${name}-${process.pid}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), MANIFEST);
    await install(folder, ['--no-save', '--offline', ...tarballs], INSTALL_MS);
    for (const file of readdirSync(HERE)) {
      if (/^(train|entry)\./.test(file)) cpSync(join(HERE, file), join(folder, file));
    }
    return new Project(folder, parent);
  }

  path(name) {
    return join(this.folder, name);
  }

  write(name, text) {
    mkdirSync(join(this.path(name), '..'), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  read(name) {
    return readFileSync(this.path(name));
  }

  /** What a tool's package exports. */
  async import(tool) {
    this.write(`import-${tool.replace('/', '-')}.mjs`, `export * from '${tool}';\nexport * as all from '${tool}';\n`);
    return await import(this.path(`import-${tool.replace('/', '-')}.mjs`));
  }

  /** Runs Node in the project; gives what it prints. */
  node(parameters, env) {
    return this.run(process.execPath, parameters, env);
  }

  /** Runs a tool's program. */
  tool(name, parameters, env) {
    return this.run(join(this.toolFolder, 'node_modules/.bin', windows ? `${name}.cmd` : name), parameters, env);
  }

  async run(program, parameters, env = {}) {
    // What the runner was told is not for consumers, which begin as in a terminal of their own.
    const { DESCEND_ENGINE: _, NODE_OPTIONS: __, ...rest } = process.env;
    const options = { cwd: this.folder, env: { ...rest, ...env }, timeout: RUN_MS, shell: windows };
    try {
      return (await promisify(execFile)(program, parameters, options)).stdout;
    } catch (error) {
      throw new Error(`${parameters.slice(-2).join(' ')}: ${error.stderr?.trim() || error.stdout || error.message}`);
    }
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
