// Layers in a chain.

import { checkShape, formatShape } from '../data/shape.js';
import { describeValue, fail, quote } from '../errors.js';
import type { Tensor } from '../graph/tensor.js';
import { Tracer } from '../graph/trace.js';
import { type CallOptions, Layer } from '../layers/index.js';
import { sampleShape } from '../layers/layer.js';
import { LAYERS } from '../layers/named.js';
import { assertOptions, type Config, classNameOf, serialize, snakeCase } from '../units.js';
import { Network, type NetworkOptions } from './network.js';

/** Options of Sequential. */
export type SequentialOptions = NetworkOptions;

/** A model in which each layer takes what the one before it gives. */
export class Sequential extends Network {
  /** Its name in saved models. */
  static readonly className: string = 'Sequential';

  readonly #layers: Layer[] = [];
  readonly #names = new Set<string>();
  #inputShape: readonly number[] | undefined;
  #outputShapes: readonly (readonly number[])[] = [];

  constructor(layers: readonly Layer[] = [], options: SequentialOptions = {}) {
    super(options, 'sequential');
    if (!Array.isArray(layers)) throw fail('INVALID_VALUE', 'Sequential', 'a list of layers', describeValue(layers));
    const own = layers.filter((layer) => layer instanceof Layer && !layer.isUnnamed);
    const named = new Set(own.map((layer) => layer.name));
    for (const layer of layers) this.#push(layer, named);
    if (layers[0]?.inputShape !== undefined) this.build();
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
  add(layer: Layer): void {
    this.assertAlive();
    this.gate.assertFree('add');
    this.#push(layer, new Set());
    const shape = this.#inputShape ?? this.#layers[0]?.inputShape;
    if (shape === undefined) return;
    try {
      this.#trace(shape);
    } catch (error) {
      this.#layers.pop();
      this.#names.delete(layer.name);
      throw error;
    }
  }

  override build(inputShape?: readonly number[]): void {
    this.assertAlive();
    const own = this.#inputShape ?? this.#layers[0]?.inputShape;
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
    for (const layer of this.#layers) layer.unbuild();
    this.#inputShape = undefined;
    this.#outputShapes = [];
  }

  override call(x: Tensor, options: CallOptions): Tensor {
    return this.#layers.reduce((value, layer) => layer.apply(value, options), x);
  }

  override getConfig(): Config {
    return { name: this.name, seed: this.seed, layers: this.#layers.map(serialize) };
  }

  /** @internal `modelFromConfig` once the layers are known. */
  static fromConfig(config: Config): Sequential {
    assertOptions('Sequential', config, ['name', 'seed', 'layers']);
    const { layers = [], ...options } = config;
    if (!Array.isArray(layers)) throw fail('INVALID_VALUE', 'Sequential', 'a list of layers', describeValue(layers));
    return new Sequential(
      layers.map((layer) => LAYERS.resolve(layer)),
      options,
    );
  }

  // Names the layer as Keras does: its class in snake_case, with a number where that is taken.
  #push(layer: Layer, reserved: ReadonlySet<string>): void {
    if (!(layer instanceof Layer)) {
      throw fail('INVALID_VALUE', 'Sequential', 'layers', describeValue(layer), 'a layer is made with new');
    }
    if (!layer.isUnnamed && this.#names.has(layer.name)) {
      throw fail('DUPLICATE_NAME', 'Sequential', 'layers of different names', `${quote(layer.name)} twice`);
    }
    if (layer.isUnnamed) {
      const base = snakeCase(classNameOf(layer));
      let name = base;
      for (let i = 1; this.#names.has(name) || reserved.has(name); i++) name = `${base}_${i}`;
      layer.giveName(name);
    }
    this.#names.add(layer.name);
    this.#layers.push(layer);
  }

  // Runs the chain once on a symbolic sample: builds the layers, learns the shapes, and undoes both where it fails.
  #trace(inputShape: readonly number[]): void {
    if (this.#layers.length === 0) throw fail('INVALID_VALUE', this.name, 'at least one layer', 'none');
    const built: Layer[] = [];
    const tracer = new Tracer();
    const shapes: number[][] = [];
    try {
      tracer.run(() => {
        let x: Tensor = tracer.batch(inputShape, 'float32');
        for (const layer of this.#layers) {
          if (!layer.built) built.push(layer);
          assertInputShape(layer, sampleShape(x.shape, layer.name));
          x = layer.apply(x);
          shapes.push(sampleShape(x.shape, layer.name));
        }
      });
    } catch (error) {
      for (const layer of built) layer.unbuild();
      throw error;
    }
    this.#inputShape = inputShape;
    this.#outputShapes = shapes;
    for (const layer of built) for (const weight of layer.weights) weight.giveSeed(this.seed);
  }
}

// A shape that a layer behind the first one was given must be that of what arrives there.
function assertInputShape({ name, inputShape }: Layer, arriving: readonly number[]): void {
  if (inputShape === undefined || formatShape(inputShape) === formatShape(arriving)) return;
  const expected = `samples of shape ${formatShape(inputShape)}, its own inputShape`;
  throw fail('SHAPE_MISMATCH', name, expected, formatShape(arriving), 'only the first layer needs one');
}
