// What `train` makes of the data it was given: samples to learn from and to measure by, the layers that bring raw numbers
// into a range that trains well (they stay in the model), and whether classes or numbers are to be predicted.

import type { Samples } from '../data/split.js';
import type { Layer } from '../index.node.js';
import type { Note } from './note.js';

/** A training problem. */
export interface Problem {
  /** Lines for the user: what the data are, and what was decided. */
  readonly words: readonly (readonly [title: string, text: string])[];
  readonly train: Samples;
  /** Set aside, to measure each epoch by. */
  readonly validation: Samples | undefined;
  /** The data set's own test samples. */
  readonly test?: Samples | undefined;
  /** The first layers of the model. */
  readonly first: readonly Layer[];
  /** In regression, how far the targets are spread around what: the model learns (y − mean) / deviation. */
  readonly scale?: Scale | undefined;
  readonly note: Note;
}

/** Mean and standard deviation. */
export interface Scale {
  readonly mean: number;
  readonly deviation: number;
}

/** What the user decided. */
export interface Choices {
  readonly validationSplit: number;
  readonly seed: number;
  readonly target?: string | undefined;
  readonly ignore?: readonly string[] | undefined;
  readonly task?: 'classification' | 'regression' | undefined;
}
