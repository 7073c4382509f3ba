// Layers as TensorFlow.js says them: snake_case options of the classes that it has. What it computes otherwise, or does
// not have, is refused before anything is written.

import { describeValue, fail } from '../../errors.js';
import { Bidirectional } from '../../layers/bidirectional.js';
import type { AnyLayer } from '../../layers/layer.js';
import { TimeDistributed } from '../../layers/time-distributed.js';
import { type Config, classNameOf, isSerialized, snakeCase } from '../../units.js';
import { hardSigmoidOfKeras2 } from '../keras/hard-sigmoid.js';

/** A class and its options there. */
export interface Entry {
  readonly class_name: string;
  readonly config: Config;
}

const CLASSES = new Set(
  (
    'InputLayer Activation Dense Dropout Flatten Masking Permute RepeatVector Reshape SpatialDropout1D Embedding ' +
    'Add Average Concatenate Dot Maximum Minimum Multiply BatchNormalization LayerNormalization ' +
    'Conv1D Conv2D Conv3D Conv2DTranspose Conv3DTranspose DepthwiseConv2D SeparableConv2D UpSampling2D ZeroPadding2D ' +
    'Cropping2D AveragePooling1D AveragePooling2D AveragePooling3D MaxPooling1D MaxPooling2D MaxPooling3D ' +
    'GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D PReLU GaussianDropout ' +
    'GaussianNoise AlphaDropout ReLU LeakyReLU ELU Softmax GRU LSTM SimpleRNN Bidirectional TimeDistributed Rescaling'
  ).split(' '),
);
const ACTIVATIONS = new Set(
  'linear relu relu6 sigmoid tanh softmax elu selu softplus softsign swish silu mish gelu log_softmax'.split(' '),
);
/** Options with the one value that it has, too; they are left out. */
const ONLY: Readonly<Record<string, readonly unknown[]>> = {
  groups: [1],
  outputPadding: [null],
  interpolation: ['nearest'],
  resetAfter: [false],
  keepdims: [false],
  normalize: [false, true],
  recurrentActivation: [...ACTIVATIONS, 'hard_sigmoid'],
  activation: [...ACTIVATIONS, 'hard_sigmoid'],
};
/** The same for options that mean something else in other classes. */
const OF_CLASS: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
  ReLU: { negativeSlope: [0], threshold: [0] },
  ELU: { alpha: [1] },
  ...Object.fromEntries(['GRU', 'LSTM', 'SimpleRNN'].map((name) => [name, { stateful: [false] }])),
};
const KEPT = ['normalize', 'recurrentActivation', 'activation', 'resetAfter'];

/** A layer, other than a model, as plain data. Throws INVALID_VALUE. */
export function entryOf(layer: AnyLayer): Entry {
  const className = classNameOf(layer);
  if (!CLASSES.has(className)) {
    const hint = 'compute it before or after the model, or export to ONNX';
    throw fail('INVALID_VALUE', layer.name, 'a layer that TensorFlow.js has', className, hint);
  }
  if (layer instanceof Bidirectional) return bidirectional(layer);
  if (layer instanceof TimeDistributed) {
    const config = { name: layer.name, trainable: layer.trainable, layer: entryOf(layer.layer as unknown as AnyLayer) };
    return { class_name: className, config };
  }
  const { shape, inputShape = shape, dtype, ...options } = layer.getConfig() as Config;
  const config: [string, unknown][] = [];
  for (const [name, given] of Object.entries(options)) {
    // Ours of that name is less steep.
    const value = isOldSigmoid(given) ? 'hard_sigmoid' : given === 'hard_sigmoid' ? 'that of Keras 3' : given;
    if (/Initializer$/.test(name) || value === undefined) continue;
    const allowed = OF_CLASS[className]?.[name] ?? (Object.hasOwn(ONLY, name) ? ONLY[name] : undefined);
    if ((allowed && !allowed.includes(value)) || value === 'causal') {
      const hint = name === 'resetAfter' ? 'train the GRU with resetAfter: false, or export to ONNX' : 'export to ONNX';
      throw fail('INVALID_VALUE', `${layer.name} ${name}`, 'what TensorFlow.js has', describeValue(value), hint);
    }
    if (!allowed || KEPT.includes(name)) config.push([optionName(name), plain(value, layer.name)]);
  }
  if (inputShape !== undefined) config.push(['batch_input_shape', [null, ...(inputShape as number[])]]);
  config.push(['dtype', dtype ?? 'float32']);
  return { class_name: className, config: Object.fromEntries(config) };
}

// By the name that it was imported under.
function isOldSigmoid(value: unknown): boolean {
  const { className, config } = (value ?? {}) as { className?: unknown; config?: unknown };
  return className === 'function' && config === hardSigmoidOfKeras2.name;
}

// The slope of LeakyReLU is called as in Keras 2.
const optionName = (name: string): string =>
  name === 'negativeSlope' ? 'alpha' : snakeCase(name).replace(/([a-z])(\d)$/, '$1$2');

// It makes the layer that goes backwards itself, and names both.
function bidirectional(layer: Bidirectional): Entry {
  const { forwardLayer: forward, backwardLayer: backward, mergeMode = null } = layer;
  const inner = entryOf(forward as unknown as AnyLayer);
  const other = entryOf(backward as unknown as AnyLayer);
  const alike = (config: Config): string =>
    JSON.stringify(
      Object.entries(config).filter(([name]) => !['name', 'go_backwards', 'batch_input_shape'].includes(name)),
    );
  if (alike(inner.config) !== alike(other.config) || forward.goBackwards) {
    throw fail('INVALID_VALUE', layer.name, 'two directions with the same options', 'others');
  }
  inner.config.name = wordOf(layer);
  return {
    class_name: 'Bidirectional',
    config: { name: layer.name, trainable: layer.trainable, merge_mode: mergeMode, layer: inner },
  };
}

/** What both directions of a layer are called after. */
export function wordOf({ forwardLayer }: Bidirectional): string {
  return forwardLayer.name.replace(/^forward_/, '');
}

// Units as { class_name, config }; regularizers are all of one class there.
function plain(value: unknown, what: string): unknown {
  if (!isSerialized(value)) return value === 'silu' ? 'swish' : value;
  const { className, config } = value as { className: string; config: Config };
  if (className === 'OrthogonalRegularizer') {
    throw fail('INVALID_VALUE', what, 'regularizers that TensorFlow.js has', className);
  }
  const isPenalty = /^L[12]/.test(className);
  const options = Object.entries(config).map(([name, own]) => [isPenalty ? name : snakeCase(name), own] as const);
  const named = Object.fromEntries(isPenalty ? [['l1', 0], ['l2', 0], ...options] : options);
  return { class_name: isPenalty ? 'L1L2' : className, config: named };
}
