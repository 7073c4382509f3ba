// Activations with numbers of their own, which are layers.

import { fail } from '../../errors.js';
import type { Config } from '../../units.js';
import { activated } from './activations.js';
import type { Writer } from './context.js';
import type { Value } from './value.js';

/** `alpha` of an operator, from an option of the layer. */
const sloped =
  (op: string, option: string): Writer =>
  ({ b, config }, [x]) =>
    (x as Value).each((one) => b.node(op, [one], { alpha: { f: (config as Config)[option] as number } }));

export const leakyReLU: Writer = sloped('LeakyRelu', 'negativeSlope');
export const elu: Writer = sloped('Elu', 'alpha');

/** A plain one, or one with a limit. */
export const reLU: Writer = ({ b, config, layer }, [x]) => {
  const { maxValue, negativeSlope, threshold } = config as Config;
  if (negativeSlope !== 0 || threshold !== 0) {
    throw fail('INVALID_VALUE', layer.name, 'a ReLU without slope and threshold', 'one with', 'LeakyReLU has a slope');
  }
  const limit = maxValue == null ? [] : [b.scalar(maxValue as number)];
  return (x as Value).each((one) =>
    limit.length > 0 ? b.node('Clip', [one, b.scalar(0), ...limit]) : b.node('Relu', [one]),
  );
};

/** Over the last axis. */
export const softmax: Writer = ({ b, config, layer }, [x]) => {
  const { axis } = config as Config;
  const [first, ...more] = [axis].flat() as number[];
  if (more.length > 0 || (first !== -1 && first !== (x as Value).shape.length)) {
    throw fail(
      'INVALID_VALUE',
      layer.name,
      'a Softmax over the last axis',
      `axis ${String(axis)}`,
      'Permute moves axes',
    );
  }
  return activated(b, x as Value, 'softmax', layer.name);
};
