//! expm1, log1p, erf and the normal distribution, floor and round in f32, over `vector` as everything in `math`: our own
//! polynomials (Remez fits), without branches, the same bits on every target.

use super::math::{exp_parts, exp_sum_parts, ln, power_of_two, sigmoid};
use super::vector::{V, above, all, at_least, below, bits, bounded, equal, from_bits, pick};

/// 1 / √(2π).
const DENSITY: f32 = 0.398_942_3;
/// Beyond ± this the normal distribution has no f32 left.
const FAR: f32 = 15.0;

/// eˣ − 1 to 1.6 ulp, denormal arguments included.
#[inline(always)]
pub fn expm1(x: V) -> V {
    // Beyond these the result is ∞ or −1. NaN passes.
    let bound = bounded(x, V::from(-30.0), V::from(89.0));
    let (y, n) = exp_parts(bound);
    // (1 + y)·2ⁿ − 1 with 2ⁿ⁻¹, for 2ⁿ itself may be no f32; doubling is exact.
    let half = power_of_two(n - all(1));
    let far = 2.0 * (half * y + (half - 0.5));
    // Where it is x itself: tiny numbers, and zeros with their signs.
    pick(below(x.abs(), V::from(1e-9)), x, far)
}

/// ln(1 + x) to 2.6 ulp; −∞ at −1, NaN below.
#[inline(always)]
pub fn log1p(x: V) -> V {
    // For small x the rounded 1 + x has lost digits, which x / ((1 + x) − 1) gives back (Kahan).
    let u = 1.0 + x;
    let y = ln(u) * (x / (u - 1.0));
    pick(equal(u, V::from(1.0)) | at_least(x, V::from(f32::INFINITY)), x, y)
}

/// The standard normal distribution at |x|: e^(−x²/2) to 2 ulp, and what lies beyond |x| to 4 ulp (both to what a
/// denormal can hold).
#[inline(always)]
fn normal(x: V) -> (V, V) {
    let a = x.abs();
    let a = pick(above(a, V::from(FAR)), V::from(FAR), a);
    // x² in two parts, the first one exact: its error would grow by the exponential.
    let high = from_bits(bits(a) & all(-4096));
    let (square, rest) = (high * high * -0.5, (a - high) * (a + high) * -0.5);
    let (y, n) = exp_sum_parts(square + rest, square, rest);
    // (1 − Φ(a)) · e^(a²/2) as a polynomial of t = 1 / (1 + 0.3a): relative error 2^-28.
    let t = 1.0 / (1.0 + 0.3 * a);
    let mut q = V::from(-2.061_996_7e-2);
    q = q * t + 0.112_415_92;
    q = q * t - 0.228_165_54;
    q = q * t + 0.191_717_83;
    q = q * t - 7.936_559e-2;
    q = q * t + 9.612_431e-2;
    q = q * t + 7.840_145e-2;
    q = q * t + 0.110_232_77;
    q = q * t + 0.119_572_15;
    q = q * t + 0.119_686_67;
    let half = n >> 1;
    let (first, second) = (power_of_two(half), power_of_two(n - half));
    let density = 1.0 + y;
    (density * first * second, density * (q * t) * first * second)
}

/// The error function to 1.3 ulp; keeps the sign of 0.
#[inline(always)]
pub fn erf(x: V) -> V {
    let a = x.abs();
    // (erf a − a) / a as a polynomial of a² for a ≤ 1: relative error of the result 2^-29.
    let z = a * a;
    let mut q = V::from(7.853_861e-5);
    q = q * z - 8.010_193_5e-4;
    q = q * z + 5.188_327_7e-3;
    q = q * z - 2.685_381_2e-2;
    q = q * z + 0.112_835_85;
    q = q * z - 0.376_126_26;
    q = q * z + 0.128_379_17;
    let near = q * a + a;
    let (_, beyond) = normal(a * std::f32::consts::SQRT_2);
    pick(below(a, V::from(1.0)), near, 1.0 - 2.0 * beyond).copysign(x)
}

/// x · Φ(x) to 9 ulp.
#[inline(always)]
pub fn gelu(x: V) -> V {
    let (_, beyond) = normal(x);
    x * pick(below(x, V::from(0.0)), beyond, 1.0 - beyond)
}

/// Φ(x) + x · φ(x), the derivative of [`gelu`], to 2^-22.
#[inline(always)]
pub fn gelu_slope(x: V) -> V {
    let (density, beyond) = normal(x);
    let share = pick(below(x, V::from(0.0)), beyond, 1.0 - beyond);
    share + bounded(x, V::from(-FAR), V::from(FAR)) * (density * DENSITY)
}

