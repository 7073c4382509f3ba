// A recurrent layer in both directions.

import { fail } from '../errors.js';
import { add, concat, div, flip, mul } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { type OptionTable, oneOf } from '../options.js';
import { type Config, classNameOf, type Serialized, serialize, snakeCase } from '../units.js';
import { type CallOptions, Layer, type LayerOptions, listOf, type Several } from './layer.js';
import { LAYERS } from './named.js';
import { Recurrent } from './recurrent.js';

/** What becomes of the outputs of the two directions; null: a list of both. */
export type MergeMode = 'concat' | 'sum' | 'mul' | 'ave' | null;

/** Options of Bidirectional. */
export interface BidirectionalOptions<M extends MergeMode = MergeMode> extends LayerOptions {
  /** What goes forwards; it goes backwards too, as one of its own, made of the same options. */
  layer: Recurrent | Serialized;
  /** What goes backwards, instead: a layer with `goBackwards: true` that gives as much. */
  backwardLayer?: Recurrent | Serialized | undefined;
  /** Default 'concat'. */
  mergeMode?: M;
}

/**
 * A recurrent layer on sequences and another on them in reverse order, whose outputs are put in the order of the first.
 * States, to begin with and last ones, are those of the first, then those of the other. Schuster and Paliwal 1997,
 * https://doi.org/10.1109/78.650093
 */
export class Bidirectional<Out extends Several = Tensor> extends Layer<Several, Out> {
  static override readonly className: string = 'Bidirectional';
  /** @internal */
  static override readonly options: OptionTable = {
    mergeMode: ['concat', oneOf('concat', 'sum', 'mul', 'ave', null)],
  };
  override readonly takes = 'either';
  declare readonly mergeMode: MergeMode;
  readonly forwardLayer: Recurrent;
  readonly backwardLayer: Recurrent;
  readonly #given: boolean;

  constructor(options: BidirectionalOptions) {
    super(options, ['layer', 'backwardLayer']);
    const forward = recurrent(options.layer, 'Bidirectional layer');
    // One that was saved has its name already.
    const word = forward.isUnnamed ? snakeCase(classNameOf(forward)) : forward.name.replace(/^forward_/, '');
    this.#given = options.backwardLayer !== undefined;
    const backward = options.backwardLayer
      ? recurrent(options.backwardLayer, 'Bidirectional backwardLayer')
      : reversed(forward, `backward_${word}`);
    if (forward.isUnnamed) forward.giveName(`forward_${word}`);
    for (const option of ['returnSequences', 'returnState'] as const) {
      if (forward[option] === backward[option]) continue;
      const got = `${option} ${forward[option]} and ${backward[option]}`;
      throw fail('INVALID_VALUE', 'Bidirectional backwardLayer', 'a layer that gives as much as the other', got);
    }
    if (forward.goBackwards === backward.goBackwards) {
      const got = `goBackwards ${forward.goBackwards} of both`;
      throw fail('INVALID_VALUE', 'Bidirectional backwardLayer', 'a layer of the other direction', got);
    }
    this.forwardLayer = this.addLayer(forward);
    this.backwardLayer = this.addLayer(backward);
  }

  override call(x: Several, options: CallOptions): Out {
    const [input, ...states] = listOf(x) as [Tensor, ...Tensor[]];
    const half = states.length / 2;
    const through = (layer: Recurrent, own: readonly Tensor[]): readonly Tensor[] =>
      listOf(layer.apply(own.length > 0 ? [input, ...own] : input, options));
    const [ahead, ...first] = through(this.forwardLayer, states.slice(0, half)) as [Tensor, ...Tensor[]];
    const [back, ...second] = through(this.backwardLayer, states.slice(half)) as [Tensor, ...Tensor[]];
    const turned = this.forwardLayer.returnSequences ? flip(back, { axis: 1 }) : back;
    const merged = this.#merged(ahead, turned);
    const all = [...merged, ...first, ...second];
    return (all.length === 1 ? all[0] : all) as Out;
  }

  /** That of the sequence, where every step has an output. */
  override computeMask(x: Several, y: Tensor): Tensor | undefined {
    return this.forwardLayer.returnSequences && y.shape.length === 3 ? listOf(x)[0]?.mask : undefined;
  }

  #merged(a: Tensor, b: Tensor): readonly Tensor[] {
    switch (this.mergeMode) {
      case 'concat':
        return [concat([a, b], { axis: -1 })];
      case 'sum':
        return [add(a, b)];
      case 'mul':
        return [mul(a, b)];
      case 'ave':
        return [div(add(a, b), 2)];
      default:
        return [a, b];
    }
  }

  override getConfig(): Config {
    const { mergeMode = null, forwardLayer, backwardLayer } = this;
    const config = { ...super.getConfig(), mergeMode, layer: serialize(forwardLayer) };
    return this.#given ? { ...config, backwardLayer: serialize(backwardLayer) } : config;
  }
}

function recurrent(value: unknown, what: string): Recurrent {
  const layer = LAYERS.resolve(value as Serialized) as unknown;
  if (layer instanceof Recurrent) return layer;
  throw fail('INVALID_VALUE', what, 'a SimpleRNN, GRU or LSTM layer', classNameOf(layer as object));
}

// One of the same options in the other direction.
function reversed(layer: Recurrent, name: string): Recurrent {
  const Class = layer.constructor as unknown as { fromConfig(config: Config): Recurrent };
  return Class.fromConfig({ ...layer.getConfig(), name, goBackwards: !layer.goBackwards });
}
