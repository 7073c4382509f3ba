//! exp, ln, tanh and sigmoid in f32: our own polynomials (Remez fits), without branches, so that loops over them become
//! vector code. Same bits on every target: no libm, no fused multiply-add.

use super::vector::{
    I, V, above, all, at_least, below, bits, bounded, equal, exceeds, from_bits, pick, pick_bits, to_float,
};

/// 1.5 · 2²³: adding it rounds a small number to an integer, which then sits in the low bits.
const ROUND: f32 = 12_582_912.0;
const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// ln 2 in two parts; the first has 9 bits, so that its product with an exponent is exact.
const LN2_HIGH: f32 = 355.0 / 512.0;
const LN2_LOW: f32 = -2.121_944_4e-4;

/// eˣ to 0.9 ulp, denormal results included; overflows to ∞ above 88.72, underflows to 0 below −103.97.
#[inline(always)]
pub fn exp(x: V) -> V {
    // Beyond these the result is ∞ or 0 anyway, and inside them the two scales below are normal. NaN passes.
    let x = bounded(x, V::from(-105.0), V::from(90.0));
    let (y, n) = exp_parts(x);
    // Two factors, for 2ⁿ itself may be no f32; only the second multiplication can round.
    let half = n >> 1;
    (1.0 + y) * power_of_two(half) * power_of_two(n - half)
}

/// eˣ = (1 + y) · 2ⁿ with y in [−0.3, 0.42]; gives y and n.
#[inline(always)]
pub(super) fn exp_parts(x: V) -> (V, I) {
    exp_sum_parts(x, x, V::from(0.0))
}

/// [`exp_parts`] of x + rest, whose rounded value is `sum`; rest is small.
#[inline(always)]
pub(super) fn exp_sum_parts(sum: V, x: V, rest: V) -> (V, I) {
    let rounded = sum * LOG2_E + ROUND;
    let n = rounded - ROUND;
    // The first difference is exact, and adding the second part late saves a rounding.
    let (high, low) = (x - n * LN2_HIGH, n * LN2_LOW - rest);
    let r = high - low;
    // (eʳ - 1 - r) / r² on |r| ≤ ln 2 / 2: relative error of eʳ 2^-28.
    let mut q = V::from(1.381_459_9e-3);
    q = q * r + 8.368_717e-3;
    q = q * r + 4.166_839e-2;
    q = q * r + 0.166_665_21;
    q = q * r + 0.499_999_93;
    ((q * (r * r) - low) + high, bits(rounded) - all(ROUND.to_bits() as i32))
}

/// 2ⁿ for n in −126 … 127.
#[inline(always)]
pub(super) fn power_of_two(n: I) -> V {
    from_bits((n + all(127)) << 23)
}

/// Natural logarithm to 0.84 ulp, denormal arguments included; ln 0 = −∞, NaN below 0. In WASM there is one copy of it.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub fn ln(x: V) -> V {
    let tiny = below(x, V::from(f32::MIN_POSITIVE));
    let scaled = pick(tiny, x * 8_388_608.0, x);
    // x = m · 2ᵉ with m in [√½, √2).
    let e = (bits(scaled) - all(0x3f35_04f3)) >> 23;
    let f = from_bits(bits(scaled) - (e << 23)) - 1.0;
    let e = to_float(pick_bits(tiny, e - all(23), e));
    // (ln(1 + f) - f + f²/2) / f³: relative error of the logarithm 2^-30.
    let mut q = V::from(6.746_651e-2);
    q = q * f - 0.116_756_55;
    q = q * f + 0.118_881_59;
    q = q * f - 0.124_055_88;
    q = q * f + 0.142_195_33;
    q = q * f - 0.166_679_96;
    q = q * f + 0.200_021_19;
    q = q * f - 0.250_000_1;
    q = q * f + 0.333_333_13;
    let square = f * f;
    let small = q * (f * square) + e * LN2_LOW - 0.5 * square;
    let y = e * LN2_HIGH + (f + small);
    let y = pick(equal(x, V::from(f32::INFINITY)), x, y);
    let y = pick(equal(x, V::from(0.0)), V::from(f32::NEG_INFINITY), y);
    pick(at_least(x, V::from(0.0)), y, V::from(f32::NAN))
}

