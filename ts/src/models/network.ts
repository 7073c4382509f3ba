// What every model is: layers that can be compiled, trained, evaluated, used and saved. How the layers hang together is
// the subclass's affair (`call`); which engine runs, nobody's here.

import { later } from '../bring.js';
import type { Engine } from '../engine/engine.js';
import { beginLoading } from '../engine/load.js';
import { fail } from '../errors.js';
import type { Tensor } from '../graph/tensor.js';
import type { Several } from '../layers/layer.js';
import type { Optimizer } from '../optimizers/index.js';
import { memoryOf } from '../optimizers/state.js';
import { predictOnBatch, testOnBatch, trainOnBatch } from './batch.js';
import { type Batches, readArguments, type SampleBatches } from './batches.js';
import { Compilation } from './compilation.js';
import { type Compiled, type CompileOptions, compiledOf } from './compiled.js';
import { Composite, type NetworkOptions } from './composite.js';
import { countOf } from './count.js';
import type { SaveOptions } from './encode.js';
import { type EvaluateOptions, evaluate } from './evaluate.js';
import { type FitOptions, runFit } from './fit.js';
import { Gate } from './gate.js';
import type { History } from './history.js';
import type { MemoryEstimate, MemoryOptions } from './memory.js';
import type { Position } from './position.js';
import { type Prediction, type PredictOptions, predict } from './predict.js';
import type { ArrayLikeData, ArraysLikeData } from './rows.js';
import type { SampleWeights } from './sample-weights.js';
import { summaryLines } from './summary.js';
import { type WeightData, weightData, writeWeights } from './weights.js';

/**
 * A model of any form. `Outputs` is what it predicts: one array, or several. Where the engine has to be fetched (browsers),
 * that begins when a model is made, so what `ready` is to choose is best chosen before.
 */
export abstract class Network<
  In extends Several = Tensor,
  Out extends Several = Tensor,
  Outputs = Prediction,
