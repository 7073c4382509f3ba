// What every model is: layers that can be compiled, trained, evaluated, used and saved. How the layers hang together is
// the subclass's affair (`call`); which engine runs, nobody's here.

import type { Engine } from '../engine/engine.js';
import { beginLoading } from '../engine/load.js';
import { describeValue, fail } from '../errors.js';
import { cast } from '../graph/ops.js';
import type { Operand, Tensor } from '../graph/tensor.js';
import { currentTracer } from '../graph/trace.js';
import { writeFileAtomic } from '../io/atomic.js';
import type { CallOptions, Layer, Weight } from '../layers/index.js';
import { sampleShape } from '../layers/layer.js';
import type { Optimizer } from '../optimizers/index.js';
import { memoryOf } from '../optimizers/state.js';
import { checkSeed, defaultSeed } from '../seed.js';
import { assertOptions, type Config, type Unit } from '../units.js';
import { predictOnBatch, testOnBatch, trainOnBatch } from './batch.js';
import { type Batches, readArguments, type SampleBatches } from './batches.js';
import { Compiled, type CompileOptions } from './compiled.js';
import { countOf } from './count.js';
import { encodeModel, encodeWeights, type SaveOptions } from './encode.js';
import { type EvaluateOptions, evaluate } from './evaluate.js';
import { type FitOptions, runFit } from './fit.js';
import { Gate } from './gate.js';
import { hashOf } from './hash.js';
import type { History } from './history.js';
import { estimate, type MemoryEstimate, type MemoryOptions } from './memory.js';
import { type Prediction, type PredictOptions, predict } from './predict.js';
import type { ArrayLikeData } from './rows.js';
import type { SampleWeights } from './sample-weights.js';
import { summaryLines } from './summary.js';
import { readWeights, type WeightData, writeWeights } from './weights.js';

/** Options of every model. */
export interface NetworkOptions {
  /** Default: its class in lower case. */
  name?: string;
  /** Governs all of the model's randomness: first weights, shuffling, dropout. Default: `setSeed`'s, else by chance. */
  seed?: number;
}

/** How far training has come: what random numbers depend on besides the seed. */
export interface Position {
  /** Epochs begun in the life of the model. */
  epochs: number;
  /** Training steps made in the life of the model. */
  steps: number;
}

/** A model of any form. */
export abstract class Network implements Unit {
  readonly name: string;
  #seed: number;
  /** Set to true in a callback, ends training after the present step. */
  stopTraining = false;
  /** @internal */
  readonly gate: Gate = new Gate();
  /** @internal */
  position: Position = { epochs: 0, steps: 0 };
  #compiled: Compiled | undefined;
  #disposed = false;

  constructor(options: NetworkOptions, defaultName: string) {
    assertOptions(defaultName, options, ['name', 'seed']);
    const { name = defaultName, seed } = options;
    if (typeof name !== 'string' || name === '') {
      throw fail('INVALID_VALUE', 'model name', 'a text', describeValue(name));
    }
    this.name = name;
    this.#seed = seed === undefined ? defaultSeed() : checkSeed(seed, 'model seed');
  }

  /** The seed of all the model's randomness: given, or drawn when it was made. */
  get seed(): number {
    return this.#seed;
  }

  /** @internal Takes up the randomness of a run that was begun with another seed. */
  reseed(seed: number): void {
    this.#seed = checkSeed(seed, 'model seed');
  }

  /** The layers, in order. */
  abstract get layers(): readonly Layer[];

  /** Whether the shapes of its weights are known. */
  abstract get built(): boolean;

  /** The shape of one sample. Throws NOT_BUILT. */
  abstract get inputShape(): readonly number[];

  /** The shapes that the layers give, in their order. */
  abstract get outputShapes(): readonly (readonly number[])[];

  /** Declares the weights for samples of `inputShape`, where no layer says it. Done by the first `fit` by itself. */
  abstract build(inputShape?: readonly number[]): void;

  /** @internal Takes back a `build`. */
  abstract unbuild(): void;

  /** The model on samples, in terms of ops. */
  abstract call(x: Tensor, options: CallOptions): Tensor;

