// Runs the command line as a user does: in a process of its own, in a folder of its own.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

/** The command line as it was built. */
export const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** How a run ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder for files of the tests of one file, removed after them. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'descend-cli-'));
  afterAll(() => rm(path, { recursive: true }));
  return path;
}

/** Runs `descend …words`; with the engine of the suite, unless `env` says otherwise. */
export function descend(words: readonly string[], env: Record<string, string> = {}, file = program): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...words], { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

/** What it prints; throws where it fails. */
export async function output(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await descend(words);
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`);
  return stdout;
}
