// Normalizations, and layers that scale by known or learned numbers.

import { fail } from '../../errors.js';
import { type Context, type Floats, type Writer, weightOf } from './context.js';
import { Value } from './value.js';

/** By moving mean and variance: an operator over the axis behind the batch, where the features are there. */
export const batchNormalization: Writer = (context, [value]) => {
  const { b, config, layer } = context;
  const x = value as Value;
  const rank = x.shape.length + 1;
  const axis = (config.axis as number) < 0 ? (config.axis as number) + rank : (config.axis as number);
  if (axis !== rank - 1) {
    throw fail('INVALID_VALUE', layer.name, 'features on the last axis', `axis ${config.axis}`);
  }
  const size = x.shape.at(-1) as number;
  const filled = (name: string, fallback: number): string => {
    const { data, shape } = context.weight(name) ?? { data: new Float32Array(size).fill(fallback), shape: [size] };
    return b.floats(name, data, shape);
  };
  const inputs = [filled('gamma', 1), filled('beta', 0), filled('moving_mean', 0), filled('moving_variance', 1)];
  const name = b.node('BatchNormalization', [x.first, ...inputs], { epsilon: { f: config.epsilon as number } });
  return rank > 2 ? Value.first(b, name, x.shape) : Value.last(b, name, x.shape);
};

// The axes of a layer among `rank`, in order.
function axesOf({ config }: Context, rank: number): number[] {
  const own = [config.axis as number | number[]].flat();
  return own.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, c) => a - c);
}

/** Over the last axes of each sample. */
export const layerNormalization: Writer = (context, [value]) => {
  const { b, config, layer } = context;
  const x = value as Value;
  const rank = x.shape.length + 1;
  const [axis = rank - 1, ...others] = axesOf(context, rank);
  if (axis + others.length + 1 !== rank) {
    throw fail('INVALID_VALUE', layer.name, 'the last axes', `axis ${JSON.stringify(config.axis)}`);
  }
  const shape = x.shape.slice(axis - 1);
  const size = shape.reduce((a, c) => a * c, 1);
  const gamma = context.weight('gamma')?.data ?? new Float32Array(size).fill(1);
  const beta = context.weight('beta');
  const inputs = [x.last, b.floats('gamma', gamma, shape), ...(beta ? [b.floats('beta', beta.data, shape)] : [])];
  const name = b.node('LayerNormalization', inputs, { axis, epsilon: { f: config.epsilon as number } });
  return Value.last(b, name, x.shape);
};

/** By groups of features: each group as one feature of an instance normalization. */
export const groupNormalization: Writer = (context, [value]) => {
  const { b, config, layer } = context;
  const x = value as Value;
  const [axis] = axesOf(context, x.shape.length + 1);
  if (axis !== x.shape.length || x.shape.length < 2) {
    throw fail('INVALID_VALUE', layer.name, 'features on the last of several axes', `axis ${config.axis}`);
  }
  const [sizes, channels] = [x.shape.slice(0, -1), x.shape.at(-1) as number];
  const groups = config.groups === -1 ? channels : (config.groups as number);
  const parts = b.node('Reshape', [x.first, b.ints('shape', [0, groups, -1])]);
  const [ones, zeros] = [1, 0].map((fill, i) => b.floats(i ? 'zeros' : 'ones', Array(groups).fill(fill), [groups]));
  const normal = b.node('InstanceNormalization', [parts, ones as string, zeros as string], {
    epsilon: { f: config.epsilon as number },
  });
  const back = b.node('Reshape', [normal, b.ints('shape', [0, channels, ...sizes])]);
  const along = (weight: Floats | undefined, op: string, y: string): string =>
    weight ? b.node(op, [y, b.floats(op, weight.data, [channels, ...sizes.map(() => 1)])]) : y;
  const scaled = along(context.weight('gamma'), 'Mul', back);
  return Value.first(b, along(context.weight('beta'), 'Add', scaled), x.shape);
};

/** By the mean square of the last axes. */
export const rmsNormalization: Writer = (context, [value]) => {
  const { b, config } = context;
  const x = value as Value;
  const axes = axesOf(context, x.shape.length + 1);
  const mean = b.node('ReduceMean', [b.node('Mul', [x.last, x.last])], { axes, keepdims: 1 });
  const root = b.node('Sqrt', [b.node('Add', [mean, b.scalar(config.epsilon as number)])]);
  const { data } = weightOf(context, 'scale');
  const first = axes[0] as number;
  const shape = x.shape.slice(first - 1).map((size, i) => (axes.includes(first + i) ? size : 1));
  const name = b.node('Mul', [b.node('Div', [x.last, root]), b.floats('scale', data, shape)]);
  return Value.last(b, name, x.shape);
};

/** To length 1. */
export const unitNormalization: Writer = (context, [value]) => {
  const { b } = context;
  const x = value as Value;
  const axes = b.ints('axes', axesOf(context, x.shape.length + 1));
  const square = b.node('ReduceSum', [b.node('Mul', [x.last, x.last]), axes], { keepdims: 1 });
  const length = b.node('Sqrt', [b.node('Max', [square, b.scalar(1e-12)])]);
  return Value.last(b, b.node('Div', [x.last, length]), x.shape);
};

/** Learned slopes below 0. */
export const prelu: Writer = (context, [value]) => {
  const x = value as Value;
  const { data, shape } = weightOf(context, 'alpha');
  return Value.last(context.b, context.b.node('PRelu', [x.last, context.b.floats('alpha', data, shape)]), x.shape);
};

/** `x · scale + offset`. */
export const rescaling: Writer = ({ b, config }, [value]) => {
  const x = value as Value;
  const constant = (word: string, numbers: unknown): string =>
    Array.isArray(numbers) ? b.floats(word, numbers, [numbers.length]) : b.scalar(numbers as number);
  const scaled = b.node('Mul', [x.last, constant('scale', config.scale)]);
  return Value.last(b, b.node('Add', [scaled, constant('offset', config.offset)]), x.shape);
};

/** `(x − mean) / √variance`, or back. */
export const normalization: Writer = (context, [value]) => {
  const { b, config } = context;
  const x = value as Value;
  const rank = x.shape.length + 1;
  const axes = config.axis === null ? [] : axesOf(context, rank);
  const first = axes[0] ?? rank;
  const shape = x.shape.slice(first - 1).map((size, i) => (axes.includes(first + i) ? size : 1));
  const numbers = (name: string): number[] => [
    ...(context.weight(name)?.data ?? [config[name] as number | number[]].flat()),
  ];
  const constant = (word: string, data: number[]): string => b.floats(word, data, data.length === 1 ? [] : shape);
  const mean = constant('mean', numbers('mean'));
  const deviation = constant(
    'deviation',
    numbers('variance').map((one) => Math.max(Math.fround(Math.sqrt(one)), 1e-7)),
  );
  const name = config.invert
    ? b.node('Add', [b.node('Mul', [x.last, deviation]), mean])
    : b.node('Div', [b.node('Sub', [x.last, mean]), deviation]);
  return Value.last(b, name, x.shape);
};
