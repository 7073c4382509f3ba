// Backups of a run, from which the same call of fit goes on after the process was killed. Two files are written in turn,
// each in one moment, so that one whole backup is always there.

import { readOptions, readSwitch } from '../declaration.js';
import { DescendError, describeValue, fail, quote } from '../errors.js';
import { readSource, writeFile } from '../io/file.js';
import { makeFolder, namesIn, removeFiles } from '../io/folder.js';
import { type Backup, decodeBackup, encodeBackup } from '../models/backup.js';
import type { Run } from '../models/standing.js';
import { Callback } from './callback.js';
import { readFrequency } from './frequency.js';
import type { Keeper } from './hooks.js';

/** Options of BackupAndRestore. */
export interface BackupAndRestoreOptions {
  /** The folder for the backups of this run, and of no other. It is made if need be. */
  backupDir: string;
  /** After how many batches to write one, or 'epoch' (the default). */
  saveFreq?: number | 'epoch' | undefined;
  /** Whether the last but one is kept as well, to fall back to when the last is damaged. Default true (Keras: false). */
  doubleCheckpoint?: boolean | undefined;
  /** Whether the backups are removed at the end of `fit`. Default true. */
  deleteCheckpoint?: boolean | undefined;
}

const OPTIONS = ['backupDir', 'saveFreq', 'doubleCheckpoint', 'deleteCheckpoint'];
const FILES: readonly string[] = ['backup-0.safetensors', 'backup-1.safetensors'];
const LEFTOVER = /^backup-[01]\.safetensors\..*\.tmp$/;

/**
 * Writes down where `fit` stands, and goes on from there when the same call is made again: in the middle of an epoch,
 * with the same bits as if it had never ended. Weights, the optimizer's state and rate, the order of samples, random
 * numbers, history and what other callbacks remember are restored; the history that `fit` returns is that of the whole
 * run. (Keras begins the epoch anew, with another order.) Model, data and options must be as before; INVALID_VALUE says
 * what is not. A backup that cannot be written ends `fit` with FILE_IO; the one before it stays.
 */
export class BackupAndRestore extends Callback {
  readonly #folder: string;
  readonly #every: number | undefined;
  readonly #double: boolean;
  readonly #delete: boolean;
  #since = 0;
  #generation = 0;
  #slot = 0;

  /** @internal */
  readonly keeper: Keeper;

  constructor(options: BackupAndRestoreOptions) {
    super();
    const given = readOptions('BackupAndRestore', options, OPTIONS);
    const folder = given.get('backupDir');
    if (typeof folder !== 'string' || folder === '') {
      throw fail('INVALID_VALUE', 'BackupAndRestore: backupDir', 'the path of a folder', describeValue(folder));
    }
    this.#folder = folder;
    this.#every = readFrequency('BackupAndRestore', given.get('saveFreq'));
    this.#double = readSwitch('BackupAndRestore', 'doubleCheckpoint', given.get('doubleCheckpoint'), true);
    this.#delete = readSwitch('BackupAndRestore', 'deleteCheckpoint', given.get('deleteCheckpoint'), true);
    this.keeper = {
      stepsLeft: () => (this.#every ?? Number.POSITIVE_INFINITY) - this.#since,
      resume: (run) => this.#resume(run),
      keep: (run, steps) => this.#keep(run, steps),
      finish: () => this.#finish(),
    };
  }

  async #resume(run: Run): Promise<void> {
    this.#since = 0;
    this.#generation = 0;
    this.#slot = 0;
    const names = await namesIn(this.#folder);
    // What a process left that was killed while it wrote.
    await removeFiles(
      this.#folder,
      names.filter((name) => LEFTOVER.test(name)),
    );
    const newest = await this.#newest(FILES.filter((name) => names.includes(name)));
    if (newest === undefined) return;
    await newest.backup.restore(run);
    this.#generation = newest.backup.generation;
    this.#slot = FILES.indexOf(newest.name);
  }

  async #keep(run: Run, steps: number | 'epoch'): Promise<void> {
    if (steps !== 'epoch') this.#since += steps;
    if (this.#every === undefined ? steps !== 'epoch' : steps === 'epoch' || this.#since < this.#every) return;
    this.#since = 0;
    await makeFolder(this.#folder);
    const slot = this.#double ? 1 - this.#slot : this.#slot;
    await writeFile(this.#path(FILES[slot] as string), await encodeBackup(run, this.#generation + 1));
    this.#generation++;
    this.#slot = slot;
  }

  async #finish(): Promise<void> {
    if (this.#delete) await removeFiles(this.#folder, FILES, true);
  }

  // The last of the backups that are whole. Throws what is wrong with them where none is.
  async #newest(names: readonly string[]): Promise<{ name: string; backup: Backup } | undefined> {
    const whole: { name: string; backup: Backup }[] = [];
    let damage: DescendError | undefined;
    for (const name of names) {
      try {
        whole.push({ name, backup: decodeBackup(await readSource(this.#path(name)), quote(name)) });
      } catch (error) {
        if (!(error instanceof DescendError && error.code === 'FILE_FORMAT')) throw error;
        damage = error;
      }
    }
    const newest = whole.sort((a, b) => b.backup.generation - a.backup.generation)[0];
    if (damage === undefined) return newest;
    if (newest === undefined) throw damage;
    console.warn(`BackupAndRestore: going on from the backup before, for ${damage.message}`);
    return newest;
  }

  #path(name: string): string {
    return `${this.#folder}/${name}`;
  }
}
