// What every model is: layers that can be compiled, trained, evaluated, used and saved. How the layers hang together is
// the subclass's affair (`call`); which engine runs, nobody's here.

import type { DType } from '../data/typed.js';
import type { Engine } from '../engine/engine.js';
import { beginLoading } from '../engine/load.js';
import { describeValue, fail } from '../errors.js';
import type { Tensor } from '../graph/tensor.js';
import { currentTracer, type Tracer } from '../graph/trace.js';
import { writeFile } from '../io/file.js';
import type { CallOptions, Weight } from '../layers/index.js';
import { Layer, listOf, type Several } from '../layers/layer.js';
import type { Optimizer } from '../optimizers/index.js';
import { memoryOf } from '../optimizers/state.js';
import { checkSeed, defaultSeed } from '../seed.js';
import { assertOptions, type Config, type Serialized, serialize, type Unit } from '../units.js';
import { predictOnBatch, testOnBatch, trainOnBatch } from './batch.js';
import { type Batches, readArguments, type SampleBatches } from './batches.js';
import { type Compiled, type CompileOptions, compiledOf } from './compiled.js';
import { countOf } from './count.js';
import { encodeModel, encodeWeights, type SaveOptions } from './encode.js';
import { type EvaluateOptions, evaluate } from './evaluate.js';
import { type FitOptions, runFit } from './fit.js';
import { Gate } from './gate.js';
import { hashOf } from './hash.js';
import type { History } from './history.js';
import { estimate, type MemoryEstimate, type MemoryOptions } from './memory.js';
import type { Position } from './position.js';
import { type Prediction, type PredictOptions, predict } from './predict.js';
import { type ArrayLikeData, type ArraysLikeData, inputsOf, type Rows, targetsOf } from './rows.js';
import { type SampleWeights, weightsOf } from './sample-weights.js';
import { summaryLines } from './summary.js';
import { type WeightData, weightData, writeWeights } from './weights.js';

/** Options of every model. */
export interface NetworkOptions {
  /** Default: its class in lower case. */
  name?: string;
  /** Whether training changes any of its weights. Default true. */
  trainable?: boolean;
  /** Governs all of the model's randomness: first weights, shuffling, dropout. Default: `setSeed`'s, else by chance. */
  seed?: number;
}

/** A model of any form. `Outputs` is what it predicts: one array, or several. */
export abstract class Network<
  In extends Several = Tensor,
  Out extends Several = Tensor,
  Outputs = Prediction,
