// Activations as ONNX operators, or a few of them.

import { describeValue, fail } from '../../errors.js';
import { hardSigmoidOfKeras2 } from '../keras/hard-sigmoid.js';
import type { Builder } from './builder.js';
import { Value } from './value.js';

type Make = (b: Builder, x: string) => string;

const of =
  (op: string, attributes: Record<string, { f: number }> = {}): Make =>
  (b, x) =>
    b.node(op, [x], attributes);

const clip =
  (low: number, high: number): Make =>
  (b, x) =>
    b.node('Clip', [x, b.scalar(low), b.scalar(high)]);

const ELEMENTWISE: ReadonlyMap<string, Make> = new Map<string, Make>([
  ['linear', (_, x) => x],
  ['relu', of('Relu')],
  ['sigmoid', of('Sigmoid')],
  ['tanh', of('Tanh')],
  ['softplus', of('Softplus')],
  ['softsign', of('Softsign')],
  ['elu', of('Elu', { alpha: { f: 1 } })],
  ['selu', of('Selu')],
  ['celu', of('Celu', { alpha: { f: 1 } })],
  ['exponential', of('Exp')],
  ['exp', of('Exp')],
  ['abs', of('Abs')],
  ['leaky_relu', of('LeakyRelu', { alpha: { f: 0.2 } })],
  ['hard_sigmoid', of('HardSigmoid', { alpha: { f: 1 / 6 }, beta: { f: 0.5 } })],
  [hardSigmoidOfKeras2.name, of('HardSigmoid', { alpha: { f: 0.2 }, beta: { f: 0.5 } })],
  ['hard_silu', of('HardSwish')],
  ['hard_swish', of('HardSwish')],
  ['relu6', clip(0, 6)],
  ['hard_tanh', clip(-1, 1)],
  ['silu', (b, x) => b.node('Mul', [x, b.node('Sigmoid', [x])])],
  ['swish', (b, x) => b.node('Mul', [x, b.node('Sigmoid', [x])])],
  ['mish', (b, x) => b.node('Mul', [x, b.node('Tanh', [b.node('Softplus', [x])])])],
  ['log_sigmoid', (b, x) => b.node('Neg', [b.node('Softplus', [b.node('Neg', [x])])])],
  ['tanh_shrink', (b, x) => b.node('Sub', [x, b.node('Tanh', [x])])],
  ['gelu', (b, x) => halves(b, x, b.node('Erf', [b.node('Mul', [x, b.scalar(Math.SQRT1_2)])]))],
  ['gelu_tanh', geluTanh],
]);
const ALONG_THE_LAST = new Map([
  ['softmax', 'Softmax'],
  ['log_softmax', 'LogSoftmax'],
]);

// x / 2 · (1 + y)
function halves(b: Builder, x: string, y: string): string {
  return b.node('Mul', [b.node('Mul', [x, b.scalar(0.5)]), b.node('Add', [y, b.scalar(1)])]);
}

// tanh(√(2/π) · (x + 0.044715 x³))
function geluTanh(b: Builder, x: string): string {
  const cube = b.node('Mul', [b.node('Mul', [x, x]), x]);
  const inside = b.node('Add', [x, b.node('Mul', [cube, b.scalar(0.044715)])]);
  return halves(b, x, b.node('Tanh', [b.node('Mul', [inside, b.scalar(Math.sqrt(2 / Math.PI))])]));
}

/** What an activation is called: its name, or that of a function. */
export function activationName(config: unknown): string {
  return typeof config === 'string' ? config : String((config as { config?: unknown } | undefined)?.config ?? 'linear');
}

/** A value through an activation. Throws INVALID_VALUE for one that has no operators here; `what` is its layer. */
export function activated(b: Builder, x: Value, config: unknown, what: string): Value {
  const name = activationName(config);
  const op = ALONG_THE_LAST.get(name);
  if (op) return Value.last(b, b.node(op, [x.last], { axis: -1 }), x.shape);
  const make = ELEMENTWISE.get(name);
  if (make) return x.each((one) => make(b, one));
  const known = [...ELEMENTWISE.keys(), ...ALONG_THE_LAST.keys()].join(', ');
  throw fail('INVALID_VALUE', what, `an activation of ${known}`, describeValue(name));
}
