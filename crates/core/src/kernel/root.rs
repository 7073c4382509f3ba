//! The cube root in f32, over `vector` as everything in `math`: no division, no branches, the same bits on every target.

use super::vector::{V, all, at_least, below, bits, from_bits, pick, to_float};

/// 1.5 · 2²³: adding it rounds a number to an integer, which then sits in the low bits.
const ROUND: f32 = 12_582_912.0;

/// ∛x to 0.67 ulp, denormal arguments included; keeps the sign of 0.
///
/// One step of Householder's method for r = x^(−1/3), where the residual h = 1 − x·r³ needs no division (to 5e-5), then one of
/// Newton's for y = x·r² itself, with a residual that has all its digits.
#[inline(always)]
pub fn cbrt(x: V) -> V {
    let a = x.abs();
    let tiny = below(a, V::from(f32::MIN_POSITIVE));
    let a = pick(tiny, a * 16_777_216.0, a);
    // The bits of a float grow as its logarithm: minus a third of them, and a constant, is r to 4 %.
    let third = bits(to_float(bits(a) >> 9) * (1.0 / 3.0) + ROUND) << 9;
    let r = from_bits(all(GUESS) - third);
    let h = 1.0 - a * r * r * r;
    // (1 − h)^(−1/3) − 1 to h³.
    let mut q = h * (14.0 / 81.0) + 2.0 / 9.0;
    q = q * h + 1.0 / 3.0;
    let r = r + r * h * q;
    let square = r * r;
    let y = a * square;
    // a − y³, whose first part is exact: eight bits of y, to the third power, are a float.
    let high = from_bits(bits(y) & all(-65536));
    let squared = high * high;
    let rest = (a - squared * high) - (y - high) * (y * (y + high) + squared);
    let y = y + rest * square * (1.0 / 3.0);
    let y = pick(tiny, y * (1.0 / 256.0), y);
    pick(at_least(a, V::from(f32::INFINITY)), a, y).copysign(x)
}

/// The bits of the first guess at 1, with what `ROUND` adds.
const GUESS: i32 = 0x54a2_fa8cu32.wrapping_add(ROUND.to_bits() << 9) as i32;

#[cfg(test)]
mod tests {
    use super::super::math::tests::worst;
    use super::*;

    #[test]
    fn within_the_stated_ulps_of_f64() {
        let (error, x) = worst(1021, cbrt, f64::cbrt);
        assert!(error <= 0.67, "{error:.3} ulp at {x:e}");
    }

    #[test]
    fn special_values() {
        assert_eq!([0.0, 1.0, 8.0, -27.0, 1e30, f32::INFINITY].map(cbrt), [0.0, 1.0, 2.0, -3.0, 1e10, f32::INFINITY]);
        assert_eq!([cbrt(-0.0).to_bits(), cbrt(f32::NEG_INFINITY).to_bits()], [1 << 31, 0xff80_0000]);
        assert!(cbrt(f32::NAN).is_nan());
    }
}
