// Generated from the Rust registries by `UPDATE=1 cargo test --test generated`. Do not edit.

import { type Binary, binary, type Unary, unary } from '../graph/elementwise.js';

/**
 * −x, elementwise.
 */
export const neg: Unary = unary('neg');
/**
 * |x|, elementwise. The gradient at 0 is 0.
 */
export const abs: Unary = unary('abs');
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
 * −1, 0 or 1, elementwise; zeros keep their sign, NaN stays NaN. The gradient is 0.
 */
export const sign: Unary = unary('sign');
/**
 * The largest whole number not above x, elementwise. The gradient is 0.
 */
export const floor: Unary = unary('floor');
/**
 * The nearest whole number, elementwise; halves go to the even one. The gradient is 0.
 */
export const round: Unary = unary('round');
/**
 * 1 / √x, elementwise, within 2 ulp; ∞ at 0, NaN below.
 */
export const rsqrt: Unary = unary('rsqrt');
/**
 * eˣ − 1, elementwise, within 2 ulp also near 0.
 */
export const expm1: Unary = unary('expm1');
/**
 * ln(1 + x), elementwise, within 3 ulp also near 0; −∞ at −1, NaN below.
 */
export const log1p: Unary = unary('log1p');
/**
 * Sine of x in radians, elementwise, within 0.51 ulp however large x is; NaN of infinities.
 */
export const sin: Unary = unary('sin');
/**
 * Cosine of x in radians, elementwise, within 0.51 ulp however large x is; NaN of infinities.
 */
export const cos: Unary = unary('cos');
/**
 * The error function 2/√π ∫₀ˣ e^(−t²) dt, elementwise, within 2 ulp.
 */
export const erf: Unary = unary('erf');
/**
 * ln(1 + eˣ), elementwise, without overflow; within 4 ulp. The gradient is the sigmoid.
 */
export const softplus: Unary = unary('softplus');
/**
 * x · Φ(x), elementwise, Φ being the distribution function of the standard normal distribution; within 9 ulp, also
 * far below 0 (Hendrycks and Gimpel, 2016).
 */
export const gelu: Unary = unary('gelu');
/**
 * a to the power b, elementwise, with NumPy's broadcasting; within 0.51 ulp, with IEEE 754's special cases (NaN where a is negative and b no whole number). The gradient by b is 0 where a is 0.
 */
export const pow: Binary = binary('pow');
/**
 * The smaller of a and b, elementwise, with NumPy's broadcasting; NaN where either is. Equal ones share the gradient equally, as in PyTorch and JAX (TensorFlow gives it to a).
 */
export const minimum: Binary = binary('minimum');
/**
 * The larger of a and b, elementwise, with NumPy's broadcasting; NaN where either is. Equal ones share the gradient equally, as in PyTorch and JAX (TensorFlow gives it to a).
 */
export const maximum: Binary = binary('maximum');
/**
 * a ≠ b, elementwise, with NumPy's broadcasting; bool. NaN differs from everything.
 */
export const notEqual: Binary = binary('not_equal', 'bool');
/**
 * a > b, elementwise, with NumPy's broadcasting; bool.
 */
export const greater: Binary = binary('greater', 'bool');
/**
 * a ≥ b, elementwise, with NumPy's broadcasting; bool.
 */
export const greaterEqual: Binary = binary('greater_equal', 'bool');
/**
 * a < b, elementwise, with NumPy's broadcasting; bool.
 */
export const less: Binary = binary('less', 'bool');
/**
 * a ≤ b, elementwise, with NumPy's broadcasting; bool.
 */
export const lessEqual: Binary = binary('less_equal', 'bool');
