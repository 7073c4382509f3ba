// Layers from what Keras says of them. A class that is neither one of ours nor among the custom objects is refused, and so
// is Lambda, which is code.

import { checkShape } from '../../data/shape.js';
import { DescendError, describeValue, fail, quote } from '../../errors.js';
import { InputLayer } from '../../layers/input.js';
import type { AnyLayer } from '../../layers/layer.js';
import { LAYERS } from '../../layers/named.js';
import type { Network } from '../../models/network.js';
import type { Config } from '../../units.js';
import { isObject, type Json, member, objectOf, textOf } from '../json.js';
import { optionsOf } from './options.js';

/** Makes models, which are layers too, of their configurations. */
export type Assemble = (className: string, config: Json) => Network<never, never, unknown>;

const MODELS = ['Sequential', 'Functional', 'Model'];
/** So often at most is each place of an image repeated: bilinear ones are an op each. */
const MOST_TIMES = 1024;

/** A layer of `{ class_name, config }`; `assemble` makes those that are models. Throws UNKNOWN_NAME, FILE_FORMAT. */
export function layerOf(entry: unknown, assemble: Assemble): AnyLayer {
  const unit = objectOf(entry, 'layer');
  const className = textOf(member(unit, 'class_name'), 'class_name of a layer').replace(/^.*>/, '');
  const config = objectOf(member(unit, 'config'), `config of ${className}`);
  if (MODELS.includes(className)) return assemble(className, config) as unknown as AnyLayer;
  const what = `${className} ${quote(String(member(config, 'name') ?? ''))}`;
  try {
    return built(className, config, assemble, what);
  } catch (error) {
    if (!(error instanceof DescendError)) throw error;
    if (error.code === 'UNKNOWN_NAME' && error.message.startsWith('layer:')) {
      const hint = `hand over a layer of your own: customObjects: { ${className}: YourLayer }`;
      throw fail('UNKNOWN_NAME', what, 'a layer that there is here, with such options', quote(className), hint, error);
    }
    // The layer's own words, with its name in front of them.
    const message = error.message.startsWith(what) ? error.message : `${what}: ${error.message}`;
    throw new DescendError(error.code, message, { cause: error });
  }
}

function built(className: string, config: Json, assemble: Assemble, what: string): AnyLayer {
  if (className === 'Lambda') {
    const hint = 'write it as a layer of your own and hand it over: customObjects: { Lambda: YourLayer }';
    throw fail('UNKNOWN_NAME', what, 'a layer that is not code', 'a function of Python', hint);
  }
  if (className === 'InputLayer') return inputOf(config, what);
  const { batchInputShape, batchShape, ...options } = optionsOf(className, inner(config, assemble), what);
  if (typeof options.name === 'string') options.name = ownName(options.name);
  const shape = batchShape ?? batchInputShape;
  const inputShape = Array.isArray(shape) ? sampleOf(shape, what) : undefined;
  const special = SPECIAL.get(className);
  const unit = special ? special(options, what) : { className, config: options };
  return LAYERS.resolve({ ...unit, config: { ...unit.config, ...(inputShape && { inputShape }) } }) as AnyLayer;
}

// Layers among the options, as they are made here.
function inner(config: Json, assemble: Assemble): Json {
  const entries = Object.keys(config).map((name) => {
    const value = config[name];
    const isLayer = (name === 'layer' || name === 'backward_layer') && isObject(value);
    return [name, isLayer ? new Made(layerOf(value, assemble)) : value] as const;
  });
  return Object.fromEntries(entries);
}

/** A layer on its way through plain data. */
class Made {
  readonly layer: AnyLayer;

  constructor(layer: AnyLayer) {
    this.layer = layer;
  }
}

/** A name without the signs that have a meaning here. */
export function ownName(name: string): string {
  return name.replace(/[^\w.\- ]/gu, '_').replace(/^[^\w]/u, '_');
}

