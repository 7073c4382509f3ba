// The peers in this very run, where they are installed: those in Python of the environment `PEERS_PY`, and jax-js where
// `PEERS_JS` names a folder with it. They run the loops of bench-peers in the folder of shared data, or a script of ours.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SHARED } from './limits.ts';
import type { Timing } from './timing.ts';

/** Seconds per sample of a peer at a batch size, and the megabytes of its process where it said so. */
export interface PeerTiming extends Timing {
  peer: string;
  batch: number;
  megabytes?: number;
}

/** A script for Python, the names of peers that it knows, and whether jax-js knows the task too. */
export interface Task {
  task: string;
  batches: readonly number[];
  python: readonly string[];
  script?: string;
  samples?: number;
  jaxJs?: boolean;
}

/** What the peers that are there need for a sample. One that fails is named and left out. */
export async function peers({ task, batches, python, script, samples, jaxJs }: Task): Promise<PeerTiming[]> {
  const { PEERS_PY, PEERS_JS } = process.env;
  const ours = (name: string) => join(SHARED, 'bench-peers', name);
  const words = ['--task', task, '--batches', batches.join(), '--budget', '2'];
  if (samples !== undefined) words.push('--n', String(samples));
  const found: [string, string, string[]][] = [];
  const loops = script ?? ours('train.py');
  if (PEERS_PY && existsSync(loops)) {
    const program = join(PEERS_PY, 'bin/python');
    for (const peer of python) found.push([peer, program, [loops, ...words, '--peer', peer, '--threads', '2']]);
  }
  if (jaxJs && PEERS_JS && existsSync(join(PEERS_JS, 'node_modules/@jax-js/jax')) && existsSync(ours('train.mjs'))) {
    found.push(['jax-js, wasm', process.execPath, [ours('train.mjs'), ...words, '--peer', 'jax-js-wasm']]);
  }
  const timings: PeerTiming[] = [];
  for (const [peer, program, args] of found) timings.push(...(await measured(peer, program, args)));
  return timings;
}

async function measured(peer: string, program: string, args: string[]): Promise<PeerTiming[]> {
  try {
    const { stdout } = await promisify(execFile)(program, args);
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
    return lines
      .map((line) => JSON.parse(line))
      .map(({ batch, min_s, med_s, samples, megabytes }) => ({
        peer,
        batch,
        best: min_s / samples,
        median: med_s / samples,
        ...(megabytes === undefined ? {} : { megabytes }),
      }));
  } catch (error) {
    const { code } = error as { code?: unknown };
    console.log(`without ${peer}: it ended with ${String(code)}`);
    return [];
  }
}
