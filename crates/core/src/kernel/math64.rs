//! exp, ln, pow, cos and sin in f64 for schedules and powers of β: the same bits on every platform, which the platforms'
//! own libraries do not give. One value at a time; nothing here is meant for tensors. `sqrt` and `/` are exact anyway.

use std::f64::consts::{FRAC_2_PI, LOG2_E, TAU};

/// 1.5 · 2⁵²: adding it rounds to an integer.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// ln 2 in two parts; the first has 32 bits, so that its product with an exponent is exact.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// eˣ within 1 ulp (2 where the result is denormal).
pub fn exp(x: f64) -> f64 {
    exp_sum(x, 0.0)
}

/// Natural logarithm within 1 ulp; ln 0 = −∞, NaN below 0.
pub fn ln(x: f64) -> f64 {
    if x > 0.0 && x < f64::INFINITY {
        let (high, low) = ln_sum(x);
        return high + low;
    }
    if x == 0.0 {
        f64::NEG_INFINITY
    } else if x > 0.0 {
        x
    } else {
        f64::NAN
    }
}

/// `base` to the power `exponent` within 2 ulp, IEEE 754's special cases included.
pub fn pow(base: f64, exponent: f64) -> f64 {
    if exponent == 0.0 || base == 1.0 {
        return 1.0;
    }
    if base.is_nan() || exponent.is_nan() {
        return f64::NAN;
    }
    if exponent == 1.0 {
        return base;
    }
    let size = base.abs();
    let odd = exponent % 2.0 == 1.0 || exponent % 2.0 == -1.0;
    let sign = if odd && base.is_sign_negative() { -1.0 } else { 1.0 };
    if size == 0.0 || size.is_infinite() || exponent.is_infinite() {
        let grows = (size > 1.0) == (exponent > 0.0);
        return match (size == 1.0, grows) {
            (true, _) => 1.0,
            (_, true) => sign * f64::INFINITY,
            (_, false) => sign * 0.0,
        };
    }
    if base < 0.0 && exponent % 1.0 != 0.0 {
        return f64::NAN;
    }
    let (high, low) = ln_sum(size);
    let product = exponent * high;
    if product.abs() > 800.0 {
        return sign * if product > 0.0 { f64::INFINITY } else { 0.0 };
    }
    let (product, rest) = two_product(exponent, high);
    sign * exp_sum(product, rest + exponent * low)
}

/// `base` to a whole power (a step number), within 2 ulp.
pub fn powi(base: f64, exponent: u64) -> f64 {
    let size = pow(base.abs(), exponent as f64);
    if base < 0.0 && exponent % 2 == 1 { -size } else { size }
}

/// Cosine within 1 ulp of 1 for |x| ≤ 2²⁰; beyond, of x modulo the f64 nearest 2π.
pub fn cos(x: f64) -> f64 {
    let (r, quarter) = reduce(x);
    match quarter {
        0 => cos_near(r),
        1 => -sin_near(r),
        2 => -cos_near(r),
        _ => sin_near(r),
    }
}

/// Sine; bounds as for [`cos`].
pub fn sin(x: f64) -> f64 {
    let (r, quarter) = reduce(x);
    match quarter {
        0 => sin_near(r),
        1 => cos_near(r),
        2 => -sin_near(r),
        _ => -cos_near(r),
    }
}

/// The standard normal distribution: what lies between 0 and a ≥ 0, and what lies beyond a; within 1e-15 of 1 and 1e-12
/// of itself. A series near, a continued fraction far out.
pub fn normal(a: f64) -> (f64, f64) {
    let density = exp(-0.5 * a * a) / TAU.sqrt();
    if a < 3.0 {
        let (mut term, mut sum, mut n) = (a, a, 1.0);
        while term > 1e-18 * sum {
            n += 2.0;
            term *= a * a / n;
            sum += term;
        }
        return (density * sum, 0.5 - density * sum);
    }
    let fraction = (1..200).rev().fold(a, |so_far, n| a + f64::from(n) / so_far);
    let beyond = if density > 0.0 { density / fraction } else { density };
    (0.5 - beyond, beyond)
}

