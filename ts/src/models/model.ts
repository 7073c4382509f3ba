// Models put together from layers: several inputs and outputs, branches, shared layers, models in models.

import type { DType } from '../data/typed.js';
import { describeValue, fail } from '../errors.js';
import { cast } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { currentTracer } from '../graph/trace.js';
import { type CallOptions, type Layer, listOf, type Several, sampleShape } from '../layers/layer.js';
import { givenNames, nameLayer } from '../layers/naming.js';
import { type Application, SymbolicTensor } from '../layers/symbolic.js';
import type { LossLike } from '../losses/index.js';
import type { MetricLike } from '../metrics/index.js';
import { finiteNumber } from '../numbers.js';
import { assertOptions, type Config } from '../units.js';
import { Compiled, type CompileOptions, compiledOf } from './compiled.js';
import type { NetworkOptions } from './composite.js';
import { assemble } from './graph.js';
import { modelConfig, modelParts } from './model-config.js';
import { Network } from './network.js';
import type { Prediction } from './predict.js';
import { applyInParts } from './recompute.js';
import { inputsOf, type Rows, targetsOf } from './rows.js';
import { type SampleWeights, weightsOf } from './sample-weights.js';
import { entriesOf, type Structure } from './structure.js';

/** The ends of a model: one symbolic tensor, a list of them, or some by name. */
export type Ends = Structure<SymbolicTensor>;

/** Options of Model. */
export interface ModelOptions<Outputs extends Ends = Ends> extends NetworkOptions {
  /** What `Input` gave, or what a layer of another model gives. Their names are those of their layers, or the keys. */
  inputs: Ends;
  /** What layers made of them. */
  outputs: Outputs;
}

/** What a model with these outputs predicts. */
export type Predictions<Outputs> = Outputs extends SymbolicTensor
  ? Prediction
  : Outputs extends readonly SymbolicTensor[]
    ? Prediction[]
    : { [Name in keyof Outputs]: Prediction };

/** Options of `compile` for models of several outputs: each for all of them, in a list, or by the outputs' names. */
export interface ModelCompileOptions {
  /** An optimizer, or its name for one with default options. Default 'rmsprop', as in Keras. */
  optimizer?: CompileOptions['optimizer'];
  /** One for every output, or each its own; outputs without one have no part in the loss. */
  loss: LossLike | readonly (LossLike | null)[] | Readonly<Record<string, LossLike | null>>;
  /** What each output's loss counts. Default 1. */
  lossWeights?: number | readonly number[] | Readonly<Record<string, number>>;
  /** Of several outputs a list for each of them. Default none. */
  metrics?: Metrics;
  /** The same, for metrics to which samples count by their weights. */
  weightedMetrics?: Metrics;
}

/** Metrics of one output, or for each of several what is asked of it. */
export type Metrics =
  | readonly MetricLike[]
  | readonly (MetricLike | readonly MetricLike[])[]
  | Readonly<Record<string, MetricLike | readonly MetricLike[]>>;

/**
 * The model between some inputs and outputs: `new Model({ inputs: x, outputs: y })`. Its layers are the very ones that
 * were applied, so that models may share them, and a new model around a part of a trained one is trained as far.
 */
export class Model<Outputs extends Ends = SymbolicTensor> extends Network<Several, Several, Predictions<Outputs>> {
  /** Its name in saved models. */
  static override readonly className: string = 'Model';

  override readonly takes = 'either';
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  readonly inputNames: readonly string[];
  readonly #outputNames: readonly string[];
  readonly #form: 'one' | 'list' | 'names';
  readonly #applications: readonly Application[];
  readonly #layers: readonly Layer[];

