// A process of its own for each engine and number of threads, so that none warms, or keeps busy, what another measures.
// A benchmark file runs itself again with a task; the child answers with what it measured.

import { fork } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { ready } from 'descend';

/** An engine and its threads: one process. */
export interface Contestant {
  readonly engine: 'native' | 'wasm';
  readonly threads: number;
  readonly precision?: 'fast';
}

/** All there are. WASM has one thread. */
export const CONTESTANTS = {
  'native 1': { engine: 'native', threads: 1 },
  'native 2': { engine: 'native', threads: 2 },
  wasm: { engine: 'wasm', threads: 1 },
  'fast 1': { engine: 'native', threads: 1, precision: 'fast' },
  'fast 2': { engine: 'native', threads: 2, precision: 'fast' },
} as const satisfies Record<string, Contestant>;

/** The name of a contestant. */
export type Name = keyof typeof CONTESTANTS;
/** Those that compute the same bits. */
export const NAMES = ['native 1', 'native 2', 'wasm'] as const satisfies Name[];
/** Where products take the time, also those that round once: the arithmetic of the peers. */
export const WITH_FAST = Object.keys(CONTESTANTS) as Name[];

/** Runs `parent`; in a child, readies the engine of its task and answers with what `child` makes of it. */
export async function main<Task extends object>(
  parent: () => Promise<void>,
  child: (task: Task) => Promise<unknown>,
): Promise<void> {
  if (process.send) {
    const task = JSON.parse(process.argv[2] ?? '') as Contestant & Task;
    const { engine, threads, precision } = task;
    await ready({ engine, threads, ...(precision && { precision }) });
    process.send(await child(task));
    process.disconnect();
    return;
  }
  const [busy = 0] = loadavg();
  const advice = busy < 0.5 ? '' : ': others are at work here, so trust the best and not the medians';
  console.log(`${availableParallelism()} cores, load ${busy.toFixed(1)} before the start${advice}`);
  await parent();
}

/** What a child of this very file answers to `task`. */
export async function ask<Answer>(name: Name, task: object): Promise<Answer> {
  const child = fork(process.argv[1]!, [JSON.stringify({ ...CONTESTANTS[name], ...task })]);
  let answer: Answer | undefined;
  child.once('message', (message) => {
    answer = message as Answer;
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code === 0 && answer !== undefined) return answer;
  throw new Error(`${name} ${JSON.stringify(task)}: expected an answer, got exit code ${code}`);
}