/// Hyperbolic tangent to 1.21 ulp; exactly ±1 from |x| = 9.02 on; keeps the sign of 0.
#[inline(always)]
pub fn tanh(x: V) -> V {
    let a = x.abs();
    // (tanh a - a) / a³ as a polynomial of a² for a² ≤ 0.4: relative error of the result 2^-27.
    let z = a * a;
    let mut q = V::from(-5.648_316_5e-3);
    q = q * z + 2.058_982_7e-2;
    q = q * z - 5.372_512_7e-2;
    q = q * z + 0.133_312_75;
    q = q * z - 0.333_332_76;
    let near = q * (z * a) + a;
    let clamped = pick(above(a, V::from(10.0)), V::from(10.0), a);
    let (y, n) = exp_parts(2.0 * clamped);
    let scale = power_of_two(n);
    let far = 1.0 - 2.0 / ((1.0 + scale) + scale * y);
    pick(below(a, V::from(0.625)), near, far).copysign(x)
}

/// 1 / (1 + e⁻ˣ) to 1.66 ulp, denormal results included; exactly 1 from x = 17.4 on, 0 below −103.97.
#[inline(always)]
pub fn sigmoid(x: V) -> V {
    // Beyond these the result is 1 or 0. NaN passes.
    let x = bounded(x, V::from(-105.0), V::from(80.0));
    let (y, n) = exp_parts(-x);
    // 1 + (1 + y) 2ⁿ, scaled by 2^-h so that it stays finite where the result is denormal. The larger terms are added
    // exactly, so that only the last addition rounds to any effect.
    let h = pick_bits(exceeds(n, all(126)), all(126), n);
    let h = pick_bits(exceeds(n, all(0)), h, all(0));
    let (one, scale) = (power_of_two(all(0) - h), power_of_two(n - h));
    let far = exceeds(n, all(12));
    let (large, small) = (pick(far, scale, scale + one), pick(far, one, V::from(0.0)));
    1.0 / (large + (small + scale * y)) * one
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Distance from the f64 value in units of the last f32 place at that value.
    pub fn ulps(got: f32, want: f64) -> f64 {
        if want.is_nan() || (want as f32).is_infinite() || got.is_infinite() {
            let same = if want.is_nan() { got.is_nan() } else { got == want as f32 };
            return if same { 0.0 } else { f64::INFINITY };
        }
        let exponent = ((want.abs().to_bits() >> 52) as i32 - 1023).max(-126);
        (f64::from(got) - want).abs() / f64::from(exponent - 23).exp2()
    }

    /// The largest error over every `step`-th of all 2³² bit patterns, and where it is.
    pub fn worst(step: usize, f: fn(f32) -> f32, exact: fn(f64) -> f64) -> (f64, f32) {
        let mut worst = (0.0, 0.0);
        for bits in (0..=u32::MAX).step_by(step) {
            let x = f32::from_bits(bits);
            let error = ulps(f(x), exact(f64::from(x)));
            if error > worst.0 {
                worst = (error, x);
            }
        }
        worst
    }

    fn logistic(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    fn check(step: usize) {
        for (name, bound, (error, x)) in [
            ("exp", 0.9, worst(step, exp, f64::exp)),
            ("ln", 0.84, worst(step, ln, f64::ln)),
            ("tanh", 1.21, worst(step, tanh, f64::tanh)),
            ("sigmoid", 1.66, worst(step, sigmoid, logistic)),
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
    fn special_values() {
        let (inf, tiny) = (f32::INFINITY, f32::from_bits(1));
        assert_eq!([exp(inf), exp(-inf), exp(0.0), exp(-0.0), exp(89.0), exp(-104.0)], [inf, 0.0, 1.0, 1.0, inf, 0.0]);
        assert_eq!([ln(0.0), ln(-0.0), ln(1.0), ln(inf)], [-inf, -inf, 0.0, inf]);
        assert_eq!([tanh(inf), tanh(-inf), tanh(9.1), tanh(-9.1), tanh(tiny)], [1.0, -1.0, 1.0, -1.0, tiny]);
        assert_eq!([sigmoid(inf), sigmoid(-inf), sigmoid(0.0), sigmoid(18.0)], [1.0, 0.0, 0.5, 1.0]);
        assert_eq!(tanh(-0.0).to_bits(), (-0.0f32).to_bits());
        assert!(ln(-tiny).is_nan() && ln(-inf).is_nan());
        assert!([exp, ln, tanh, sigmoid].iter().all(|f| f(f32::NAN).is_nan()));
    }
}
