// Generated from the registry of the core; do not edit.

import { type Binary, binary, type Unary, unary } from '../graph/elementwise.js';

/** `−x`. */
export const neg: Unary = unary('neg');
/** `x²`. */
export const square: Unary = unary('square');
/** `√x`; NaN below 0. */
export const sqrt: Unary = unary('sqrt');
/** `eˣ`. */
export const exp: Unary = unary('exp');
/** The natural logarithm; −∞ at 0, NaN below. */
export const log: Unary = unary('log');
/** The hyperbolic tangent. */
export const tanh: Unary = unary('tanh');
/** `1 / (1 + e⁻ˣ)`. */
export const sigmoid: Unary = unary('sigmoid');
/** `max(x, 0)`. */
export const relu: Unary = unary('relu');
/** `a + b`. */
export const add: Binary = binary('add');
/** `a − b`. */
export const sub: Binary = binary('sub');
/** `a · b`, element by element. */
export const mul: Binary = binary('mul');
/** `a / b`. */
export const div: Binary = binary('div');
/** Whether `a = b`. */
export const equal: Binary = binary('equal', 'bool');
/** Whether `a > b`. */
export const greater: Binary = binary('greater', 'bool');
