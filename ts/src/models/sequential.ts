// Layers in a chain.

import { checkShape, formatShape } from '../data/shape.js';
import type { DType } from '../data/typed.js';
import { describeValue, fail } from '../errors.js';
import { cast } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { Tracer } from '../graph/trace.js';
import { type AnyLayer, type CallOptions, Layer, sampleShape } from '../layers/layer.js';
import { LAYERS } from '../layers/named.js';
import { givenNames, nameLayer } from '../layers/naming.js';
import type { SymbolicTensor } from '../layers/symbolic.js';
import { assertOptions, type Config } from '../units.js';
import { type NetworkOptions, serializeLayer } from './composite.js';
import { Network } from './network.js';
import { applyInParts } from './recompute.js';

/** Options of Sequential. */
export type SequentialOptions = NetworkOptions;

/** A model in which each layer takes what the one before it gives. */
export class Sequential extends Network {
  /** Its name in saved models. */
  static override readonly className: string = 'Sequential';

  readonly #layers: Layer[] = [];
  readonly #names = new Set<string>();
  /** Layers that were built with it. */
  #built: Layer[] = [];
  #input: SymbolicTensor | undefined;
  #inputShape: readonly number[] | undefined;
  /** What the layers that were traced give, in order; and as what the last of them does. */
  #outputShapes: readonly (readonly number[])[] = [];
  #outputDtype: DType = 'float32';

  constructor(layers: readonly (AnyLayer | SymbolicTensor)[] = [], options: SequentialOptions = {}) {
    super(options);
    if (!Array.isArray(layers)) throw fail('INVALID_VALUE', 'Sequential', 'a list of layers', describeValue(layers));
    const all = layers.map(layerOf);
    const given = givenNames(all.filter((layer) => layer instanceof Layer));
    for (const layer of all) this.#push(layer, given);
    this.#input = inputOf(layers[0]);
    if (toldShape(all[0]) !== undefined) this.build();
  }

  override get layers(): readonly Layer[] {
    return this.#layers;
  }

  override get built(): boolean {
    return this.#inputShape !== undefined;
  }

  override get inputShape(): readonly number[] {
    this.assertBuilt('inputShape');
    return this.#inputShape as readonly number[];
  }

  override get outputShapes(): readonly (readonly number[])[] {
    return this.#outputShapes;
  }

