// The optimizers, and looking one up by name.

import { plain, readOptions } from '../declaration.js';
import { describeValue, fail } from '../errors.js';
import { OPTIMIZERS } from '../generated/more-optimizers.js';
import { knowUnits } from '../known.js';
import { deserialize } from '../schedules/index.js';
import * as wrappers from '../wrappers/index.js';
import { classOf, knowOptimizers, optimizerOf } from './by-name.js';
import type { Optimizer } from './optimizer.js';

export * from '../generated/more-optimizers.js';
export * from '../generated/optimizers.js';
export type { SharedOptions } from '../generated/shared.js';
export type { HyperValue } from './hyper.js';
export { Optimizer } from './optimizer.js';
export type {
  LossScaleOptions,
  NamePattern,
  OptimizerConfig,
  OptimizerGroup,
  OptimizerOptions,
  WeightDecayMode,
} from './options.js';
export type { OnNonFinite } from './read.js';

/** An optimizer in a configuration. */
export interface SerializedOptimizer {
  className: string;
  config: object;
}

/**
 * An optimizer from its name with default options (`'adam'`, `'RMSprop'`, `'rms_prop'`: any case), from a configuration
 * `{ className, config }` (also as Keras writes it), or the optimizer itself.
 */
export function get(identifier: string | Optimizer | SerializedOptimizer): Optimizer {
  return optimizerOf(identifier);
}

function ofConfig(identifier: unknown): Optimizer {
  const found = (identifier ?? {}) as { className?: unknown; class_name?: unknown; config?: unknown };
  const name = found.className ?? found.class_name;
  if (typeof name !== 'string' || typeof found.config !== 'object' || found.config === null) {
    throw fail(
      'INVALID_VALUE',
      'optimizer',
      'a name, an optimizer or { className, config }',
      describeValue(identifier),
    );
  }
  return plain(name) === 'lossscaleoptimizer' ? ofLossScale(found.config) : classOf(name).fromConfig(found.config);
}

/** What Keras's `LossScaleOptimizer` does is an option of the optimizer inside. */
function ofLossScale(config: object): Optimizer {
  const given = readOptions('LossScaleOptimizer', config, [
    'innerOptimizer',
    'initialScale',
    'dynamicGrowthSteps',
    'name',
  ]);
  const inner = serialize(get(given.get('innerOptimizer') as SerializedOptimizer));
  const dynamicLossScale = {
    initialScale: given.get('initialScale'),
    growthSteps: given.get('dynamicGrowthSteps'),
    minimum: 2 ** -126,
    maximum: 2 ** 127,
  };
  return classOf(inner.className).fromConfig({ ...inner.config, dynamicLossScale });
}

/** What `get` makes the same optimizer from again, also after JSON. Its state is not part of it. */
export function serialize(optimizer: Optimizer): SerializedOptimizer {
  return { className: optimizer.className, config: optimizer.getConfig() };
}

knowOptimizers(OPTIMIZERS);
knowUnits('schedule', deserialize);
knowUnits('wrapper', (identifier) => wrappers.get(identifier as wrappers.SerializedWrapper));
knowUnits('optimizer', ofConfig);
