// Layers that only change the shape of samples.

import { formatShape } from '../data/shape.js';
import { describeValue, fail } from '../errors.js';
import type { Dim } from '../graph/dims.js';
import { reshape } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { wholeNumber } from '../numbers.js';
import type { Config } from '../units.js';
import { Layer, type LayerOptions, sampleShape } from './layer.js';

/** Each sample as one row of numbers: `[28, 28]` becomes `[784]`. */
export class Flatten extends Layer {
  static override readonly className: string = 'Flatten';

  override call(x: Tensor): Tensor {
    const size = sampleShape(x.shape, this.name).reduce((product, length) => product * length, 1);
    return reshape(x, [x.shape[0] as Dim, size]);
  }
}

/** Options of Reshape. */
export interface ReshapeOptions extends LayerOptions {
  /** The shape of one sample; one size may be −1: what is left over. */
  targetShape: readonly number[];
}

/** Each sample in another shape of as many numbers. */
export class Reshape extends Layer {
  static override readonly className: string = 'Reshape';
  readonly targetShape: readonly number[];

  constructor(options: ReshapeOptions) {
    super(options, ['targetShape']);
    this.targetShape = checkTarget(options?.targetShape);
  }

  override call(x: Tensor): Tensor {
    const sizes = sampleShape(x.shape, this.name);
    const total = sizes.reduce((product, size) => product * size, 1);
    const known = this.targetShape.reduce((product, size) => (size === -1 ? product : product * size), 1);
    const target = this.targetShape.map((size) => (size === -1 ? total / known : size));
    if (target.reduce((product, size) => product * size, 1) !== total || !target.every(Number.isInteger)) {
      const expected = `${total} numbers, as in samples of shape ${formatShape(sizes)}`;
      throw fail('SHAPE_MISMATCH', this.name, expected, `targetShape ${formatShape(this.targetShape)}`);
    }
    return reshape(x, [x.shape[0] as Dim, ...target]);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), targetShape: [...this.targetShape] };
  }
}

function checkTarget(shape: unknown): number[] {
  if (!Array.isArray(shape))
    throw fail('INVALID_SHAPE', 'Reshape targetShape', 'a list of sizes', describeValue(shape));
  if (shape.filter((size) => size === -1).length > 1) {
    throw fail('INVALID_SHAPE', 'Reshape targetShape', 'at most one -1', describeValue(shape));
  }
  return shape.map((size) => (size === -1 ? -1 : wholeNumber(size, 'Reshape targetShape', 0)));
}