  constructor(options: ModelOptions<Outputs>) {
    assertOptions('Model', options, ['inputs', 'outputs', 'name', 'seed', 'recompute', 'trainable']);
    const { inputs, outputs, trainable = true, ...others } = options;
    super(others);
    this.inputs = endsOf(inputs, 'inputs');
    this.outputs = endsOf(outputs, 'outputs');
    for (const { shape, layer } of [...this.inputs, ...this.outputs]) sampleShape(shape, layer.name);
    const { applications, layers } = assemble(this.inputs, this.outputs);
    this.#applications = applications;
    this.#layers = layers;
    const [taken, given] = [new Set<string>(), givenNames(layers)];
    for (const layer of layers) nameLayer(layer, taken, given, 'Model');
    this.inputNames = namesOf(inputs, this.inputs);
    this.#outputNames = namesOf(outputs, this.outputs);
    this.#form = outputs instanceof SymbolicTensor ? 'one' : Array.isArray(outputs) ? 'list' : 'names';
    this.giveSeeds();
    if (!trainable) this.trainable = false;
  }

  override get layers(): readonly Layer[] {
    return this.#layers;
  }

  override get built(): boolean {
    return true;
  }

  override build(): void {}

  /** @internal */
  override unbuild(): void {}

  override get inputShapes(): readonly (readonly number[])[] {
    return this.inputs.map(({ shape }) => sampleShape(shape, this.name));
  }

  override get inputDtypes(): readonly DType[] {
    return this.inputs.map(({ dtype }) => dtype);
  }

  override get inputShape(): readonly number[] {
    const [shape, second] = this.inputShapes;
    if (second === undefined) return shape as readonly number[];
    throw fail('INVALID_VALUE', `${this.name} inputShape`, 'a model of one input', `${this.inputs.length} inputs`);
  }

  override get savedShape(): null {
    return null;
  }

  override get outputShapes(): readonly (readonly number[])[] {
    return this.#layers.map(({ applications }) => sampleShape(applications[0]?.outputs[0]?.shape ?? [], this.name));
  }

  override get resultShapes(): readonly (readonly number[])[] {
    return this.outputs.map(({ shape }) => sampleShape(shape, this.name));
  }

  override get outputNames(): readonly string[] {
    return this.#outputNames;
  }

  /** Its input, or all of them. */
  override get input(): SymbolicTensor | readonly SymbolicTensor[] {
    return this.inputs.length === 1 ? (this.inputs[0] as SymbolicTensor) : this.inputs;
  }

  /** Its output, or all of them. */
  override get output(): SymbolicTensor | readonly SymbolicTensor[] {
    return this.outputs.length === 1 ? (this.outputs[0] as SymbolicTensor) : this.outputs;
  }

