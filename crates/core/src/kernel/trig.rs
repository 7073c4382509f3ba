//! sin, cos and pow in f32, reckoned in f64 without branches and rounded once: the same bits on every target, right for
//! the largest arguments too.

use super::vector::{V, one_by_one};

/// 1.5 · 2⁵²: adding it rounds to an integer, which then sits in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Sine to 0.51 ulp, of any argument; NaN of infinities, keeps the sign of 0.
#[inline(always)]
pub fn sin(x: V) -> V {
    one_by_one([x], |[x]| turned(x, 0))
}

/// Cosine to 0.51 ulp, of any argument; NaN of infinities.
#[inline(always)]
pub fn cos(x: V) -> V {
    one_by_one([x], |[x]| turned(x, 1))
}

/// `base` to the power `exponent` to 0.51 ulp, with IEEE 754's special cases.
#[inline(always)]
pub fn pow(base: V, exponent: V) -> V {
    one_by_one([base, exponent], |[base, exponent]| power(base, exponent))
}

/// 2ˢ · 2/π modulo 4 in three parts of which two have 29 bits, as 2⁻ˢ and those: for x beyond 2²⁴⁺ˢ is a multiple of 2ˢ,
/// and whole turns may be left out (Payne and Hanek). The first is for all x below 2⁵⁰, the others for 2²⁶ times as large
/// ones each.
const TURNS: [[f64; 4]; 4] = [
    [1.0, 0.636_619_769_036_769_9, 3.330_811_473_856_165_6e-9, 2.276_010_073_078_396e-18],
    [1.490_116_119_384_765_6e-8, 1.723_526_977_002_620_7, -2.641_227_278_554_758_6e-9, 5.165_171_199_689_701_5e-18],
    [2.220_446_049_250_313e-16, 1.322_750_240_564_346_3, -2.447_338_956_490_519e-9, 4.220_776_518_111_768e-18],
    [3.308_722_450_212_111e-24, 1.835_761_860_013_008_1, 3.077_219_243_308_171_3e-9, -2.133_379_607_998_328_7e-18],
];
/// Where the second, third and fourth begin: 2⁵⁰, 2⁷⁶, 2¹⁰².
const STEPS: [f64; 3] = [1_125_899_906_842_624.0, 7.555_786_372_591_432e22, 5.070_602_400_912_918e30];

/// The sine of x + quarters · π/2.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn turned(x: f32, quarters: u64) -> f32 {
    let x = f64::from(x);
    let mut turns = TURNS[0];
    for i in 0..STEPS.len() {
        turns = std::array::from_fn(|j| if x.abs() >= STEPS[i] { TURNS[i + 1][j] } else { turns[j] });
    }
    let [scale, first, second, third] = turns;
    let x = x * scale;
    // Exact, both products and what is left of them.
    let part = |t: f64| t - 4.0 * ((t * 0.25 + ROUND) - ROUND);
    let (first, second, third) = (part(x * first), part(x * second), x * third);
    let rounded = (first + second) + ROUND;
    let quarter = rounded.to_bits().wrapping_add(quarters);
    let r = (((first - (rounded - ROUND)) + second) + third) * std::f64::consts::FRAC_PI_2;
    // Taylor: |r| ≤ π/4 leaves 2^-33.
    let z = r * r;
    let sine = r
        * (1.0
            - z * (1.0 / 6.0
                - z * (1.0 / 120.0 - z * (1.0 / 5040.0 - z * (1.0 / 362_880.0 - z * (1.0 / 39_916_800.0))))));
    let cosine =
        1.0 - z * (0.5 - z * (1.0 / 24.0 - z * (1.0 / 720.0 - z * (1.0 / 40_320.0 - z * (1.0 / 3_628_800.0)))));
    let y = if quarter & 1 == 0 { sine } else { cosine };
    f64::from_bits(y.to_bits() ^ (quarter & 2) << 62) as f32
}

#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn power(base: f32, exponent: f32) -> f32 {
    let (x, y) = (f64::from(base), f64::from(exponent));
    let size = x.abs();
    let product = y * if size == 0.0 {
        f64::NEG_INFINITY
    } else if size < f64::INFINITY {
        ln(size)
    } else {
        size
    };
    let y_size = y.abs();
    // Rounds to whole numbers; what is too large for that is whole, and even.
    let whole = |t: f64| (t + 4_503_599_627_370_496.0) - 4_503_599_627_370_496.0 == t;
    let odd = whole(y_size) && !whole(y_size * 0.5);
    let mut result = exp(product);
    // (−1)^±∞ is 1 as well.
    result = if size == 1.0 { 1.0 } else { result };
    result = if odd && x.is_sign_negative() { -result } else { result };
    result = if x < 0.0 && size < f64::INFINITY && !whole(y_size) { f64::NAN } else { result };
    result = if x.is_nan() || y.is_nan() { f64::NAN } else { result };
    (if y == 0.0 || x == 1.0 { 1.0 } else { result }) as f32
}