  /** Appends a layer. Throws DUPLICATE_NAME, BUSY, and SHAPE_MISMATCH where it does not fit; the model is then as before. */
  add(entry: AnyLayer | SymbolicTensor): void {
    this.assertAlive();
    this.gate.assertFree('add');
    const layer = layerOf(entry);
    this.#push(layer, new Set());
    if (this.#layers.length === 1) this.#input = inputOf(entry);
    const shape = this.#inputShape ?? toldShape(this.#layers[0]);
    if (shape === undefined) return;
    try {
      this.#trace(shape);
    } catch (error) {
      this.#layers.pop();
      if (this.#layers.length === 0) this.#input = undefined;
      this.#names.delete(layer.name);
      throw error;
    }
  }

  override get inputDtypes(): readonly DType[] {
    return [this.#input?.dtype ?? 'float32'];
  }

  override get input(): SymbolicTensor {
    return this.#input ?? super.input;
  }

  override get output(): SymbolicTensor {
    return this.#input ? (this.#layers.at(-1) as Layer).output : super.output;
  }

  override build(inputShape?: readonly number[] | readonly (readonly number[])[]): void {
    this.assertAlive();
    const own = this.#inputShape ?? toldShape(this.#layers[0]);
    const given = inputShape === undefined ? undefined : checkShape(inputShape, 'build');
    if (own !== undefined && given !== undefined && formatShape(own) !== formatShape(given)) {
      throw fail('SHAPE_MISMATCH', 'build', `samples of shape ${formatShape(own)}`, formatShape(given));
    }
    const shape = own ?? given;
    if (shape === undefined) {
      const hint = 'give the first layer an inputShape, or call build(inputShape)';
      throw fail('NOT_BUILT', 'build', 'the shape of one sample', 'none', hint);
    }
    if (!this.built) this.#trace(shape);
  }

  /** @internal */
  override unbuild(): void {
    for (const layer of this.#built) layer.unbuild();
    this.#built = [];
    this.#inputShape = undefined;
    this.#outputShapes = [];
  }

  override call(x: Tensor, options: CallOptions): Tensor {
    const input = cast(x, this.inputDtypes[0] as DType);
    if (!this.recompute || !options.training) {
      return this.#layers.reduce((value, layer) => layer.apply(value, options), input);
    }
    let value = input;
    const use = (layer: Layer): void => {
      value = layer.apply(value, options);
    };
    applyInParts(this.#layers.map((layer) => [layer, () => use(layer)]));
    return value;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), layers: this.#layers.map(serializeLayer) };
  }

  /** @internal `modelFromConfig` once the layers are known. */
  static override fromConfig<T>(this: new (options: never) => T, config: Config): T {
    assertOptions('Sequential', config, ['name', 'seed', 'recompute', 'layers']);
    const { layers = [], ...options } = config;
    if (!Array.isArray(layers)) throw fail('INVALID_VALUE', 'Sequential', 'a list of layers', describeValue(layers));
    return new Sequential(
      layers.map((layer) => LAYERS.resolve(layer)),
      options,
    ) as T;
  }

  #push(layer: Layer, given: ReadonlySet<string>): void {
    if (!(layer instanceof Layer)) {
      throw fail('INVALID_VALUE', 'Sequential', 'layers', describeValue(layer), 'a layer is made with new');
    }
    nameLayer(layer, this.#names, given, 'Sequential');
    this.#layers.push(layer);
  }

  // Runs the layers that are new once on a symbolic sample: builds them, learns the shapes, and undoes both where it fails.
  #trace(inputShape: readonly number[]): void {
    if (this.#layers.length === 0) throw fail('INVALID_VALUE', this.name, 'at least one layer', 'none');
    const built: Layer[] = [];
    const tracer = new Tracer();
    const shapes = [...this.#outputShapes];
    const dtype = shapes.length === 0 ? (this.inputDtypes[0] as DType) : this.#outputDtype;
    try {
      tracer.run(() => {
        let x: Tensor = tracer.batch(shapes.at(-1) ?? inputShape, dtype);
        for (const layer of this.#layers.slice(shapes.length)) {
          if (!layer.built) built.push(layer);
          assertInputShape(layer, sampleShape(x.shape, layer.name));
          x = layer.apply(x);
          shapes.push(sampleShape(x.shape, layer.name));
        }
        this.#outputDtype = x.dtype;
      });
    } catch (error) {
      for (const layer of built) layer.unbuild();
      throw error;
    }
    this.#inputShape = inputShape;
    this.#outputShapes = shapes;
    this.#built.push(...built);
    this.giveSeeds();
    this.#connect();
  }

  // With an Input to begin with, its layers are those of a model that was put together: they have an output each.
  #connect(): void {
    let x = this.#input;
    for (const layer of this.#layers) {
      if (x === undefined || x.layer === layer) continue;
      const known: SymbolicTensor | undefined = layer.applications.find(({ inputs }) => inputs[0] === x)?.outputs[0];
      x = known ?? layer.apply(x);
    }
  }
}

function layerOf(entry: AnyLayer | SymbolicTensor): Layer {
  return (inputOf(entry) ? (entry as SymbolicTensor).layer : entry) as Layer;
}

// Told by what it has, so that an application without an Input need not carry its class.
function inputOf(entry: unknown): SymbolicTensor | undefined {
  const like = entry as { source?: { inputs?: readonly unknown[] } } | undefined;
  return like?.source?.inputs?.length === 0 ? (entry as SymbolicTensor) : undefined;
}

// A shape that a layer behind the first one was given must be that of what arrives there.
function assertInputShape(layer: Layer, arriving: readonly number[]): void {
  const inputShape = toldShape(layer);
  if (inputShape === undefined || formatShape(inputShape) === formatShape(arriving)) return;
  const expected = `samples of shape ${formatShape(inputShape)}, its own inputShape`;
  throw fail('SHAPE_MISMATCH', layer.name, expected, formatShape(arriving), 'only the first layer needs one');
}

// The shape that a layer was told; a model as a layer that is not built yet was told none.
function toldShape(layer: Layer | undefined): readonly number[] | undefined {
  return layer instanceof Network && !layer.built ? undefined : layer?.inputShape;
}