> extends Composite<In, Out, Outputs> {
  /** Set to true in a callback, ends training after the present step. */
  stopTraining = false;
  /** @internal */
  readonly gate: Gate = new Gate();
  /** @internal */
  position: Position = { epochs: 0, steps: 0 };
  readonly #compilation = new Compilation();
  #disposed = false;

  constructor(options: NetworkOptions) {
    super(options);
    beginLoading();
  }

  /** Number of numbers in all weights. Throws NOT_BUILT. */
  countParams(): number {
    this.assertBuilt('countParams');
    return countOf(this.weights);
  }

  /**
   * Says how to train: optimizer, loss, metrics. Throws UNKNOWN_NAME, UNKNOWN_OPTION, BUSY.
   *
   * Where descend is fetched, names of which few applications have use are fetched when they are met: `fit` and the others
   * wait for them, `optimizer` throws PART_MISSING meanwhile. Objects, such as `new Lion()`, are there at once.
   */
  compile(options: CompileOptions): void {
    this.assertAlive();
    this.gate.assertFree('compile');
    this.#compilation.take(() => this.read(options));
  }

  /** @internal What `compile` was given. */
  protected read(options: CompileOptions): Compiled {
    return compiledOf(options);
  }

  /** The optimizer that `compile` was given. Throws NOT_COMPILED. */
  get optimizer(): Optimizer {
    return this.compiled('optimizer').optimizer;
  }

  /** @internal */
  compiled(what: string): Compiled {
    return this.#compilation.for(what);
  }

  /** @internal */
  get compiledOrNone(): Compiled | undefined {
    return this.#compilation.known;
  }

  /**
   * Trains. `x` and `y` are copied at once and may be changed afterwards. Rejects with a DescendError, with what a
   * callback threw, or with the signal's reason; the model is then as after its last completed step.
   */
  fit(x: ArraysLikeData, y: ArraysLikeData, options?: FitOptions): Promise<History>;
  /**
   * Trains on a stream, each of whose batches is a step. It is iterated once per epoch (a `Dataset` in the order of that
   * epoch), or on and on with `stepsPerEpoch`; an epoch ends where it ends. Batches are read some megabytes ahead of the
   * steps. What it throws rejects the call, after the steps before; it is closed (`return`) when training ends early.
   */
  fit(batches: Batches, options?: FitOptions): Promise<History>;
  async fit(x: ArraysLikeData | Batches, y?: ArraysLikeData | FitOptions, options?: FitOptions): Promise<History> {
    this.assertAlive();
    const [targets, chosen] = readArguments(x, y, options, 'fit');
    return await this.#exclusive('fit', [x, targets, chosen], runFit);
  }

  /** The mean loss and the metrics over samples. */
  evaluate(x: ArraysLikeData, y: ArraysLikeData, options?: EvaluateOptions): Promise<Record<string, number>>;
  /** The same over the batches of a stream, iterated once. */
  evaluate(batches: Batches, options?: EvaluateOptions): Promise<Record<string, number>>;
  async evaluate(
    x: ArraysLikeData | Batches,
    y?: ArraysLikeData | EvaluateOptions,
    options?: EvaluateOptions,
  ): Promise<Record<string, number>> {
    this.assertAlive();
    const [targets, chosen] = readArguments(x, y, options, 'evaluate');
    return await this.#shared('evaluate', [x, targets, chosen], evaluate);
  }

  /**
   * Makes one step on these samples, all of them one batch, and gives their loss and metrics as they were before it. For
   * loops of one's own, such as learning from each request; `fit` is faster over many batches. As in Keras, classes of layers,
   * losses and metrics are asked what they do at the first batch of its shapes, and again after `compile` or when weights
   * are frozen or thawed; functions at every batch.
   */
  async trainOnBatch(
    x: ArraysLikeData,
    y: ArraysLikeData,
    weights: SampleWeights = {},
  ): Promise<Record<string, number>> {
    this.assertAlive();
    return await this.#exclusive('trainOnBatch', [x, y, weights], trainOnBatch);
  }

  /** The loss and the metrics over these samples, all of them one batch. */
  async testOnBatch(
    x: ArraysLikeData,
    y: ArraysLikeData,
    weights: Pick<SampleWeights, 'sampleWeight'> = {},
  ): Promise<Record<string, number>> {
    this.assertAlive();
    return await this.#shared('testOnBatch', [x, y, weights], testOnBatch);
  }

  /** The outputs for samples, or for a stream of batches of them, in order. */
  async predict(x: ArraysLikeData | SampleBatches, options: PredictOptions = {}): Promise<Outputs> {
    this.assertAlive();
    return this.arrange(await this.#shared('predict', [x, options], predict));
  }

  /** The outputs for samples, all of them one batch. */
  async predictOnBatch(x: ArraysLikeData): Promise<Outputs> {
    this.assertAlive();
    return this.arrange(await this.#shared('predictOnBatch', [x], predictOnBatch));
  }

  /**
   * What training, or predicting, takes of the engine's memory, before any of it is taken: exactly what `fit` holds while
   * it trains without validation, and `predict`, on weights that have their values, while it predicts. Throws NOT_BUILT,
   * NOT_COMPILED, and INVALID_SHAPE or OUT_OF_MEMORY for what no memory could hold.
   */
  async memory(options: MemoryOptions = {}): Promise<MemoryEstimate> {
    this.assertBuilt('memory');
    const work = async () => (await later()).estimate(this.#self, options);
    return await this.#compilation.after([], work);
  }

  /** Copies of all weights in layer order. Throws NOT_BUILT. */
  async getWeights(): Promise<WeightData[]> {
    this.assertBuilt('getWeights');
    return await this.gate.shared('getWeights', () => weightData(this.names));
  }

  /** Sets all weights, in layer order; names do not matter, shapes do. Throws SHAPE_MISMATCH and then changes none. */
  async setWeights(weights: readonly (ArrayLikeData | WeightData)[]): Promise<void> {
    this.assertBuilt('setWeights');
    await this.gate.brief('setWeights', () => writeWeights(this.names, weights));
  }

  /** SHA-256 in hex of all weights in layer order, as little-endian float32 with one NaN. Throws NOT_BUILT. */
  async hash(): Promise<string> {
    this.assertBuilt('hash');
    const weights = await this.gate.shared('hash', () => weightData(this.names));
    return await (await later()).hashOf(weights.map(({ data }) => data));
  }

  /** The whole model as one safetensors file: architecture, weights, optimizer with its state, random position. */
  async toBytes(options: SaveOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    this.assertAlive();
    return await this.#shared('toBytes', [options], encodeModel);
  }

  /** Writes `toBytes` to a file, which is replaced in one moment. Throws FILE_IO. */
  async save(path: string | URL, options: SaveOptions = {}): Promise<void> {
    this.assertAlive();
    await this.#shared('save', [options], async (model, options) => {
      await (await later()).writeFile(path, await encodeModel(model, options));
    });
  }

  /** Writes the weights alone to a file, by their names, for `loadWeights` and any reader of safetensors. Throws FILE_IO. */
  async saveWeights(path: string | URL): Promise<void> {
    this.assertBuilt('saveWeights');
    await this.gate.shared('saveWeights', async () => {
      const { encodeWeights, writeFile } = await later();
      await writeFile(path, await encodeWeights(this.#self));
    });
  }

  /** Prints a table of the layers, line by line. */
  summary(print: (line: string) => void = console.log): void {
    this.assertAlive();
    for (const line of summaryLines(this.name, this.layers, this.outputShapes)) print(line);
  }

  /** Frees the weights and the optimizer's state now; every later use throws DISPOSED. Throws BUSY during a call. */
  dispose(): void {
    if (this.#disposed) return;
    this.gate.assertFree('dispose');
    this.#disposed = true;
    const { known } = this.#compilation;
    if (known) memoryOf(known.optimizer).forget(this.weights);
    for (const weight of this.weights) weight.dispose();
  }

  // Runs what looks at neither types of inputs nor of outputs, alone or beside others, once what `compile` named is here.
  #exclusive<Given extends unknown[], T>(what: string, given: Given, work: Work<Given, T>): Promise<T> {
    const [model, compilation] = [this.#self, this.#compilation];
    return this.gate.exclusive(what, () => compilation.after(given, (...given) => work(model, ...given)));
  }

  #shared<Given extends unknown[], T>(what: string, given: Given, work: Work<Given, T>): Promise<T> {
    const [model, compilation] = [this.#self, this.#compilation];
    return this.gate.shared(what, () => compilation.after(given, (...given) => work(model, ...given)));
  }

  get #self(): Network {
    return this as unknown as Network;
  }

  /** @internal The engine that the weights are on, if they are on one. */
  get engine(): Engine | undefined {
    return this.weights.find((weight) => weight.engine !== undefined)?.engine;
  }

  /** @internal */
  assertAlive(): void {
    if (this.#disposed) throw fail('DISPOSED', this.name, 'a model that is alive', 'one that was disposed of');
  }

  /** @internal */
  assertBuilt(what: string): void {
    this.assertAlive();
    if (this.built) return;
    const hint = 'give the first layer an inputShape, or call build(inputShape)';
    throw fail('NOT_BUILT', what, 'a model that knows its input shape', 'one that does not', hint);
  }
}

type Work<Given extends unknown[], T> = (model: Network, ...given: Given) => Promise<T>;

async function encodeModel(model: Network, options: SaveOptions): Promise<Uint8Array<ArrayBuffer>> {
  return await (await later()).encodeModel(model, options);
}

// `using model = new Sequential(…)` where the runtime knows it.
if (Symbol.dispose) {
  Object.defineProperty(Network.prototype, Symbol.dispose, { value: Network.prototype.dispose });
}