/// Natural logarithm of a positive finite normal number to 2^-39.
#[inline(always)]
fn ln(x: f64) -> f64 {
    // x = m · 2ᵉ with m in [√½, √2); s = (m − 1) / (m + 1); ln m = 2s (1 + s²/3 + s⁴/5 + …). The exponent is kept positive,
    // by 1024, so that it needs no signed shift.
    let biased = x.to_bits().wrapping_add((1024 << 52) - 0x3fe6_a09e_667f_3bcd) >> 52;
    let m = f64::from_bits(x.to_bits().wrapping_sub(biased << 52).wrapping_add(1024 << 52));
    let e = f64::from_bits(biased | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1024.0);
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let tail =
        z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0))))));
    e * std::f64::consts::LN_2 + (2.0 * s + 2.0 * s * tail)
}

/// eˣ to 2^-36, of what an f32 can hold.
#[inline(always)]
fn exp(x: f64) -> f64 {
    let x = if x > 200.0 { 200.0 } else { x };
    let x = if x < -200.0 { -200.0 } else { x };
    let rounded = x * std::f64::consts::LOG2_E + ROUND;
    let r = x - (rounded - ROUND) * std::f64::consts::LN_2;
    // Taylor to r⁹: |r| ≤ ln 2 / 2 leaves 2^-37.
    let mut q = 1.0 / 362_880.0;
    for factorial in [40_320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
        q = q * r + 1.0 / factorial;
    }
    q * f64::from_bits((rounded.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(1023)) << 52)
}

#[cfg(test)]
mod tests {
    use super::super::math::tests::{ulps, worst};
    use super::*;

    fn check(step: usize) {
        for (name, bound, (error, x)) in
            [("sin", 0.51, worst(step, sin, f64::sin)), ("cos", 0.51, worst(step, cos, f64::cos))]
        {
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
    fn powers_within_the_stated_ulps() {
        let mut largest = (0.0, 0.0, 0.0);
        // Bases over all bit patterns; exponents that give results of every size.
        for (i, bits) in (0..0x7f80_0000u32).step_by(40_009).enumerate() {
            let base = f32::from_bits(bits);
            let range = 104.0 / f64::from(base).ln().abs().max(1e-9);
            let exponent = ((i as f64 * 0.618_033_988_75).fract() * 2.0 - 1.0) * range;
            for exponent in [exponent as f32, 2.0, -1.0, 0.5, 3.0, (i % 77) as f32 - 38.0] {
                let error = ulps(pow(base, exponent), f64::from(base).powf(exponent.into()));
                largest = if error > largest.0 { (error, base, exponent) } else { largest };
            }
        }
        println!("pow: {largest:?}");
        assert!(largest.0 <= 0.51, "{largest:?}");
    }

    #[test]
    fn powers_of_special_values() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        let edge = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            -0.5,
            -2.0,
            3.0,
            -3.0,
            1e30,
            -1e-30,
            16_777_215.0,
            16_777_216.0,
            -3e38,
            inf,
            -inf,
            nan,
        ];
        for x in edge {
            for y in edge {
                let (got, want) = (pow(x, y), f64::from(x).powf(y.into()) as f32);
                assert!(ulps(got, want.into()) <= 0.51, "{x}^{y}: {got}, not {want}");
                assert!(
                    got.is_nan() || got.is_sign_negative() == want.is_sign_negative(),
                    "{x}^{y}: {got}, not {want}"
                );
            }
        }
    }

    #[test]
    fn angles_of_special_values() {
        assert_eq!(sin(-0.0).to_bits(), (-0.0f32).to_bits());
        assert_eq!([sin(0.0), cos(0.0), cos(-0.0), sin(f32::from_bits(1))], [0.0, 1.0, 1.0, f32::from_bits(1)]);
        assert!([f32::INFINITY, -f32::INFINITY, f32::NAN].into_iter().all(|x| sin(x).is_nan() && cos(x).is_nan()));
    }
}
