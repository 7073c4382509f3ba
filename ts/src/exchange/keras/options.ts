// Options of Keras's classes as ours: names in camelCase, units as plain data. What only says how Keras computes is left
// out where it has the value that changes nothing; any other value is refused by name.

import { describeValue, fail } from '../../errors.js';
import { Recurrent } from '../../layers/recurrent.js';
import type { Config } from '../../units.js';
import { isObject, type Json, member } from '../json.js';

type Harmless = (value: unknown) => boolean;

const any: Harmless = () => true;
const off: Harmless = (value) => value === null || value === undefined || value === false;
const none: Harmless = (value) => value === 0 || off(value);
const one: Harmless = (value) => value === 1 || off(value);

/** Options that our classes do not have, and the values with which they do nothing. */
const INERT: ReadonlyMap<string, Harmless> = new Map([
  ...(['dtype', 'seed', 'implementation', 'unroll', 'ragged', 'sparse', 'optional'] as const).map(
    (name) => [name, any] as const,
  ),
  ...(['build_config', 'autocast', 'input_length', 'batch_size', 'synchronized', 'use_cudnn'] as const).map(
    (name) => [name, any] as const,
  ),
  ...(
    ['flash_attention', 'query_shape', 'key_shape', 'value_shape', 'seed_generator', 'supports_masking'] as const
  ).map((name) => [name, any] as const),
  ...(
    ['input_axes', 'output_axes', 'input_dim_hint', 'sparse_output', 'virtual_batch_size', 'adjustment'] as const
  ).map((name) => [name, off] as const),
  ...(['stateful', 'time_major', 'noise_shape', 'quantization_config', 'renorm', 'fused', 'rms_scaling'] as const).map(
    (name) => [name, off] as const,
  ),
  ...(['use_gate', 'sliding_window', 'lora_rank', 'lora_alpha', 'gptq_unpacked_column_size'] as const).map(
    (name) => [name, off] as const,
  ),
  ...('zeroOutputForMask' in Recurrent.options ? [] : [['zero_output_for_mask', any] as const]),
  ['renorm_clipping', any],
  ['renorm_momentum', any],
  ['data_format', (value) => value === 'channels_last' || off(value)],
]);

/** Options for which null is a value other than the default. */
const NULLS = ['activation', 'recurrent_activation', 'merge_mode', 'axis'];

/** Options of one class alone, and those of another name here. */
const OF_CLASS: ReadonlyMap<string, ReadonlyMap<string, Harmless>> = new Map([
  ...['DepthwiseConv1D', 'DepthwiseConv2D', 'SeparableConv1D', 'SeparableConv2D'].map(
    (name) =>
      [
        name,
        new Map<string, Harmless>([
          ['groups', one],
          ['kernel_initializer', any],
        ]),
      ] as const,
  ),
  // Dropout in cells is another in each step; here layers do it.
  ...['GRUCell', 'LSTMCell', 'SimpleRNNCell'].map(
    (name) =>
      [
        name,
        new Map<string, Harmless>([
          ['dropout', none],
          ['recurrent_dropout', none],
        ]),
      ] as const,
  ),
  ['AdditiveAttention', new Map([['score_mode', any]])],
  ['Discretization', new Map([['epsilon', any]])],
  ['Dense', new Map([['input_dim', any]])],
  ['Adafactor', new Map([['relative_step', (value: unknown) => value === true || off(value)]])],
]);

/** `kernel_initializer` as `kernelInitializer`. */
export function camelCase(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The options of a class, without the harmless ones. Throws UNKNOWN_OPTION, naming the layer. */
export function optionsOf(className: string, config: Json, what: string): Config {
  const own = OF_CLASS.get(className);
  const entries: [string, unknown][] = [];
  for (const name of Object.keys(config)) {
    const value = member(config, name);
    const harmless = own?.get(name) ?? INERT.get(name);
    if (harmless) {
      if (harmless(value)) continue;
      throw fail('UNKNOWN_OPTION', what, `${name} that changes nothing`, describeValue(value), hintFor(name));
    }
    // What is not there is not passed on, but for where nothing is something: no activation, no merging.
    if (value === null && !NULLS.includes(name)) continue;
    entries.push([camelCase(name), plainOf(value)]);
  }
  return Object.fromEntries(entries);
}

function hintFor(name: string): string | undefined {
  return name === 'data_format' ? "make the model with data_format='channels_last'" : undefined;
}

/** A value as ours: units `{ className, config }`, functions by their names. */
export function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf);
  // What was made here already stays as it is.
  if (!isObject(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const [className, config] = [member(value, 'class_name'), member(value, 'config')];
  if (className === '__tuple__') return plainOf(member(value, 'items'));
  if (className === 'function') return plainOf(config);
  if (typeof className === 'string' && isObject(config)) {
    return { className, config: optionsOf(className, config, className) };
  }
  return Object.fromEntries(Object.keys(value).map((name) => [name, plainOf(value[name])]));
}
