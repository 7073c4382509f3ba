// How little two regions overlap: the losses of segmentation. Targets and predictions are from 0 to 1.

import type { Axes } from '../graph/axes.js';
import { add, div, mul, sub, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { axis, from, type OptionTable, oneOrMore } from '../options.js';
import { sameAs } from './align.js';
import { EPSILON } from './formulas.js';
import { Loss, type LossOptions } from './loss.js';

/** Options of Dice. */
export interface DiceOptions extends LossOptions {
  /** The axes of one region: `[1, 2, 3]` for one per image. Default: all, the batch too, as in Keras. */
  axis?: Axes | null;
}

const AXES: OptionTable = { axis: [null, oneOrMore(axis)] };

/** Options of Tversky. */
export interface TverskyOptions extends DiceOptions {
  /** What a part of the target counts that the prediction leaves out. At least 0. Default 0.5. */
  alpha?: number;
  /** What a part of the prediction counts that is not of the target. At least 0. Default 0.5. */
  beta?: number;
}

/** `1 − I / (I + alpha · Σ target (1 − p) + beta · Σ (1 − target) p + 1e-7)` with `I = Σ target · p`. Salehi et al. 2017, https://arxiv.org/abs/1706.05721 */
export class Tversky extends Loss<TverskyOptions> {
  static override readonly className: string = 'Tversky';
  /** @internal */
  static override readonly options: OptionTable = { alpha: [0.5, from(0)], beta: [0.5, from(0)], ...AXES };
  declare readonly alpha: number;
  declare readonly beta: number;
  declare readonly axis: Axes | undefined;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const target = sameAs(yTrue, yPred, this.name);
    const over = this.axis === undefined ? {} : { axis: this.axis };
    const shared = sum(mul(target, yPred), over);
    const missed = sum(mul(target, sub(1, yPred)), over);
    const extra = sum(mul(sub(1, target), yPred), over);
    const all = add(shared, add(mul(missed, this.alpha), mul(extra, this.beta)));
    return sub(1, div(shared, add(all, EPSILON)));
  }
}

/** `1 − 2 Σ target · p / (Σ target + Σ p + 1e-7)`. Milletari et al. 2016, https://arxiv.org/abs/1606.04797 */
export class Dice extends Loss<DiceOptions> {
  static override readonly className: string = 'Dice';
  /** @internal */
  static override readonly options: OptionTable = AXES;
  declare readonly axis: Axes | undefined;

  override call(yTrue: Tensor, yPred: Tensor): Tensor {
    const target = sameAs(yTrue, yPred, this.name);
    const over = this.axis === undefined ? {} : { axis: this.axis };
    const both = add(add(sum(target, over), sum(yPred, over)), EPSILON);
    return sub(1, div(mul(sum(mul(target, yPred), over), 2), both));
  }
}