> extends Layer<In, Out> {
  #seed: number;
  /** Whether the seed was given, not drawn. */
  readonly #seeded: boolean;
  /** Set to true in a callback, ends training after the present step. */
  stopTraining = false;
  /** @internal */
  readonly gate: Gate = new Gate();
  /** @internal */
  position: Position = { epochs: 0, steps: 0 };
  #compiled: Compiled | undefined;
  #disposed = false;

  constructor(options: NetworkOptions) {
    assertOptions('model', options, ['name', 'seed', 'trainable']);
    const { seed, ...others } = options;
    super(others);
    this.#seed = seed === undefined ? defaultSeed() : checkSeed(seed, 'model seed');
    this.#seeded = seed !== undefined;
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
  abstract override get layers(): readonly Layer[];

  /** Whether the shapes of its weights are known. */
  abstract override get built(): boolean;

  /** The shape of one sample. Throws NOT_BUILT. */
  abstract override get inputShape(): readonly number[];

  /** @internal The same for each input. */
  get inputShapes(): readonly (readonly number[])[] {
    return [this.inputShape];
  }

  /** @internal The shape that a file has to say, if any. */
  get savedShape(): readonly number[] | null {
    return this.built ? this.inputShape : null;
  }

  /** @internal As what the layers see each input. */
  get inputDtypes(): readonly DType[] {
    return ['float32'];
  }

  /** The shapes that the layers give, in their order. */
  abstract get outputShapes(): readonly (readonly number[])[];

  /** @internal The shape of one prediction of each output. */
  get resultShapes(): readonly (readonly number[])[] {
    return [this.outputShapes.at(-1) ?? []];
  }

  /** @internal The names of the outputs, where there are several. */
  get outputNames(): readonly string[] {
    return [''];
  }

  /** Declares the weights for samples of `inputShape`, where no layer says it. Done by the first `fit` by itself. */
  abstract override build(inputShape?: readonly number[] | readonly (readonly number[])[]): void;

  /** @internal Takes back a `build`. */
  abstract override unbuild(): void;

  /** @internal The model on all its inputs, as the outermost in a plan. */
  run(tracer: Tracer, inputs: readonly Tensor[], options: CallOptions): readonly Tensor[] {
    const x = (this.takes === 'one' ? inputs[0] : inputs) as In;
    return listOf(tracer.within('', () => this.call(x, options)));
  }

  /** What its last layers say. */
  override computeMask(): undefined {
    return undefined;
  }

  /** @internal The samples in `x`, for each input. */
  readInputs(x: unknown): Rows[] {
    return [inputsOf(x, this.built ? this.inputShape : undefined)];
  }

  /** @internal The targets in `y`, for each output that is measured. */
  readTargets(y: unknown, count: number): (Rows | undefined)[] {
    return [targetsOf(y, count)];
  }

  /** @internal How much samples count, for each output. */
  readWeights(targets: readonly (Rows | undefined)[], weights: SampleWeights): (Rows | undefined)[] {
    return [weightsOf(targets[0] as Rows, this.resultShapes[0] as readonly number[], weights)];
  }

  /** @internal The arrays of all outputs as `predict` gives them. */
  arrange(predictions: readonly Prediction[]): Outputs {
    return predictions[0] as Outputs;
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

  /** The layer of that name. Throws UNKNOWN_NAME. */
  getLayer<L = Layer>(name: string): L {
    const layer = this.layers.find((one) => one.name === name);
    if (layer) return layer as L;
    const known = this.layers.map((one) => one.name).join(', ');
    throw fail(
      'UNKNOWN_NAME',
      `${this.name} getLayer`,
      'the name of a layer',
      describeValue(name),
      `known are ${known}`,
    );
  }

  /** @internal Its weights with their names in this model, in layer order. */
  get names(): ReadonlyMap<Weight, string> {
    const names = new Map<Weight, string>();
    for (const [name, weight] of this.layers.flatMap((layer) => layer.namedWeights())) {
      if (!names.has(weight)) names.set(weight, name);
    }
    return names;
  }

  /** @internal Says what the first values of all weights depend on. */
  protected giveSeeds(): void {
    for (const [weight, name] of this.names) weight.giveSeed(this.#seed, name, this.#seeded);
  }

  /** @internal The seed, where it is not that of whatever the model is part of. */
  get ownSeed(): number | undefined {
    return this.#seeded ? this.#seed : undefined;
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
    this.#compiled = this.read(options);
    beginLoading();
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
    return await this.gate.exclusive('fit', () => runFit(this.#self, x, targets, chosen));
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
    return await this.gate.shared('evaluate', () => evaluate(this.#self, x, targets, chosen));
  }

  /**
   * Makes one step on these samples, all of them one batch, and gives their loss and metrics as they were before it. For
   * loops of one's own, such as learning from each request; `fit` is faster over many batches.
   */
  async trainOnBatch(
    x: ArraysLikeData,
    y: ArraysLikeData,
    weights: SampleWeights = {},
  ): Promise<Record<string, number>> {
    this.assertAlive();
    return await this.gate.exclusive('trainOnBatch', () => trainOnBatch(this.#self, x, y, weights));
  }

  /** The loss and the metrics over these samples, all of them one batch. */
  async testOnBatch(
    x: ArraysLikeData,
    y: ArraysLikeData,
    weights: Pick<SampleWeights, 'sampleWeight'> = {},
  ): Promise<Record<string, number>> {
    this.assertAlive();
    return await this.gate.shared('testOnBatch', () => testOnBatch(this.#self, x, y, weights));
  }

  /** The outputs for samples, or for a stream of batches of them, in order. */
  async predict(x: ArraysLikeData | SampleBatches, options: PredictOptions = {}): Promise<Outputs> {
    this.assertAlive();
    return this.arrange(await this.gate.shared('predict', () => predict(this.#self, x, options)));
  }

  /** The outputs for samples, all of them one batch. */
  async predictOnBatch(x: ArraysLikeData): Promise<Outputs> {
    this.assertAlive();
    return this.arrange(await this.gate.shared('predictOnBatch', () => predictOnBatch(this.#self, x)));
  }

  /**
   * What training, or predicting, takes of the engine's memory, before any of it is taken: exactly what `fit` holds while
   * it trains without validation, and `predict`, on weights that have their values, while it predicts. Throws NOT_BUILT,
   * NOT_COMPILED, and INVALID_SHAPE or OUT_OF_MEMORY for what no memory could hold.
   */
  async memory(options: MemoryOptions = {}): Promise<MemoryEstimate> {
    this.assertBuilt('memory');
    return await estimate(this.#self, options);
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
    return await hashOf(weights.map(({ data }) => data));
  }

  /** The whole model as one safetensors file: architecture, weights, optimizer with its state, random position. */
  async toBytes(options: SaveOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    this.assertAlive();
    return await this.gate.shared('toBytes', () => encodeModel(this.#self, options));
  }

  /** Writes `toBytes` to a file, which is replaced in one moment. Throws FILE_IO. */
  async save(path: string | URL, options: SaveOptions = {}): Promise<void> {
    this.assertAlive();
    await this.gate.shared('save', async () => writeFile(path, await encodeModel(this.#self, options)));
  }

  /** Writes the weights alone to a file, by their names, for `loadWeights` and any reader of safetensors. Throws FILE_IO. */
  async saveWeights(path: string | URL): Promise<void> {
    this.assertBuilt('saveWeights');
    await this.gate.shared('saveWeights', async () => writeFile(path, await encodeWeights(this.#self)));
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

  // For functions that look at neither inputs nor outputs.
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

/** A layer as plain data; a model in a model has no seed unless it was given one. */
export function serializeLayer(layer: Unit): Serialized {
  const { className, config } = serialize(layer);
  if (!(layer instanceof Network)) return { className, config };
  const { seed, ...others } = config as Config;
  return { className, config: layer.ownSeed === undefined ? others : { seed, ...others } };
}

// `using model = new Sequential(…)` where the runtime knows it.
if (Symbol.dispose) {
  Object.defineProperty(Network.prototype, Symbol.dispose, { value: Network.prototype.dispose });
}