/// x = quarter · π/2 + r (modulo 2π) with |r| ≤ π/4.
fn reduce(x: f64) -> (f64, u8) {
    // π/2 in pieces of 33 bits (their products with n < 2²⁰ are exact) and a last one.
    const PIECES: [f64; 3] = [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_795_950_6e-21];
    // `%` is exact in IEEE arithmetic, on every platform.
    let x = if x.abs() > 1_048_576.0 { x % TAU } else { x };
    let n = (x * FRAC_2_PI + ROUND) - ROUND;
    let (high, low) = two_sum(x - n * PIECES[0], -n * PIECES[1]);
    (high + (low - n * PIECES[2]), (n as i64).rem_euclid(4) as u8)
}

/// 1/0!, 1/1!, … 1/20!.
const INVERSE_FACTORIALS: [f64; 21] = {
    let mut table = [1.0; 21];
    let mut factorial = 1.0;
    let mut i = 1;
    while i < 21 {
        // Exact: 20! has 44 significant bits.
        factorial *= i as f64;
        table[i] = 1.0 / factorial;
        i += 1;
    }
    table
};

/// Taylor to r¹⁸: |r| ≤ π/4 leaves 3e-18.
fn cos_near(r: f64) -> f64 {
    let z = r * r;
    let tail = (2..=9).rev().fold(0.0, |sum, i| sum * -z + INVERSE_FACTORIALS[2 * i]);
    1.0 - (0.5 * z - z * z * tail)
}

/// Taylor to r¹⁹.
fn sin_near(r: f64) -> f64 {
    let z = r * r;
    let tail = (1..=9).rev().fold(0.0, |sum, i| sum * -z + INVERSE_FACTORIALS[2 * i + 1]);
    r - r * z * tail
}

/// e^(high + low), low being far smaller than high.
fn exp_sum(high: f64, low: f64) -> f64 {
    if high.is_nan() {
        return high;
    }
    // Beyond these the result is ∞ or 0.
    let high = high.clamp(-800.0, 800.0);
    let n = (high * LOG2_E + ROUND) - ROUND;
    let r = (high - n * LN2_HIGH) + (low - n * LN2_LOW);
    // Taylor to r¹³: |r| ≤ ln 2 / 2 leaves 4e-18.
    let tail = (2..=13).rev().fold(0.0, |sum, i| sum * r + INVERSE_FACTORIALS[i]);
    let mantissa = 1.0 + (r + r * r * tail);
    // Two factors, for 2ⁿ itself may be no f64; only the second multiplication can round.
    let half = n as i64 >> 1;
    mantissa * power_of_two(half) * power_of_two(n as i64 - half)
}

fn power_of_two(n: i64) -> f64 {
    f64::from_bits(((n + 1023) as u64) << 52)
}

/// ln x of a positive finite x as an unevaluated sum, to some 2^-65: enough for large powers.
fn ln_sum(x: f64) -> (f64, f64) {
    let (scaled, shift) = if x < f64::MIN_POSITIVE { (x * 18_014_398_509_481_984.0, 54.0) } else { (x, 0.0) };
    // x = m · 2ᵉ with m in [√½, √2); s = (m - 1) / (m + 1); ln m = 2s (1 + s²/3 + s⁴/5 + …).
    let exponent = (scaled.to_bits() as i64 - 0x3fe6_a09e_667f_3bcd) >> 52;
    let m = f64::from_bits((scaled.to_bits() as i64 - (exponent << 52)) as u64);
    let e = exponent as f64 - shift;
    let f = m - 1.0;
    let (d, d_low) = two_sum(m, 1.0);
    let s = f / d;
    let (p, p_low) = two_product(s, d);
    let s_low = ((f - p) - p_low - s * d_low) / d;
    let (z, z_low) = two_product(s, s);
    let z_low = z_low + 2.0 * s * s_low;
    let tail = z * (2..=11).rev().fold(0.0, |sum, i| sum * z + 1.0 / (2 * i + 1) as f64);
    const THIRD_LOW: f64 = 1.850_371_707_708_594e-17;
    let (t, t_low) = two_sum(1.0 / 3.0, tail);
    let (u, u_low) = two_product(z, t);
    let u_low = u_low + z * (t_low + THIRD_LOW) + z_low * t;
    let (w, w_low) = two_sum(1.0, u);
    let (l, l_low) = two_product(2.0 * s, w);
    let l_low = l_low + 2.0 * (s * (w_low + u_low) + s_low * w);
    let (high, low) = two_sum(e * LN2_HIGH, l);
    let low = low + (e * LN2_LOW + l_low);
    let sum = high + low;
    (sum, low - (sum - high))
}

