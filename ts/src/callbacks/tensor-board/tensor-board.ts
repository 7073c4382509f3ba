// Logs for TensorBoard: losses and metrics, how weights are spread, the graph of the layers.

import { plain, readNumber, readOptions, readSwitch } from '../../declaration.js';
import { describeValue, fail } from '../../errors.js';
import { EventFile, scalar } from '../../io/event-file.js';
import { hasFiles } from '../../io/file.js';
import { Callback } from '../callback.js';
import { readFrequency } from '../frequency.js';
import type { CallbackHooks, CallbackState, Logs } from '../hooks.js';
import { graphOf } from './graph.js';
import { histogram } from './histogram.js';

/** Options of TensorBoard. */
export interface TensorBoardOptions {
  /** The folder that `tensorboard --logdir` is told of, or one in it for each run. Default 'logs'. */
  logDir?: string | undefined;
  /** After how many epochs to write histograms of all weights; 0 for never. Default 0. */
  histogramFreq?: number | undefined;
  /** Whether to write the graph of the layers. Default true. */
  writeGraph?: boolean | undefined;
  /** Whether to write how many steps a second were made. Default false. */
  writeStepsPerSecond?: boolean | undefined;
  /** Whether to write the logs of epochs alone, or besides them those of every batch or of every so many. Default 'epoch'. */
  updateFreq?: 'batch' | 'epoch' | number | undefined;
}

const OPTIONS = ['logDir', 'histogramFreq', 'writeGraph', 'writeStepsPerSecond', 'updateFreq'];
const PARTS = ['train', 'validation'] as const;
type Part = (typeof PARTS)[number];

/**
 * Writes event files into the folders `train` and `validation` of `logDir`, with Keras's tags: `epoch_loss` by the number of
 * the epoch, `batch_loss` by the steps of this run, `evaluation_loss_vs_iterations`, `kernel/histogram`. The learning rate
 * is among them where it is a number. A resumed run goes on where its backup stood. Unlike Keras's it writes the graph of
 * the layers instead of that of the operations, and neither images, profiles nor embeddings. Throws FILE_IO.
 */
export class TensorBoard extends Callback {
  readonly #folder: string;
  readonly #histogramFreq: number;
  readonly #graph: boolean;
  readonly #speed: boolean;
  readonly #every: number | undefined;
  #files: Partial<Record<Part, EventFile>> = {};
  #steps = 0;
  /** Where this epoch began: steps and milliseconds. */
  #epoch = { steps: 0, time: 0 };
  #batch = { steps: 0, time: 0 };
  onBatchEnd: CallbackHooks['onBatchEnd'];

  constructor(options: TensorBoardOptions = {}) {
    super();
    const what = 'TensorBoard';
    const given = readOptions(what, options, OPTIONS);
    const { logDir = 'logs' } = Object.fromEntries(given);
    if (typeof logDir !== 'string' || logDir === '') {
      throw fail('INVALID_VALUE', `${what}: logDir`, 'the path of a folder', describeValue(logDir));
    }
    this.#folder = logDir;
    const frequency = { name: 'histogramFreq', default: 0, range: '[0, Infinity)' };
    this.#histogramFreq = Math.ceil(readNumber(what, frequency, given.get('histogramFreq')) as number);
    this.#graph = readSwitch(what, 'writeGraph', given.get('writeGraph'), true);
    this.#speed = readSwitch(what, 'writeStepsPerSecond', given.get('writeStepsPerSecond'), false);
    const every = given.get('updateFreq');
    this.#every = readFrequency(what, typeof every === 'string' && plain(every) === 'batch' ? 1 : every, 'updateFreq');
    // Without the hook, `fit` need not stop after every step.
    if (this.#every !== undefined) this.onBatchEnd = this.#onBatchEnd;
    if (hasFiles()) return;
    throw fail('FILE_IO', what, 'a file system', 'a runtime without one', 'use onEpochEnd');
  }

  onTrainBegin(): void {
    this.#files = {};
    this.#steps = 0;
    this.#batch = { steps: 0, time: performance.now() };
    this.onEpochBegin();
  }

  onEpochBegin(): void {
    this.#epoch = { steps: this.model.optimizer.iterations, time: performance.now() };
  }

  async #onBatchEnd(_: number, logs: Logs): Promise<void> {
    this.#steps++;
    if (this.#steps % (this.#every as number) !== 0) return;
    const values = { ...logs, ...this.#stepsPerSecond(this.#batch, this.#steps) };
    this.#batch = { steps: this.#steps, time: performance.now() };
    await this.#write('train', this.#steps, 'batch_', values);
  }

  async onTestEnd(logs: Logs): Promise<void> {
    const named = Object.entries(logs).map(([key, value]) => [`${key.replace(/^val_/, '')}_vs_iterations`, value]);
    await this.#write('validation', this.model.optimizer.iterations, 'evaluation_', Object.fromEntries(named));
  }

  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { learningRate, iterations } = this.model.optimizer;
    const train: Logs = typeof learningRate === 'number' ? { learning_rate: learningRate } : {};
    const validation: Logs = {};
    for (const [key, value] of Object.entries(logs)) {
      if (key.startsWith('val_')) validation[key.slice(4)] = value;
      else train[key] = value;
    }
    Object.assign(train, this.#stepsPerSecond(this.#epoch, iterations));
    await this.#write('train', epoch, 'epoch_', train);
    await this.#write('validation', epoch, 'epoch_', validation);
    if (this.#histogramFreq > 0 && epoch % this.#histogramFreq === 0) await this.#writeHistograms(epoch);
  }

  async #writeHistograms(epoch: number): Promise<void> {
    const weights = await this.model.getWeights();
    const values = weights.map(({ name, data }) => histogram(`${name}/histogram`, data));
    await (await this.#file('train')).summary(epoch, values);
  }

  async #write(part: Part, step: number, prefix: string, logs: Logs): Promise<void> {
    const values = Object.entries(logs).map(([key, value]) => scalar(prefix + key, value));
    if (values.length > 0) await (await this.#file(part)).summary(step, values);
  }

  #stepsPerSecond(since: { steps: number; time: number }, steps: number): Logs {
    if (!this.#speed) return {};
    return { steps_per_second: (steps - since.steps) / Math.max(1e-6, (performance.now() - since.time) / 1000) };
  }

  // The file of a folder: begun by what is first written to it, in that of training with the graph.
  async #file(part: Part): Promise<EventFile> {
    let file = this.#files[part];
    if (file) return file;
    file = new EventFile(`${this.#folder}/${part}`);
    this.#files[part] = file;
    if (this.#graph && part === 'train') await file.graph(graphOf(this.model));
    return file;
  }

  stateDict(): CallbackState {
    const [train, validation] = PARTS.map((part) => {
      const file = this.#files[part];
      return file === undefined ? null : { name: file.name, size: file.size };
    });
    return { steps: this.#steps, train, validation };
  }

  async loadStateDict({ steps, ...files }: CallbackState): Promise<void> {
    this.#steps = steps as number;
    this.#batch.steps = this.#steps;
    for (const part of PARTS) {
      const state = files[part] as { name: string; size: number } | null;
      if (state === null) continue;
      const file = new EventFile(`${this.#folder}/${part}`, state.name, state.size);
      await file.restore();
      this.#files[part] = file;
    }
  }
}
