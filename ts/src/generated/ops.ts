// Generated from the Rust registries by `UPDATE=1 cargo test --test generated`. Do not edit.

import { type Binary, binary, type Unary, unary } from '../graph/elementwise.js';

/**
 * −x, elementwise.
 */
export const neg: Unary = unary('neg');
/**
 * x², elementwise.
 */
export const square: Unary = unary('square');
/**
 * √x, elementwise; NaN below 0.
 */
export const sqrt: Unary = unary('sqrt');
/**
 * eˣ, elementwise; within 1 ulp.
 */
export const exp: Unary = unary('exp');
/**
 * Natural logarithm, elementwise, within 1 ulp; −∞ at 0, NaN below.
 */
export const log: Unary = unary('log');
/**
 * Hyperbolic tangent, elementwise, within 2 ulp.
 */
export const tanh: Unary = unary('tanh');
/**
 * 1 / (1 + e⁻ˣ), elementwise, within 2 ulp.
 */
export const sigmoid: Unary = unary('sigmoid');
/**
 * max(x, 0), elementwise; NaN stays NaN. The gradient at 0 is 0.
 */
export const relu: Unary = unary('relu');
/**
 * ln(1 + eˣ), elementwise, without overflow; within 4 ulp. The gradient is the sigmoid.
 */
export const softplus: Unary = unary('softplus');
/**
 * a + b, elementwise, with NumPy's broadcasting.
 */
export const add: Binary = binary('add');
/**
 * a − b, elementwise, with NumPy's broadcasting.
 */
export const sub: Binary = binary('sub');
/**
 * a · b, elementwise, with NumPy's broadcasting.
 */
export const mul: Binary = binary('mul');
/**
 * a / b, elementwise, with NumPy's broadcasting.
 */
export const div: Binary = binary('div');
/**
 * a = b, elementwise, with NumPy's broadcasting; bool. NaN equals nothing.
 */
export const equal: Binary = binary('equal', 'bool');
/**
 * a > b, elementwise, with NumPy's broadcasting; bool.
 */
export const greater: Binary = binary('greater', 'bool');
