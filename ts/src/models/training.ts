// A run of fit under way: epoch after epoch, what is reported, when it ends, and where the model stands meanwhile.

import type { Engine } from '../engine/engine.js';
import { type Chunk, runSteps, type StepsResult } from '../engine/loop.js';
import { changedBy } from '../optimizers/state.js';
import { type BoundSlots, bindSlots, engineOf } from '../slots.js';
import type { Compiled } from './compiled.js';
import { type Fed, feed, measure } from './evaluate.js';
import type { Part, Settings } from './fit.js';
import { EpochRules, type History, HistoryBuilder, type StopReason } from './history.js';
import type { Network } from './network.js';
import { Totals } from './totals.js';
import type { Upload } from './upload.js';

/** Rows on their way to the engine. */
export interface SentPart extends Part {
  /** Of the samples, then of the targets. */
  readonly uploads: readonly Upload[];
}

/** What a run visits. */
export interface Work {
  /** Samples per step. */
  readonly batch: number;
  readonly train: SentPart;
  readonly validation: SentPart | undefined;
}

/** What a run needs of its engine. */
interface Site {
  readonly engine: Engine;
  readonly bound: BoundSlots;
  /** Buffers that steps change. */
  readonly changes: readonly number[];
  readonly train: Fed;
  readonly validation: Fed | undefined;
}

/** One call of fit. */
export class Training {
  readonly #model: Network;
  readonly #compiled: Compiled;
  readonly #settings: Settings;
  readonly #work: Work;
  readonly #history = new HistoryBuilder();
  readonly #rules: EpochRules;
  #steps = 0;

  constructor(model: Network, compiled: Compiled, settings: Settings, work: Work) {
    this.#model = model;
    this.#compiled = compiled;
    this.#settings = settings;
    this.#work = work;
    this.#rules = new EpochRules(settings.stopWhen);
  }

