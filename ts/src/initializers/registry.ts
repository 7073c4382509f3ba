// Initializers by name.

import { Units } from '../units.js';
import { Constant, GlorotUniform, Initializer, Ones, RandomUniform, Zeros } from './index.js';

/** The initializers. */
export const INITIALIZERS: Units<Initializer> = new Units('initializer', Initializer, [
  Constant,
  GlorotUniform,
  Ones,
  RandomUniform,
  Zeros,
]);
