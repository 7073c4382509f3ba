// Initializers by name.

import { Units } from '../units.js';
import * as initializers from './index.js';
import { Initializer } from './initializer.js';

/** The initializers. */
export const INITIALIZERS: Units<Initializer> = new Units<Initializer>(
  'initializer',
  Initializer,
  [
    initializers.Constant,
    initializers.GlorotNormal,
    initializers.GlorotUniform,
    initializers.HeNormal,
    initializers.HeUniform,
    initializers.Identity,
    initializers.LecunNormal,
    initializers.LecunUniform,
    initializers.Ones,
    initializers.Orthogonal,
    initializers.RandomNormal,
    initializers.RandomUniform,
    initializers.TruncatedNormal,
    initializers.VarianceScaling,
    initializers.Zeros,
  ],
  [
    ['normal', initializers.RandomNormal],
    ['one', initializers.Ones],
    ['orthogonal_initializer', initializers.Orthogonal],
    ['identity_initializer', initializers.Identity],
    ['uniform', initializers.RandomUniform],
    ['zero', initializers.Zeros],
  ],
);
