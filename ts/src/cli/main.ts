#!/usr/bin/env node

// `descend COMMAND …`: finds the command, prints what it throws, and sets the exit code: 0 done, 1 failed, 2 not understood.

import { VERSION } from '../engine/version.js';
import { nearest } from '../errors.js';
import { DescendError } from '../index.node.js';
import { UsageError } from './arguments.js';

/** A command: what its help says, and what it does with the words behind its name. Resolves with an exit code. */
export interface Command {
  readonly usage: string;
  run(words: readonly string[]): Promise<number | undefined>;
}

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  doctor: () => import('./doctor.js'),
  inspect: () => import('./inspect.js'),
  train: () => import('./train.js'),
  predict: () => import('./predict.js'),
};

const USAGE = `Usage: descend COMMAND …

  doctor                          which engine runs here, why, how fast, and what failed
  inspect FILE.safetensors        what is in a file: tensors, architecture, optimizer, SHA-256
  train DIR|FILE.csv              train a model on images (IDX) or a table
  predict MODEL DIR|FILE.csv      what a trained model says

descend COMMAND --help says more. Exit codes: 0 done, 1 failed, 2 not understood.`;

async function main([name, ...words]: readonly string[]): Promise<number> {
  if (name === '--version' || name === '-v') return say(VERSION);
  if (name === '--help' || name === '-h') return say(USAGE);
  if (name === undefined) throw new UsageError('a command is missing');
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    const meant = nearest(name, Object.keys(COMMANDS));
    throw new UsageError(`no command ${JSON.stringify(name)}${meant ? `; did you mean ${meant}?` : ''}`);
  }
  const command = await load();
  if (words.includes('--help') || words.includes('-h')) return say(command.usage);
  try {
    return (await command.run(words)) ?? 0;
  } catch (error) {
    if (error instanceof UsageError) error.message += `\n\n${command.usage.split('\n\n')[0]}`;
    throw error;
  }
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`descend: ${error.message}\n${error.message.includes('\n') ? '' : `\n${USAGE}\n`}`);
    return 2;
  }
  const known = error instanceof DescendError;
  process.stderr.write(`descend: ${known ? `${error.message} [${error.code}]` : ((error as Error)?.stack ?? error)}\n`);
  return 1;
}

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
process.exitCode = await main(process.argv.slice(2)).catch(explain);
