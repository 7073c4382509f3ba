// Generated from the Rust registries by `UPDATE=1 cargo test --test generated`. Do not edit.

import type { Unary } from '../graph/elementwise.js';
import {
  neg,
  square,
  sqrt,
  exp,
  log,
  tanh,
  sigmoid,
  relu,
  softplus,
} from './ops.js';

/** Every elementwise op of one operand, by its registered name. */
export const UNARY: Readonly<Record<string, Unary>> = {
  neg,
  square,
  sqrt,
  exp,
  log,
  tanh,
  sigmoid,
  relu,
  softplus,
};