/// σ(x · (a + b·x²)) and the bounded x that was used: where x is so large that the square might overflow, the result is
/// that of an x not as large.
#[inline(always)]
pub fn gate(x: V, a: f32, b: f32) -> (V, V) {
    let bound = bounded(x, V::from(-1e4), V::from(1e4));
    (sigmoid(bound * (a + b * (bound * bound))), bound)
}

/// The nearest whole number, of two the even one; keeps the sign of 0.
#[inline(always)]
pub fn round(x: V) -> V {
    const WHOLE: f32 = 8_388_608.0;
    // From 2²³ on every f32 is whole; adding that rounds what is below.
    let a = x.abs();
    pick(below(a, V::from(WHOLE)), ((a + WHOLE) - WHOLE).copysign(x), x)
}

/// The largest whole number not above x; keeps the sign of 0.
#[inline(always)]
pub fn floor(x: V) -> V {
    let near = round(x);
    pick(above(near, x), near - 1.0, near)
}

#[cfg(test)]
mod tests {
    use super::super::math::tests::worst;
    use super::super::math64::normal as normal64;
    use super::*;

    fn erf64(x: f64) -> f64 {
        2.0 * normal64(x.abs() * std::f64::consts::SQRT_2).0.copysign(x)
    }

    fn share64(x: f64) -> f64 {
        let (within, beyond) = normal64(x.abs());
        if x < 0.0 { beyond } else { 0.5 + within }
    }

    fn check(step: usize) {
        for (name, bound, (error, x)) in [
            ("expm1", 1.6, worst(step, expm1, f64::exp_m1)),
            ("log1p", 2.6, worst(step, log1p, f64::ln_1p)),
            ("erf", 1.3, worst(step, erf, erf64)),
            ("gelu", 9.0, worst(step, gelu, |x| x * share64(x))),
            ("floor", 0.0, worst(step, floor, f64::floor)),
            ("round", 0.0, worst(step, round, f64::round_ties_even)),
        ] {
            println!("{name}: {error:.3} ulp at {x:e}");
            assert!(error <= bound, "{name}: {error:.3} ulp at {x:e}");
        }
    }

    #[test]
    fn within_the_stated_ulps_of_f64() {
        check(1021);
    }

    #[test]
    #[ignore = "all 2^32 arguments of each function: minutes"]
    fn within_the_stated_ulps_of_f64_everywhere() {
        check(1);
    }

    #[test]
    fn the_slope_of_gelu() {
        for i in -40_000..40_000 {
            let x = i as f32 * 1e-3;
            let want = share64(x.into())
                + f64::from(x) * (-0.5 * f64::from(x).powi(2)).exp() / f64::sqrt(2.0 * std::f64::consts::PI);
            assert!((f64::from(gelu_slope(x)) - want).abs() < 2.4e-7, "{x}: {} for {want}", gelu_slope(x));
        }
    }

    #[test]
    fn special_values() {
        let (inf, tiny) = (f32::INFINITY, f32::from_bits(1));
        assert_eq!([expm1(inf), expm1(-inf), expm1(tiny), expm1(89.0)], [inf, -1.0, tiny, inf]);
        assert_eq!([log1p(inf), log1p(-1.0), log1p(tiny), log1p(-tiny)], [inf, -inf, tiny, -tiny]);
        assert_eq!([erf(inf), erf(-inf), erf(4.0)], [1.0, -1.0, 1.0]);
        assert_eq!(
            [floor(inf), floor(-0.5), floor(-3e38), floor(0.5), floor(8_388_607.5)],
            [inf, -1.0, -3e38, 0.0, 8_388_607.0]
        );
        assert_eq!([round(0.5), round(1.5), round(-2.5), round(-inf)], [0.0, 2.0, -2.0, -inf]);
        for f in [expm1, log1p, erf, floor, round] {
            assert_eq!(f(-0.0).to_bits(), (-0.0f32).to_bits());
            assert!(f(f32::NAN).is_nan());
        }
        assert!(log1p(-1.5).is_nan() && log1p(-inf).is_nan() && gelu(f32::NAN).is_nan());
        assert_eq!(
            [gelu(inf), gelu(0.0), gelu_slope(inf), gelu_slope(-inf), gelu_slope(0.0)],
            [inf, 0.0, 1.0, 0.0, 0.5]
        );
    }
}