  override call(x: Several, options: CallOptions): Several {
    const tracer = currentTracer(this.name);
    const given = listOf(x);
    if (given.length !== this.inputs.length) {
      const expected = `${this.inputs.length} inputs: ${this.inputNames.join(', ')}`;
      throw fail('SHAPE_MISMATCH', this.name, expected, String(given.length));
    }
    const values = new Map<SymbolicTensor, Tensor>();
    this.inputs.forEach((input, i) => {
      const value = given[i] as Tensor;
      assertShape(value, input, this.inputNames[i] as string);
      const converted = cast(value, input.dtype);
      converted.mask = value.mask;
      values.set(input, converted);
    });
    const uses = new Map<Application['layer'], number>();
    const use = ({ layer, inputs, listed, options: own, outputs }: Application): void => {
      const xs = inputs.map((input) => values.get(input) as Tensor);
      const before = uses.get(layer) ?? 0;
      uses.set(layer, before + 1);
      const apply = (): readonly Tensor[] =>
        listOf(layer.apply((listed ? xs : xs[0]) as Tensor, { ...options, ...own }));
      // A layer used again draws random numbers of its own each time.
      const results = before === 0 ? apply() : tracer.within(`use_${before}`, apply);
      outputs.forEach((output, i) => {
        values.set(output, results[i] as Tensor);
      });
    };
    const apart = this.recompute && options.training;
    if (apart) applyInParts(this.#applications.map((one) => [one.layer as unknown as Layer, () => use(one)]));
    else this.#applications.forEach(use);
    const results = this.outputs.map((output) => values.get(output) as Tensor);
    return results.length === 1 ? (results[0] as Tensor) : results;
  }

  /** Says how to train. With several outputs, losses, their weights and metrics are lists or by the outputs' names. */
  override compile(options: CompileOptions | ModelCompileOptions): void {
    super.compile(options as CompileOptions);
  }

  protected override read(options: CompileOptions | ModelCompileOptions): Compiled {
    assertOptions('compile', options, ['optimizer', 'loss', 'lossWeights', 'metrics', 'weightedMetrics']);
    const { lossWeights, ...others } = options as ModelCompileOptions;
    if (this.outputs.length === 1 && lossWeights === undefined) return compiledOf(others as CompileOptions);
    return compiledFor(this.#outputNames, options as ModelCompileOptions);
  }

  override readInputs(x: unknown): Rows[] {
    const names = this.inputNames;
    const shapes = this.inputShapes;
    if (names.length === 1 && !isRecord(x)) return super.readInputs(isListOfArrays(x) ? onlyOf(x, names, 'x') : x);
    const rows = entriesOf(x, names, 'x').map((array, i) => inputsOf(array, shapes[i], `x ${names[i]}`));
    const uneven = rows.findIndex(({ count }) => count !== rows[0]?.count);
    if (uneven < 0) return rows;
    const expected = `${rows[0]?.count} samples, as many as there are for ${names[0]}`;
    throw fail('SHAPE_MISMATCH', `x ${names[uneven]}`, expected, String(rows[uneven]?.count));
  }

  override readTargets(y: unknown, count: number): (Rows | undefined)[] {
    const names = this.#outputNames;
    if (names.length === 1 && !isRecord(y)) {
      return super.readTargets(isListOfArrays(y) ? onlyOf(y, names, 'y') : y, count);
    }
    const { outputs } = this.compiled('targets');
    return entriesOf(y, names, 'y').map((array, i) =>
      outputs[i]?.measured ? targetsOf(array, count, `y ${names[i]}`) : undefined,
    );
  }

  override readWeights(targets: readonly (Rows | undefined)[], weights: SampleWeights): (Rows | undefined)[] {
    const { sampleWeight, classWeight } = weights;
    if (targets.length === 1 && !isRecord(sampleWeight)) return super.readWeights(targets, weights);
    if (classWeight !== undefined) {
      throw fail(
        'INVALID_VALUE',
        'classWeight',
        'a model of one output',
        `${targets.length} outputs`,
        'use sampleWeight',
      );
    }
    // One array is for all outputs, as in Keras.
    const each = isRecord(sampleWeight) || isListOfArrays(sampleWeight);
    const entries = each ? entriesOf(sampleWeight, this.#outputNames, 'sampleWeight') : targets.map(() => sampleWeight);
    return targets.map((rows, i) => {
      const own = entries[i] as SampleWeights['sampleWeight'];
      return rows && weightsOf(rows, this.resultShapes[i] as readonly number[], { sampleWeight: own });
    });
  }

  override arrange(predictions: readonly Prediction[]): Predictions<Outputs> {
    if (this.#form === 'one') return predictions[0] as Predictions<Outputs>;
    if (this.#form === 'list') return predictions as Predictions<Outputs>;
    return Object.fromEntries(this.#outputNames.map((name, i) => [name, predictions[i]])) as Predictions<Outputs>;
  }

  override getConfig(): Config {
    const { inputs, outputs, inputNames } = this;
    const names = { inputs: inputNames, outputs: this.#form === 'names' ? this.#outputNames : undefined };
    const parts = modelConfig(inputs, outputs, this.#layers, this.#applications, names);
    return { ...super.getConfig(), ...parts, ...(this.#form === 'list' && { list: true }) };
  }

  /** @internal `modelFromConfig` once the layers are known. */
  static override fromConfig<T>(this: new (options: never) => T, config: Config): T {
    assertOptions('Model', config, [
      'name',
      'seed',
      'recompute',
      'layers',
      'inputs',
      'applications',
      'outputs',
      'outputNames',
      'list',
    ]);
    const { layers, inputs, applications, outputs, outputNames, list, ...options } = config;
    return new this({ ...modelParts(config), ...options } as never);
  }
}

function endsOf(ends: Ends, what: string): SymbolicTensor[] {
  const list: unknown[] = ends instanceof SymbolicTensor ? [ends] : Object.values(ends ?? {});
  const wrong = list.find((end) => !(end instanceof SymbolicTensor));
  if (wrong !== undefined || list.length === 0) {
    const hint = 'const x = Input({ shape }); const y = layer.apply(x)';
    const got = list.length === 0 ? describeValue(ends) : describeValue(wrong);
    throw fail('INVALID_VALUE', `Model ${what}`, 'symbolic tensors', got, hint);
  }
  return list as SymbolicTensor[];
}

// Keys, or names of layers; a layer that gives several outputs has its name with numbers.
function namesOf(ends: Ends, list: readonly SymbolicTensor[]): string[] {
  if (!(ends instanceof SymbolicTensor) && !Array.isArray(ends)) return Object.keys(ends);
  const taken = new Set<string>();
  return list.map(({ layer }) => {
    let name = layer.name;
    for (let i = 1; taken.has(name); i++) name = `${layer.name}_${i}`;
    taken.add(name);
    return name;
  });
}

function assertShape(value: Tensor, { shape }: SymbolicTensor, name: string): void {
  if (value.shape.length === shape.length && shape.every((size, i) => i === 0 || size === value.shape[i])) return;
  throw fail('SHAPE_MISMATCH', name, `samples of shape ${sampleShape(shape, name).join(', ')}`, String(value));
}

function isRecord(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !ArrayBuffer.isView(value) && !('data' in value && 'shape' in value) && !(Symbol.iterator in value);
}

// An array for each input or output; lists of numbers, or of lists, are one array.
function isListOfArrays(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((entry) => entry === undefined || (typeof entry === 'object' && !Array.isArray(entry)));
}

function onlyOf(value: unknown, names: readonly string[], what: string): unknown {
  return entriesOf(value, names, what)[0];
}

function compiledFor(names: readonly string[], options: ModelCompileOptions): Compiled {
  const { optimizer, loss, lossWeights, metrics = [], weightedMetrics = [] } = options;
  const several = names.length > 1;
  const spread = (value: unknown, what: string): unknown[] =>
    Array.isArray(value) || isPlain(value) ? entriesOf(value, names, what) : names.map(() => value);
  const losses = spread(loss, 'compile loss');
  const weights = lossWeights === undefined ? [] : spread(lossWeights, 'compile lossWeights');
  const lists = (value: Metrics, what: string): MetricLike[][] => {
    if (!several && Array.isArray(value)) return [value as MetricLike[]];
    if (Array.isArray(value) && value.length === 0) return names.map(() => []);
    return entriesOf(value, names, what).map((own) => (own === undefined ? [] : ([own].flat() as MetricLike[])));
  };
  const [plain, weighted] = [lists(metrics, 'compile metrics'), lists(weightedMetrics, 'compile weightedMetrics')];
  return new Compiled(
    optimizer,
    names.map((name, i) => ({
      name: several ? name : '',
      loss: (losses[i] ?? undefined) as LossLike | undefined,
      weight: weights[i] === undefined ? undefined : finiteNumber(weights[i], `compile lossWeights ${name}`),
      metrics: plain[i] as MetricLike[],
      weightedMetrics: weighted[i] as MetricLike[],
    })),
  );
}

// An object of names, not a loss nor the plain data of one.
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.getPrototypeOf(value) === Object.prototype && !('className' in value);
}
