// The logs of every epoch as a line of a CSV file.

import { readOptions, readSwitch } from '../declaration.js';
import { describeValue, fail, quote } from '../errors.js';
import { hasFiles, reasonOf } from '../io/file.js';
import { Callback } from './callback.js';
import type { CallbackState, Logs } from './hooks.js';

/** Options of CSVLogger. */
export interface CSVLoggerOptions {
  /** The file to write. */
  filename: string;
  /** What stands between the fields of a line. Default ','. */
  separator?: string | undefined;
  /** Whether to go on at the end of a file that is there, instead of beginning it anew. Default false. */
  append?: boolean | undefined;
}

/**
 * Writes a line for each epoch: its number, then the logs by name, as Keras orders them. Columns are those of the first
 * epoch, with `val_` ones beside them if there are none; what an epoch lacks is 'NA'. A resumed run goes on where its backup
 * stood. Throws FILE_IO.
 */
export class CSVLogger extends Callback {
  readonly #path: string;
  readonly #separator: string;
  readonly #append: boolean;
  #keys: string[] | null = null;
  /** The length of the file after the last line, in bytes. */
  #size: number | null = null;

  constructor(options: CSVLoggerOptions) {
    super();
    const given = readOptions('CSVLogger', options, ['filename', 'separator', 'append']);
    const { filename, separator = ',' } = Object.fromEntries(given);
    for (const [name, text] of Object.entries({ filename, separator })) {
      if (typeof text === 'string' && text !== '') continue;
      throw fail('INVALID_VALUE', `CSVLogger: ${name}`, 'a text', describeValue(text));
    }
    this.#path = filename as string;
    this.#separator = separator as string;
    this.#append = readSwitch('CSVLogger', 'append', given.get('append'), false);
    if (hasFiles()) return;
    throw fail('FILE_IO', 'CSVLogger', 'a file system', 'a runtime without one', 'use onEpochEnd');
  }

  async onTrainBegin(): Promise<void> {
    const { stat } = process.getBuiltinModule('node:fs/promises');
    this.#keys = null;
    this.#size = this.#append
      ? await stat(this.#path).then(
          ({ size }) => size,
          () => 0,
        )
      : null;
  }

  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    try {
      await this.#write(epoch, logs);
    } catch (cause) {
      throw fail('FILE_IO', `writing ${quote(this.#path)}`, 'a writable file', reasonOf(cause), undefined, cause);
    }
  }

  async #write(epoch: number, logs: Logs): Promise<void> {
    const fs = process.getBuiltinModule('node:fs/promises');
    const begins = this.#keys === null;
    this.#keys ??= columns(Object.keys(logs));
    const row = [epoch, ...this.#keys.map((key) => logs[key] ?? 'NA')];
    const file = await fs.open(this.#path, begins && !this.#append ? 'w' : 'a');
    try {
      const { size } = await file.stat();
      // What an interrupted run wrote after its last backup is written again.
      const from = Math.min(size, this.#size ?? size);
      await file.truncate(from);
      const header = begins && from === 0 ? this.#line(['epoch', ...this.#keys]) : '';
      const { bytesWritten } = await file.write(header + this.#line(row));
      this.#size = from + bytesWritten;
    } finally {
      await file.close();
    }
  }

  #line(fields: readonly (string | number)[]): string {
    const quoted = fields.map((field) => {
      const text = String(field);
      return /["\r\n]/.test(text) || text.includes(this.#separator) ? `"${text.replaceAll('"', '""')}"` : text;
    });
    return `${quoted.join(this.#separator)}\r\n`;
  }

  stateDict(): CallbackState {
    return { keys: this.#keys, size: this.#size };
  }

  loadStateDict({ keys, size }: CallbackState): void {
    this.#keys = keys as string[] | null;
    this.#size = size as number | null;
  }
}

function columns(keys: readonly string[]): string[] {
  const sorted = [...keys].sort();
  return sorted.some((key) => key.startsWith('val_')) ? sorted : [...sorted, ...sorted.map((key) => `val_${key}`)];
}
