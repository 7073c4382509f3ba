// A run of fit under way: epoch after epoch, what is reported, when it ends, and where the model stands meanwhile.

import type { CallbackHooks, Hook } from '../callbacks/hooks.js';
import type { CallbackList } from '../callbacks/list.js';
import type { Engine } from '../engine/engine.js';
import { type Chunk, Pace, runSteps, type StepsResult } from '../engine/loop.js';
import { fail } from '../errors.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { changedBy } from '../optimizers/state.js';
import { type BoundSlots, bindSlots, engineOf } from '../slots.js';
import type { Variable } from '../variable.js';
import type { Compiled } from './compiled.js';
import { measure } from './evaluate.js';
import type { Piece, Visit } from './feed.js';
import type { Part, Settings, Work } from './fit.js';
import { EpochRules, type History, HistoryBuilder, type StopReason } from './history.js';
import type { Network } from './network.js';
import type { Traced } from './plans.js';
import type { Progression, Run, Standing, Terms } from './standing.js';
import { Totals } from './totals.js';

/** What a run needs of its engine. */
interface Site {
  readonly engine: Engine;
  readonly bound: BoundSlots;
  /** Buffers that steps change. */
  readonly changes: readonly number[];
  readonly pace: Pace;
}

/** The buffers that steps of a plan change. */
export async function changedIn(
  engine: Engine,
  optimizer: Optimizer,
  { trainableWeights }: Network,
  { assigned }: Traced,
): Promise<number[]> {
  const changed = [...changedBy(optimizer, trainableWeights), ...(assigned as readonly Variable[])];
  return await Promise.all(changed.map((variable) => variable.place(engine)));
}

/** One call of fit. */
export class Training implements Run {
  readonly model: Network;
  readonly compiled: Compiled;
  readonly #settings: Settings;
  readonly #work: Work;
  readonly #history = new HistoryBuilder();
  readonly #rules: EpochRules;
  #at: Progression = { epoch: 0, begun: false, batch: 0, row: 0, taken: 0, steps: 0, reason: null };
  #totals: Totals;
  #logs: Record<string, number> = {};

  constructor(model: Network, compiled: Compiled, settings: Settings, work: Work) {
    this.model = model;
    this.compiled = compiled;
    this.#settings = settings;
    this.#work = work;
    this.#rules = new EpochRules(settings.stopWhen);
    this.#totals = new Totals(work.train.plan.measured);
    this.#at.epoch = settings.initialEpoch;
  }