/// a + b exactly, as the rounded sum and its error (Knuth).
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_seen = sum - a;
    (sum, (a - (sum - b_seen)) + (b - b_seen))
}

/// a · b exactly, as the rounded product and its error (Dekker, for there is no fused multiply-add).
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let halves = |x: f64| {
        let c = 134_217_729.0 * x;
        let high = c - (c - x);
        (high, x - high)
    };
    let ((a1, a2), (b1, b2)) = (halves(a), halves(b));
    let product = a * b;
    (product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulps(got: f64, want: f64) -> f64 {
        if got == want || (got.is_nan() && want.is_nan()) {
            return 0.0;
        }
        (got - want).abs() / (f64::from_bits(want.abs().to_bits() + 1) - want.abs())
    }

    #[test]
    fn close_to_the_library_of_the_platform() {
        let mut worst = [0.0f64; 5];
        for i in -200_000i32..200_000 {
            let x = f64::from(i) * 3.737e-3;
            worst[0] = worst[0].max(ulps(exp(x), x.exp()));
            let positive = (x * 0.9).exp();
            worst[1] = worst[1].max(ulps(ln(positive), positive.ln()));
            let base = 0.5 + f64::from(i.rem_euclid(1999)) * 1e-3;
            worst[2] = worst[2].max(ulps(pow(base, x), base.powf(x)));
            worst[3] = worst[3].max((cos(x) - x.cos()).abs()).max((sin(x) - x.sin()).abs());
            let small = x * 1e-3;
            worst[4] = worst[4].max(ulps(sin(small), small.sin())).max(ulps(cos(small), small.cos()));
        }
        println!("exp, ln, pow in ulp, cos/sin absolute, cos/sin near 0 in ulp: {worst:?}");
        assert!(worst[0] <= 1.0 && worst[1] <= 1.0 && worst[2] <= 2.0, "{worst:?}");
        assert!(worst[3] <= 2.3e-16 && worst[4] <= 1.0, "{worst:?}");
    }

    #[test]
    fn powers_of_beta() {
        for beta in [0.9, 0.95, 0.99, 0.999, 0.9999, 0.5, 1e-3] {
            for step in [0, 1, 2, 3, 10, 100, 1000, 10_000, 1_000_000] {
                assert!(ulps(powi(beta, step), beta.powf(step as f64)) <= 2.0, "{beta}^{step}");
            }
        }
        assert_eq!([powi(-2.0, 3), powi(-2.0, 10), powi(0.0, 0), powi(0.0, 5)], [-8.0, 1024.0, 1.0, 0.0]);
    }

    #[test]
    fn special_values() {
        let (inf, nan, edge) = (f64::INFINITY, f64::NAN, [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, -3.0, 1e300, -1e-300]);
        for x in edge.into_iter().chain([inf, -inf, nan]) {
            for y in edge.into_iter().chain([inf, -inf, nan]) {
                let (got, want) = (pow(x, y), x.powf(y));
                assert!(ulps(got, want) <= 2.0, "{x}^{y}: {got}, not {want}");
                assert!(got.is_nan() || got.is_sign_negative() == want.is_sign_negative(), "{x}^{y}: {got}");
            }
        }
        assert_eq!([exp(inf), exp(-inf), exp(710.0), exp(-746.0), exp(0.0)], [inf, 0.0, inf, 0.0, 1.0]);
        assert_eq!([ln(0.0), ln(inf), ln(1.0)], [-inf, inf, 0.0]);
        assert!(exp(nan).is_nan() && ln(-1.0).is_nan() && ln(nan).is_nan() && cos(inf).is_nan() && sin(nan).is_nan());
        assert!(ulps(ln(5e-324), 5e-324f64.ln()) <= 1.0 && ulps(exp(-740.0), (-740f64).exp()) <= 2.0);
        assert!(cos(1e22).abs() <= 1.0 && sin(-1e300).abs() <= 1.0);
    }
}
