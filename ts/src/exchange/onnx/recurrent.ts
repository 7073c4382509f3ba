// Recurrent layers as ONNX's RNN, GRU and LSTM: steps first, gates in another order, weights transposed.

import { describeValue, fail } from '../../errors.js';
import type { Bidirectional } from '../../layers/bidirectional.js';
import { GRU } from '../../layers/gru.js';
import type { AnyLayer } from '../../layers/layer.js';
import { LSTM } from '../../layers/lstm.js';
import type { Recurrent } from '../../layers/recurrent.js';
import { blocksIn, permuted } from '../arrays.js';
import { hardSigmoidOfKeras2 } from '../keras/hard-sigmoid.js';
import { activationName } from './activations.js';
import { type Context, type Writer, weightOf } from './context.js';
import { Value } from './value.js';

/** Activations that its recurrent operators know. The default slope of its HardSigmoid is that of Keras 2. */
const ACTIVATIONS: ReadonlyMap<string, string> = new Map([
  ['sigmoid', 'Sigmoid'],
  ['tanh', 'Tanh'],
  ['relu', 'Relu'],
  ['softsign', 'Softsign'],
  ['softplus', 'Softplus'],
  [hardSigmoidOfKeras2.name, 'HardSigmoid'],
]);

function activationOf(config: unknown, what: string): string {
  const name = ACTIVATIONS.get(activationName(config));
  if (name) return name;
  const known = [...ACTIVATIONS.keys()].join(', ');
  throw fail('INVALID_VALUE', `${what} activation`, known, describeValue(activationName(config)));
}

// ONNX: i, o, f, c and z, r, h.
function gatesOf(layer: AnyLayer): { op: string; order: number[] } {
  if (layer instanceof LSTM) return { op: 'LSTM', order: [0, 3, 1, 2] };
  return layer instanceof GRU ? { op: 'GRU', order: [0, 1, 2] } : { op: 'RNN', order: [0] };
}

/** Outputs of a direction, `[batch, steps, units]` or `[batch, units]`, and its last states. */
function direction(context: Context, xs: readonly Value[]): { outputs: string; states: string[] } {
  const { b, layer, config } = context;
  const { op, order } = gatesOf(layer);
  if (config.stateful) {
    const hint = 'give states as [x, ...states], and take the last ones by returnState: true';
    throw fail('INVALID_VALUE', layer.name, 'a layer that keeps no states', 'stateful: true', hint);
  }
  const { units, returnSequences, goBackwards, resetAfter } = config as { units: number; [name: string]: unknown };
  const matrix = (name: string): string => {
    const { data, shape } = weightOf(context, name);
    const rows = blocksIn(permuted(data, shape, [1, 0]), order);
    return b.floats(name, rows, [1, shape[1] as number, shape[0] as number]);
  };
  const own = context.weight('bias');
  const width = order.length * units;
  const bias = new Float32Array(2 * width);
  if (own && own.data.length === 2 * width) bias.set(own.data);
  else if (own) bias.set(blocksIn(own.data, order));
  const [x, ...begin] = xs as [Value, ...Value[]];
  const states = begin.map((state) => b.node('Unsqueeze', [state.last, b.ints('axes', [0])]));
  const activation = activationOf(config.activation, layer.name);
  const gate = op === 'RNN' ? [] : [activationOf(config.recurrentActivation, layer.name)];
  const inputs = [
    b.node('Transpose', [x.last], { perm: [1, 0, 2] }),
    matrix('kernel'),
    matrix('recurrent_kernel'),
    b.floats('bias', bias, [1, 2 * width]),
    ...(states.length > 0 ? ['', ...states] : []),
  ];
  const count = op === 'LSTM' ? 3 : 2;
  const attributes = {
    hidden_size: units,
    direction: goBackwards ? 'reverse' : 'forward',
    activations: op === 'LSTM' ? [...gate, activation, activation] : [...gate, activation],
    ...(op === 'GRU' && { linear_before_reset: resetAfter ? 1 : 0 }),
  };
  const [all, ...last] = b.nodes(op, inputs, attributes, count) as [string, ...string[]];
  const ends = last.map((name) => b.node('Squeeze', [name, b.ints('axes', [0])]));
  if (!returnSequences) return { outputs: ends[0] as string, states: ends };
  const rows = b.node('Squeeze', [all, b.ints('axes', [1])]);
  return { outputs: b.node('Transpose', [rows], { perm: [1, 0, 2] }), states: ends };
}

/** SimpleRNN, GRU, LSTM. */
export const recurrent: Writer = (context, xs) => {
  const { b, config } = context;
  const [steps] = (xs[0] as Value).shape as [number];
  const { returnSequences, returnState, goBackwards } = config;
  const units = config.units as number;
  const { outputs, states } = direction(context, xs);
  // What goes backwards gives its outputs in that order; ONNX gives them in the order of steps.
  const ordered = returnSequences && goBackwards ? reversed(context, outputs) : outputs;
  const first = Value.last(b, ordered, returnSequences ? [steps, units] : [units]);
  return returnState ? [first, ...states.map((state) => Value.last(b, state, [units]))] : first;
};

function reversed({ b }: Context, name: string): string {
  const list = (value: number): string => b.ints('slice', [value]);
  return b.node('Slice', [name, list(-1), list(-(2 ** 31)), list(1), list(-1)]);
}

/** Both directions, whose outputs ONNX gives in the order of steps. */
export const bidirectional: Writer = (context, xs) => {
  const { b } = context;
  const { forwardLayer, backwardLayer, mergeMode } = context.layer as unknown as Bidirectional;
  const [x, ...states] = xs as [Value, ...Value[]];
  const half = states.length / 2;
  const through = (layer: Recurrent, own: readonly Value[]): { outputs: string; states: string[] } =>
    b.within(layer.name, () => {
      const part = layer as unknown as AnyLayer;
      const weight: Context['weight'] = (name) => context.weight(`${layer.name}/${name}`);
      return direction({ ...context, layer: part, config: part.getConfig(), weight }, [x, ...own]);
    });
  const [ahead, back] = [through(forwardLayer, states.slice(0, half)), through(backwardLayer, states.slice(half))];
  const { units, returnSequences, returnState } = forwardLayer;
  const shape = (width: number): number[] => (returnSequences ? [x.shape[0] as number, width] : [width]);
  const both = [ahead.outputs, back.outputs];
  const merged = (name: string, width = units): Value => Value.last(b, name, shape(width));
  const outputs: Value[] = [];
  if (mergeMode === 'concat') outputs.push(merged(b.node('Concat', both, { axis: -1 }), 2 * units));
  else if (mergeMode === 'sum') outputs.push(merged(b.node('Add', both)));
  else if (mergeMode === 'mul') outputs.push(merged(b.node('Mul', both)));
  else if (mergeMode === 'ave') outputs.push(merged(b.node('Mean', both)));
  else outputs.push(...both.map((name) => merged(name)));
  if (!returnState) return outputs;
  return [...outputs, ...[...ahead.states, ...back.states].map((state) => Value.last(b, state, [units]))];
};
