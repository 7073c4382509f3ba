// Generated from the Rust registries by `UPDATE=1 cargo test --test generated`. Do not edit.

import type { Unary } from '../graph/elementwise.js';
import {
  neg,
  abs,
  square,
  sqrt,
  exp,
  log,
  tanh,
  sigmoid,
  relu,
  sign,
  floor,
  round,
  rsqrt,
  expm1,
  log1p,
  sin,
  cos,
  erf,
  softplus,
  gelu,
} from './ops.js';

/** Every elementwise op of one operand, by its registered name. */
export const UNARY: Readonly<Record<string, Unary>> = {
  neg,
  abs,
  square,
  sqrt,
  exp,
  log,
  tanh,
  sigmoid,
  relu,
  sign,
  floor,
  round,
  rsqrt,
  expm1,
  log1p,
  sin,
  cos,
  erf,
  softplus,
  gelu,
};
