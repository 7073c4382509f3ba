// What layers over one to three axes expect of their input: [batch, axes…, channels]. Anything else is refused with the
// layer that would make it so.

import { formatShape } from '../data/shape.js';
import { describeValue, fail } from '../errors.js';
import { B, type Shape, shapeText } from '../graph/dims.js';
import type { Layer } from './layer.js';

const NAMES = [[], ['steps'], ['height', 'width'], ['depth', 'height', 'width']];

/** The class of a layer over a number of axes. */
export interface OverAxes {
  readonly axes: number;
}

/** Over how many axes a layer moves, as its class says. */
export function axesOf(layer: object): number {
  return (layer.constructor as unknown as OverAxes).axes;
}

/** What the axes between batch and channels are called; a single one as given. */
export function wordsOf(axes: number, single: string): readonly string[] {
  return axes === 1 ? [single] : (NAMES[axes] as string[]);
}

/** Throws INVALID_VALUE for anything but channels last. */
export function checkFormat(format: unknown, what: string): void {
  if (format === undefined || format === null || format === 'channels_last') return;
  const hint = 'transpose the data once, or put new Permute before the first layer';
  throw fail('INVALID_VALUE', `${what} dataFormat`, "'channels_last'", describeValue(format), hint);
}

/** Channels and the sizes before them of samples of a layer. Throws SHAPE_MISMATCH unless there are as many axes. */
export function imageOf(layer: Layer, shape: Shape): { sizes: number[]; channels: number } {
  const axes = axesOf(layer);
  if (shape.length === axes + 2 && shape.slice(1).every((size) => typeof size === 'number')) {
    const sizes = shape.slice(1) as number[];
    return { sizes: sizes.slice(0, -1), channels: sizes[axes] as number };
  }
  const words = ['batch', ...(NAMES[axes] as string[]), 'channels'].join(', ');
  const target = reshaped(shape.slice(1), axes);
  const hint = target && `add new Reshape({ targetShape: ${formatShape(target)} }) before it`;
  throw fail('SHAPE_MISMATCH', layer.name, `rank ${axes + 2} (${words})`, shapeText(shape), hint);
}

/** The same of the shape of one sample. */
export function sampleOf(layer: Layer, inputShape: readonly number[]): { sizes: number[]; channels: number } {
  return imageOf(layer, [B, ...inputShape]);
}

/** The shape that a sample most likely should have. */
function reshaped(sample: Shape, axes: number): number[] | undefined {
  if (!sample.every((size) => typeof size === 'number')) return undefined;
  const sizes = sample as number[];
  if (sizes.length === axes) return [...sizes, 1];
  const total = sizes.reduce((product, size) => product * size, 1);
  for (const channels of [1, 3, 4]) {
    const side = Math.round((total / channels) ** (1 / axes));
    if (side > 0 && side ** axes * channels === total) return [...new Array<number>(axes).fill(side), channels];
  }
  return undefined;
}
