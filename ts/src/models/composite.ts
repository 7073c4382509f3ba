// A layer made of layers, as a model is one: what it takes and gives, whose weights go by which names, what randomness
// depends on. How the layers hang together is the subclass's affair (`call`); nothing here trains.

import type { DType } from '../data/typed.js';
import { describeValue, fail } from '../errors.js';
import type { Tensor } from '../graph/tensor.js';
import { currentTracer, type Tracer } from '../graph/trace.js';
import type { CallOptions, Weight } from '../layers/index.js';
import { Layer, listOf, type Several } from '../layers/layer.js';
import { boolean } from '../numbers.js';
import { checkSeed, defaultSeed } from '../seed.js';
import { assertOptions, type Config, type Serialized, serialize, type Unit } from '../units.js';
import type { Prediction } from './predict.js';
import { inputsOf, type Rows, targetsOf } from './rows.js';
import { type SampleWeights, weightsOf } from './sample-weights.js';

/** Options of every model. */
export interface NetworkOptions {
  /** Default: its class in lower case. */
  name?: string;
  /** Whether training changes any of its weights. Default true. */
  trainable?: boolean;
  /** Governs all of the model's randomness: first weights, shuffling, dropout. Default: `setSeed`'s, else by chance. */
  seed?: number;
  /**
   * Whether training computes most activations again for the gradients instead of keeping them: less memory for a third
   * more work, with the same bits. Of layers about √n in a row, and each layer made of layers, keep their inputs only;
   * `ops.recompute` chooses otherwise, in layers of your own. What Keras does in a `RematScope`. Default false.
   */
  recompute?: boolean;
}

/** Layers as one. `Outputs` is what it predicts: one array, or several. */
export abstract class Composite<
  In extends Several = Tensor,
  Out extends Several = Tensor,
  Outputs = Prediction,
> extends Layer<In, Out> {
  /** Whether training computes most activations again instead of keeping them. */
  readonly recompute: boolean;
  #seed: number;
  /** Whether the seed was given, not drawn. */
  readonly #seeded: boolean;

  constructor(options: NetworkOptions) {
    assertOptions('model', options, ['name', 'seed', 'trainable', 'recompute']);
    const { seed, recompute = false, ...others } = options;
    super(others);
    this.recompute = boolean(recompute, 'model recompute');
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

  /** What it was made with besides its layers. */
  override getConfig(): Config {
    const { name, seed, recompute } = this;
    return { name, seed, ...(recompute && { recompute }) };
  }

  /** @internal The seed, where it is not that of whatever the model is part of. */
  get ownSeed(): number | undefined {
    return this.#seeded ? this.#seed : undefined;
  }
}

/** A layer as plain data; a model in a model has no seed unless it was given one. */
export function serializeLayer(layer: Unit): Serialized {
  const { className, config } = serialize(layer);
  if (!(layer instanceof Composite)) return { className, config };
  const { seed, ...others } = config as Config;
  return { className, config: layer.ownSeed === undefined ? others : { seed, ...others } };
}
