//! How much of a running mean that started at zero is there after some steps.

/// `decay` to the power `t` by repeated squaring, within `t` · 2⁻⁵³ of itself (each squaring doubles the error): for the
/// decays and steps there are that is nothing a float32 could hold. `math64::powi`, which is exact to the last digits, takes
/// 130 ns, which a small model would notice in every step.
pub(super) fn power(decay: f64, t: u64) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, decay, t);
    while rest > 0 {
        // Picked by a mask, for a branch would be foretold badly: the bits of t change with every step.
        let odd = (rest & 1).wrapping_neg();
        result *= f64::from_bits(square.to_bits() & odd | 1f64.to_bits() & !odd);
        rest /= 2;
        // What is left would be multiplied by less than this squared: too little to see, and as a denormal slow.
        if square < 1e-100 && rest > 0 {
            return 0.0;
        }
        square *= square;
    }
    result
}

/// 1 − decayᵗ: what is missing of a mean that started at zero.
pub(super) fn bias(decay: f64, t: u64) -> f64 {
    1.0 - power(decay, t)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the exponential, whose own error grows with its argument.
    #[test]
    fn powers_of_any_step() {
        for decay in [1e-9, 0.5, 0.9, 0.95, 0.99, 0.999, 0.999_999] {
            for t in (1..100).chain([1023, 1024, 8191, 8192, 65_535, 1 << 20, (1 << 40) + 5]) {
                let exact = (t as f64 * f64::ln(decay)).exp();
                let bound = exact * (t as f64 * 1.2e-16 + 1e-14 * (1.0 - t as f64 * f64::ln(decay))) + 1e-190;
                assert!((power(decay, t) - exact).abs() <= bound, "{decay} to the power {t}");
            }
        }
        assert_eq!([power(0.0, 0), power(0.0, 1), power(0.0, 3)], [1.0, 0.0, 0.0]);
        assert_eq!(bias(0.9, 1 << 20), 1.0);
    }
}