  abstract getConfig(): Config;

  /** The model on `x` inside a traced function, for loops of your own: `loss.apply(y, model.apply(x))`. */
  apply(x: Operand, options: Partial<CallOptions> = {}): Tensor {
    this.assertAlive();
    const input = cast(currentTracer(this.name).operand(x, this.name), 'float32');
    if (!this.built) this.build(sampleShape(input.shape, this.name));
    return this.call(input, { training: options.training ?? false });
  }

  /**
   * The penalties of regularizers, for loops of your own, which add them to the loss: those of trainable weights, and
   * those of the outputs of all layers that were applied before in the same traced function.
   */
  penalties(): Tensor[] {
    const tracer = currentTracer('penalties');
    const weights = this.trainableWeights.flatMap((weight) => weight.regularizer?.call(tracer.variable(weight)) ?? []);
    return [...weights, ...tracer.penalties];
  }

  /** All weights in layer order. */
  get weights(): readonly Weight[] {
    return [...new Set(this.layers)].flatMap((layer) => layer.weights);
  }

  /** The weights that training changes, in layer order. */
  get trainableWeights(): readonly Weight[] {
    const layers = [...new Set(this.layers)].filter((layer) => layer.trainable);
    return layers.flatMap((layer) => layer.weights.filter((weight) => weight.trainable));
  }

  /** Number of numbers in all weights. Throws NOT_BUILT. */
  countParams(): number {
    this.assertBuilt('countParams');
    return countOf(this.weights);
  }

  /**
   * Says how to train: optimizer, loss, metrics. Where the engine has to be fetched (browsers), that begins now, so what
   * `ready` is to choose is best chosen before. Throws UNKNOWN_NAME, UNKNOWN_OPTION, BUSY.
   */
  compile(options: CompileOptions): void {
    this.assertAlive();
    this.gate.assertFree('compile');
    this.#compiled = new Compiled(options);
    beginLoading();
  }

  /** The optimizer that `compile` was given. Throws NOT_COMPILED. */
  get optimizer(): Optimizer {
    return this.compiled('optimizer').optimizer;
  }