/** The sizes behind the batch, all of them known. Throws INVALID_SHAPE. */
export function sampleOf(shape: readonly unknown[], what: string): number[] {
  const sizes = shape.slice(1);
  if (sizes.every((size) => typeof size === 'number')) return [...checkShape(sizes, what)];
  const hint = 'rebuild the model for inputs of one size: sequences of one length, images of one size';
  throw fail('INVALID_SHAPE', what, 'sizes that are known', describeValue(shape), hint);
}

function inputOf(config: Json, what: string): AnyLayer {
  const shape = member(config, 'batch_shape') ?? member(config, 'batch_input_shape');
  if (!Array.isArray(shape)) throw fail('INVALID_SHAPE', what, 'a batch_shape', describeValue(shape));
  const given = member(config, 'dtype');
  const dtype = typeof given === 'string' && /^u?int|^bool/.test(given) ? 'int32' : 'float32';
  const name = ownName(String(member(config, 'name') ?? 'input'));
  return new InputLayer({ shape: sampleOf(shape, what), name, dtype }) as unknown as AnyLayer;
}

/** Classes whose options are others here. */
const SPECIAL: ReadonlyMap<string, (options: Config, what: string) => { className: string; config: Config }> = new Map(
  Object.entries({
    BatchNormalization: ({ axis, ...options }: Config) => ({
      className: 'BatchNormalization',
      config: { ...options, ...(axis !== undefined && { axis: Array.isArray(axis) ? axis[0] : axis }) },
    }),
    Bidirectional: (options: Config) => ({ className: 'Bidirectional', config: withLayers(options) }),
    TimeDistributed: (options: Config) => ({ className: 'TimeDistributed', config: withLayers(options) }),
    MultiHeadAttention: ({ outputShape, ...options }: Config) => ({
      className: 'MultiHeadAttention',
      config: { ...options, outputShape: Array.isArray(outputShape) ? outputShape[0] : (outputShape ?? null) },
    }),
    Normalization: ({ mean, variance, ...options }: Config) => ({
      className: 'Normalization',
      config: { ...options, ...(mean != null && { mean: flat(mean), variance: flat(variance) }) },
    }),
    UpSampling2D: (options: Config, what: string) => {
      const sizes = [options.size ?? 2].flat() as unknown[];
      if (sizes.some((size) => (size as number) > MOST_TIMES)) {
        throw fail('INVALID_VALUE', what, `sizes of at most ${MOST_TIMES}`, describeValue(options.size));
      }
      return { className: 'UpSampling2D', config: options };
    },
    ReLU: activated('ReLU', ({ maxValue, negativeSlope = 0, threshold = 0 }) => {
      if (negativeSlope !== 0 || threshold !== 0) return undefined;
      return maxValue == null ? 'relu' : maxValue === 6 ? 'relu6' : undefined;
    }),
    // Keras 2 calls the slope alpha.
    LeakyReLU: ({ alpha, ...options }: Config) => ({
      className: 'LeakyReLU',
      config: { ...(alpha !== undefined && { negativeSlope: alpha }), ...options },
    }),
    ELU: activated('ELU', ({ alpha = 1 }) => (alpha === 1 ? 'elu' : undefined)),
    Softmax: activated('Softmax', ({ axis = -1 }) => (axis === -1 ? 'softmax' : undefined)),
    Identity: activated('Identity', () => 'linear'),
  }),
);

function flat(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const numbers = value.flat(15) as unknown[];
  return numbers.length === 1 ? numbers[0] : numbers;
}

function withLayers({ layer, backwardLayer, ...options }: Config): Config {
  const made = (value: unknown): unknown => (value instanceof Made ? value.layer : value);
  return { ...options, layer: made(layer), ...(backwardLayer != null && { backwardLayer: made(backwardLayer) }) };
}

// Layers that are an activation of ours, with the options that activations have; with others the layer.
function activated(className: string, activation: (options: Config) => string | undefined) {
  return (options: Config): { className: string; config: Config } => {
    const found = activation(options);
    const { name, trainable } = options;
    return found
      ? { className: 'Activation', config: { name, trainable, activation: found } }
      : { className, config: options };
  };
}