  /** Runs to the end. */
  async run(): Promise<History> {
    const { signal, progress } = this.#settings;
    signal?.throwIfAborted();
    const engine = await engineOf(this.model.weights);
    const site = await this.#arrive(engine);
    try {
      await this.#enter();
      const reason = await this.#epochs(site);
      await this.#call('onTrainEnd', this.#logs);
      await this.#pause(() => this.#finalize());
      await this.#pause(async () => {
        for (const keeper of this.callbacks.keepers) await keeper.finish();
      });
      return this.#history.finish(this.#at.steps, reason);
    } finally {
      progress.end();
      site.bound.free();
    }
  }

  /** As Keras, leaves the model with the mean of its weights where the optimizer was asked for one. */
  async #finalize(): Promise<void> {
    const { optimizer } = this.compiled;
    if (optimizer.around.ema) await optimizer.finalizeVariableValues(this.model.trainableWeights);
  }

  get callbacks(): CallbackList {
    return this.#settings.callbacks;
  }

  get terms(): Terms {
    const { shuffle, stepsPerEpoch } = this.#settings;
    const { rows, batch } = this.#work.train.feed;
    return { samples: rows ?? null, batchSize: batch ?? null, stepsPerEpoch: stepsPerEpoch ?? null, shuffle };
  }

  standing(): Standing {
    const { stopTraining } = this.model;
    const [totals, logs] = [this.#totals.state, { ...this.#logs }];
    return { ...this.#at, stopTraining, totals, logs, history: this.#history.state, rules: this.#rules.state };
  }

  resume({ stopTraining, totals, logs, history, rules, ...at }: Standing): void {
    this.#at = at;
    this.#totals.state = totals;
    this.#logs = logs;
    this.#history.state = history;
    this.#rules.state = rules;
    this.model.stopTraining = stopTraining;
    if (at.begun) this.#announce();
  }

  async #arrive(engine: Engine): Promise<Site> {
    const changes = await changedIn(engine, this.compiled.optimizer, this.model, this.#work.train.plan);
    const bound = await bindSlots(engine, this.#work.train.plan.slots);
    return { engine, bound, changes, pace: new Pace(this.callbacks.everyStep) };
  }

  async #enter(): Promise<void> {
    const { epochs, verbose } = this.#settings;
    const { train, validation } = this.#work;
    const steps = this.#settings.stepsPerEpoch ?? train.feed.batches;
    await this.callbacks.enter(this.model, { epochs, steps, verbose, validation: validation !== undefined });
    await this.#call('onTrainBegin');
    await this.#pause(async () => {
      for (const keeper of this.callbacks.keepers) await keeper.resume(this);
    });
  }

  async #epochs(site: Site): Promise<StopReason> {
    const { epochs, stopWhen } = this.#settings;
    while (this.#at.epoch < epochs && this.#at.reason === null) {
      if (!this.#at.begun) {
        if (this.#at.steps >= (stopWhen.maxSteps ?? Number.POSITIVE_INFINITY)) return 'maxSteps';
        await this.#beginEpoch(site);
      }
      const reason = await this.#steps(site);
      if (this.#at.batch === 0) return 'stopped';
      await this.#endEpoch(site, reason);
    }
    return this.#at.reason ?? 'epochs';
  }

  #announce(): void {
    const { epochs, stepsPerEpoch, progress } = this.#settings;
    const { rows, batch } = this.#work.train.feed;
    const samples = rows && Math.min(rows, (stepsPerEpoch ?? rows) * (batch ?? 1));
    progress.begin(`Epoch ${this.#at.epoch + 1}/${epochs}`, samples);
  }

  async #beginEpoch(site: Site): Promise<void> {
    const { feed } = this.#work.train;
    if (this.#at.taken > 0 && (await feed.isOver(this.#visit(site)))) Object.assign(this.#at, { row: 0, taken: 0 });
    this.#announce();
    await this.#call('onEpochBegin', this.#at.epoch);
    this.#totals = new Totals(this.#work.train.plan.measured);
    this.#at.begun = true;
  }

  async #endEpoch(site: Site, reason: StepsResult['reason']): Promise<void> {
    const at = this.#at;
    const logs = this.#totals.logs();
    const { loss } = logs;
    const { validation } = this.#work;
    if (validation && this.#settings.validates(at.epoch)) Object.assign(logs, await this.#validate(site, validation));
    this.#settings.progress.finish(logs);
    await this.#call('onEpochEnd', at.epoch, logs);
    this.#history.add(at.epoch, logs);
    this.#logs = logs;
    at.reason = this.#reasonAfter(reason, loss as number);
    this.#at = { ...at, epoch: at.epoch + 1, begun: false, batch: 0 };
    await this.#keep('epoch');
  }

  #reasonAfter(reason: StepsResult['reason'], loss: number): StopReason | null {
    if (this.model.stopTraining) return 'stopped';
    return (reason === 'done' ? this.#rules.after(loss) : reason) ?? null;
  }

  // What is left of the epoch. No more steps are asked for than may be made, so no batch of a stream is lost between epochs.
  #visit({ engine }: Site): Visit {
    const { shuffle, stopWhen, signal } = this.#settings;
    const { maxSteps = Number.POSITIVE_INFINITY } = stopWhen;
    const { row, taken } = this.#at;
    const steps = Math.min(this.#stepsLeft, maxSteps - this.#at.steps);
    return { engine, pass: this.#pass, row, taken, steps, key: shuffle ? this.model.seed : undefined, signal };
  }

  get #stepsLeft(): number {
    return (this.#settings.stepsPerEpoch ?? Number.POSITIVE_INFINITY) - this.#at.batch;
  }

  // The steps of an epoch that are left, or those up to a reason to stop.
  async #steps(site: Site): Promise<StepsResult['reason']> {
    if (this.model.stopTraining) return 'stopped';
    const { feed } = this.#work.train;
    const { maxSteps = Number.POSITIVE_INFINITY } = this.#settings.stopWhen;
    for await (const piece of feed.pieces(this.#visit(site))) {
      if (this.callbacks.everyStep && !(await this.#batchBegin())) return 'stopped';
      const reason = await this.#run(site, piece);
      if (reason !== 'done') return reason;
    }
    const { batch, taken, steps } = this.#at;
    if (batch === 0) throw fail('INVALID_VALUE', 'fit', 'at least one batch in every epoch', 'none');
    const whole = this.#stepsLeft <= 0 || taken >= (feed.batches ?? Number.POSITIVE_INFINITY);
    return steps >= maxSteps && !whole ? 'maxSteps' : 'done';
  }

  async #run({ engine, bound, changes, pace }: Site, piece: Piece): Promise<StepsResult['reason']> {
    const { stopWhen, signal } = this.#settings;
    const { plan } = this.#work.train;
    const { seed, position } = this.model;
    const { everyStep } = this.callbacks;
    const { reason } = await runSteps({
      engine,
      // Found again by its bytes, unless callbacks have used so many others that it must be compiled anew.
      plan: await engine.plan(plan.bytes, piece.batch),
      call: {
        ...piece,
        variables: bound.ids,
        scalars: plan.scalars,
        seed,
        iteration: position.steps,
        stop: { gradNormBelow: stopWhen.gradNormBelow },
        changes,
      },
      reports: plan.reports,
      updater: this.compiled.optimizer,
      onChunk: this.#onChunk(piece),
      everyStep,
      until: () => Math.min(...this.callbacks.keepers.map((keeper) => keeper.stepsLeft())),
      pace,
      signal,
    });
    return reason;
  }

  // The number of the pass over the data, in the life of the model.
  get #pass(): number {
    return this.model.position.epochs - (this.#at.row === 0 ? 0 : 1);
  }

  #onChunk({ rows: [from, to] }: Piece): (chunk: Chunk) => Promise<boolean> {
    const first = { ...this.#at };
    const { everyStep } = this.callbacks;
    const end = first.row + to - from;
    const begun = { epochs: this.#pass + 1, steps: this.model.position.steps };
    return async (chunk) => {
      const { rows } = this.#totals;
      this.#totals.add(chunk);
      const completed = this.#completed(chunk);
      this.#at.row += this.#totals.rows - rows;
      this.#at.batch = first.batch + chunk.first + chunk.count;
      this.#at.taken = first.taken + chunk.first + chunk.count;
      this.#at.steps = first.steps + chunk.first + completed;
      // Where the model stands: what a callback that saves it will find.
      this.model.position = { ...begun, steps: begun.steps + chunk.first + completed };
      this.#settings.progress.update(this.#totals.rows, this.#totals.logs());
      if (everyStep) await this.#batchEnd();
      if (completed === chunk.count) await this.#keep(completed);
      if (!everyStep || this.#at.row >= end) return !this.model.stopTraining;
      return !this.model.stopTraining && (await this.#batchBegin());
    };
  }

  // The step at which a rule held reports its numbers but made no update.
  #completed(chunk: Chunk): number {
    const { gradNormBelow } = this.#settings.stopWhen;
    const held = gradNormBelow !== undefined && chunk.gradNorm(chunk.count - 1) < gradNormBelow;
    return chunk.count - (held ? 1 : 0);
  }

  async #batchBegin(): Promise<boolean> {
    await this.#call('onBatchBegin', this.#at.batch);
    await this.#call('onTrainBatchBegin', this.#at.batch);
    return !this.model.stopTraining;
  }

  async #batchEnd(): Promise<void> {
    await this.#call('onBatchEnd', this.#at.batch - 1, this.#totals.logs());
    await this.#call('onTrainBatchEnd', this.#at.batch - 1, this.#totals.logs());
  }

  async #validate({ engine }: Site, { plan, feed }: Part): Promise<Record<string, number>> {
    const { signal, validationSteps: steps } = this.#settings;
    await this.#call('onTestBegin');
    const totals = await measure({ model: this.model, engine, plan, feed, steps, signal });
    await this.#call('onTestEnd', totals.logs());
    return totals.logs('val_');
  }

  async #call<H extends Hook>(hook: H, ...args: Parameters<NonNullable<CallbackHooks[H]>>): Promise<void> {
    if (this.callbacks.has(hook)) await this.#pause(() => this.callbacks.call(hook, ...args));
  }

  async #keep(steps: number | 'epoch'): Promise<void> {
    for (const keeper of this.callbacks.keepers) await this.#pause(() => keeper.keep(this, steps));
  }

  #pause(callback: () => Promise<void>): Promise<void> {
    return this.model.gate.pause(callback);
  }
}