  /** @internal */
  compiled(what: string): Compiled {
    if (this.#compiled) return this.#compiled;
    throw fail('NOT_COMPILED', what, 'a compiled model', 'one without optimizer and loss', 'call compile first');
  }

  /** @internal */
  get compiledOrNone(): Compiled | undefined {
    return this.#compiled;
  }

  /**
   * Trains. `x` and `y` are copied at once and may be changed afterwards. Rejects with a DescendError, with what a
   * callback threw, or with the signal's reason; the model is then as after its last completed step.
   */
  fit(x: ArrayLikeData, y: ArrayLikeData, options?: FitOptions): Promise<History>;
  /**
   * Trains on a stream, each of whose batches is a step. It is iterated once per epoch (a `Dataset` in the order of that
   * epoch), or on and on with `stepsPerEpoch`; an epoch ends where it ends. Batches are read some megabytes ahead of the
   * steps. What it throws rejects the call, after the steps before; it is closed (`return`) when training ends early.
   */
  fit(batches: Batches, options?: FitOptions): Promise<History>;
  async fit(x: ArrayLikeData | Batches, y?: ArrayLikeData | FitOptions, options?: FitOptions): Promise<History> {
    this.assertAlive();
    const [targets, chosen] = readArguments(x, y, options, 'fit');
    return await this.gate.exclusive('fit', () => runFit(this, x, targets, chosen));
  }

  /** The mean loss and the metrics over samples. */
  evaluate(x: ArrayLikeData, y: ArrayLikeData, options?: EvaluateOptions): Promise<Record<string, number>>;
  /** The same over the batches of a stream, iterated once. */
  evaluate(batches: Batches, options?: EvaluateOptions): Promise<Record<string, number>>;
  async evaluate(
    x: ArrayLikeData | Batches,
    y?: ArrayLikeData | EvaluateOptions,
    options?: EvaluateOptions,
  ): Promise<Record<string, number>> {
    this.assertAlive();
    const [targets, chosen] = readArguments(x, y, options, 'evaluate');
    return await this.gate.shared('evaluate', () => evaluate(this, x, targets, chosen));
  }

  /**
   * Makes one step on these samples, all of them one batch, and gives their loss and metrics as they were before it. For
   * loops of one's own, such as learning from each request; `fit` is faster over many batches.
   */
  async trainOnBatch(x: ArrayLikeData, y: ArrayLikeData, weights: SampleWeights = {}): Promise<Record<string, number>> {
    this.assertAlive();
    return await this.gate.exclusive('trainOnBatch', () => trainOnBatch(this, x, y, weights));
  }

  /** The loss and the metrics over these samples, all of them one batch. */
  async testOnBatch(
    x: ArrayLikeData,
    y: ArrayLikeData,
    weights: Pick<SampleWeights, 'sampleWeight'> = {},
  ): Promise<Record<string, number>> {
    this.assertAlive();
    return await this.gate.shared('testOnBatch', () => testOnBatch(this, x, y, weights));
  }

  /** The outputs for samples, or for a stream of batches of them, in order. */
  async predict(x: ArrayLikeData | SampleBatches, options: PredictOptions = {}): Promise<Prediction> {
    this.assertAlive();
    return await this.gate.shared('predict', () => predict(this, x, options));
  }

  /** The outputs for samples, all of them one batch. */
  async predictOnBatch(x: ArrayLikeData): Promise<Prediction> {
    this.assertAlive();
    return await this.gate.shared('predictOnBatch', () => predictOnBatch(this, x));
  }

  /**
   * What training, or predicting, takes of the engine's memory, before any of it is taken: exactly what `fit` holds while
   * it trains without validation, and `predict`, on weights that have their values, while it predicts. Throws NOT_BUILT,
   * NOT_COMPILED, and INVALID_SHAPE or OUT_OF_MEMORY for what no memory could hold.
   */
  async memory(options: MemoryOptions = {}): Promise<MemoryEstimate> {
    this.assertBuilt('memory');
    return await estimate(this, options);
  }

  /** Copies of all weights in layer order. Throws NOT_BUILT. */
  async getWeights(): Promise<WeightData[]> {
    this.assertBuilt('getWeights');
    return await this.gate.shared('getWeights', () => readWeights(this.weights));
  }

  /** Sets all weights, in layer order; names do not matter, shapes do. Throws SHAPE_MISMATCH and then changes none. */
  async setWeights(weights: readonly (ArrayLikeData | WeightData)[]): Promise<void> {
    this.assertBuilt('setWeights');
    await this.gate.brief('setWeights', () => writeWeights(this.weights, weights));
  }

  /** SHA-256 in hex of all weights in layer order, as little-endian float32 with one NaN. Throws NOT_BUILT. */
  async hash(): Promise<string> {
    this.assertBuilt('hash');
    const weights = await this.gate.shared('hash', () => readWeights(this.weights));
    return await hashOf(weights.map(({ data }) => data));
  }

  /** The whole model as one safetensors file: architecture, weights, optimizer with its state, random position. */
  async toBytes(options: SaveOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    this.assertAlive();
    return await this.gate.shared('toBytes', () => encodeModel(this, options));
  }

  /** Writes `toBytes` to a file, which is replaced in one moment. Throws FILE_IO. */
  async save(path: string | URL, options: SaveOptions = {}): Promise<void> {
    this.assertAlive();
    await this.gate.shared('save', async () => writeFileAtomic(path, await encodeModel(this, options)));
  }

  /** Writes the weights alone to a file, by their names, for `loadWeights` and any reader of safetensors. Throws FILE_IO. */
  async saveWeights(path: string | URL): Promise<void> {
    this.assertBuilt('saveWeights');
    await this.gate.shared('saveWeights', async () => writeFileAtomic(path, await encodeWeights(this)));
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
    if (this.#compiled) memoryOf(this.#compiled.optimizer).forget(this.weights);
    for (const weight of this.weights) weight.dispose();
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

// `using model = new Sequential(…)` where the runtime knows it.
if (Symbol.dispose) {
  Object.defineProperty(Network.prototype, Symbol.dispose, { value: Network.prototype.dispose });
}