  /** Runs to the end. */
  async run(): Promise<History> {
    const { signal, callbacks, progress } = this.#settings;
    signal?.throwIfAborted();
    const engine = await engineOf(this.#model.weights);
    const site = await this.#arrive(engine);
    try {
      if (callbacks.has('onTrainBegin')) await this.#callback(() => callbacks.call('onTrainBegin'));
      const { reason, logs } = await this.#epochs(site);
      if (callbacks.has('onTrainEnd')) await this.#callback(() => callbacks.call('onTrainEnd', logs));
      return this.#history.finish(this.#steps, reason);
    } finally {
      progress.end();
      site.bound.free();
    }
  }

  async #arrive(engine: Engine): Promise<Site> {
    const { train, validation } = this.#work;
    const fed = await feed(engine, train.uploads);
    const validationFed = validation && (await feed(engine, validation.uploads));
    const changed = changedBy(this.#compiled.optimizer, this.#model.trainableWeights);
    const changes = await Promise.all(changed.map((variable) => variable.place(engine)));
    const bound = await bindSlots(engine, train.plan.slots);
    return { engine, bound, changes, train: fed, validation: validationFed };
  }

  async #epochs(site: Site): Promise<{ reason: StopReason; logs: Record<string, number> }> {
    const { epochs, initialEpoch, stopWhen, callbacks, progress } = this.#settings;
    const { maxSteps = Number.POSITIVE_INFINITY } = stopWhen;
    let logs: Record<string, number> = {};
    for (let epoch = initialEpoch; epoch < epochs; epoch++) {
      if (this.#steps >= maxSteps) return { reason: 'maxSteps', logs };
      progress.begin(`Epoch ${epoch + 1}/${epochs}`, this.#work.train.inputs.count);
      if (callbacks.has('onEpochBegin')) await this.#callback(() => callbacks.call('onEpochBegin', epoch));
      if (this.#model.stopTraining) return { reason: 'stopped', logs };
      const totals = new Totals(this.#work.train.plan.measured);
      const result = await this.#epoch(site, totals, maxSteps - this.#steps);
      if (totals.rows === 0) return { reason: 'stopped', logs };
      logs = totals.logs();
      if (site.validation) Object.assign(logs, await this.#validate(site, site.validation));
      this.#history.add(epoch, logs);
      progress.finish(logs);
      const finished = logs;
      if (callbacks.has('onEpochEnd')) await this.#callback(() => callbacks.call('onEpochEnd', epoch, finished));
      const reason = this.#after(result, totals);
      if (reason !== undefined) return { reason, logs };
    }
    return { reason: 'epochs', logs };
  }

  // All steps of one epoch, or those up to a reason to stop.
  async #epoch(site: Site, totals: Totals, steps: number): Promise<StepsResult> {
    const { callbacks, shuffle, stopWhen, signal } = this.#settings;
    const { seed, position } = this.#model;
    const { optimizer } = this.#compiled;
    const { batch, train } = this.#work;
    const n = train.inputs.count;
    const begun = { epochs: position.epochs + 1, steps: position.steps };
    const everyStep = callbacks.has('onBatchBegin', 'onBatchEnd');
    if (everyStep && !(await this.#batchBegin(0))) return { steps: 0, reason: 'stopped' };
    const call = {
      variables: site.bound.ids,
      data: [site.train.x, site.train.y],
      scalars: train.plan.scalars,
      batch,
      rows: [0, n] as const,
      order: shuffle ? { key: seed, epoch: position.epochs, n } : undefined,
      seed,
      iteration: position.steps,
      stop: { gradNormBelow: stopWhen.gradNormBelow },
      changes: site.changes,
    };
    const onChunk = async (chunk: Chunk): Promise<boolean> => {
      totals.add(chunk);
      // Where the model stands: what a callback that saves it will find.
      this.#model.position = { ...begun, steps: begun.steps + chunk.first + this.#completed(chunk) };
      this.#settings.progress.update(totals.rows, totals.logs());
      if (!everyStep) return !this.#model.stopTraining;
      const index = chunk.first + chunk.count - 1;
      await this.#callback(() => callbacks.call('onBatchEnd', index, totals.logs()));
      if (this.#model.stopTraining) return false;
      return totals.rows >= n || (await this.#batchBegin(index + 1));
    };
    const { engine } = site;
    // Found again by its bytes, unless callbacks have used so many others that it must be compiled anew.
    const plan = await engine.plan(train.plan.bytes, batch);
    const { reports } = train.plan;
    const result = await runSteps({
      engine,
      plan,
      call,
      reports,
      steps,
      updater: optimizer,
      onChunk,
      everyStep,
      signal,
    });
    this.#steps += result.steps;
    return result;
  }

  // The step at which a rule held reports its numbers but made no update.
  #completed(chunk: Chunk): number {
    const { gradNormBelow } = this.#settings.stopWhen;
    const held = gradNormBelow !== undefined && chunk.gradNorm(chunk.count - 1) < gradNormBelow;
    return chunk.count - (held ? 1 : 0);
  }

  async #batchBegin(index: number): Promise<boolean> {
    const { callbacks } = this.#settings;
    if (callbacks.has('onBatchBegin')) await this.#callback(() => callbacks.call('onBatchBegin', index));
    return !this.#model.stopTraining;
  }

  async #validate({ engine }: Site, fed: Fed): Promise<Record<string, number>> {
    const { validation, batch } = this.#work;
    const { plan, inputs } = validation as SentPart;
    const rows = [0, inputs.count] as const;
    const { signal } = this.#settings;
    const totals = await measure({ engine, plan, fed, rows, batch: Math.min(batch, inputs.count), signal });
    return totals.logs('val_');
  }

  #after(result: StepsResult, totals: Totals): StopReason | undefined {
    if (this.#model.stopTraining) return 'stopped';
    if (result.reason !== 'done') return result.reason;
    return this.#rules.after(totals.logs().loss as number);
  }

  #callback(call: () => Promise<void>): Promise<void> {
    return this.#model.gate.pause(call);
  }
}
