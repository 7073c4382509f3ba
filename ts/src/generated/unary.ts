// Generated from the Rust registries by `UPDATE=1 cargo test --test generated`. Do not edit.

import type { Unary } from '../graph/elementwise.js';
import {
  neg,
  abs,
  sign,
  floor,
  round,
  square,
  sqrt,
  rsqrt,
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  erf,
  tanh,
  sigmoid,
  relu,
  softplus,
  gelu,
} from './ops.js';

/** Every elementwise op of one operand, by its registered name. */
export const UNARY: Readonly<Record<string, Unary>> = {
  neg,
  abs,
  sign,
  floor,
  round,
  square,
  sqrt,
  rsqrt,
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  erf,
  tanh,
  sigmoid,
  relu,
  softplus,
  gelu,
};
