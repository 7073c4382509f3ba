//! How much of a running mean that started at zero is there after some steps.

use std::cell::RefCell;

/// Below this a factor leaves too little to see, and soon denormals, which are slow: so small powers are 0.
const SMALLEST: f64 = 1e-100;

/// A decay with its squares' squares, up to the first that is too small.
struct Squares {
    decay: f64,
    squares: [f64; 64],
    count: usize,
}

const NONE: Squares = Squares { decay: f64::NAN, squares: [0.0; 64], count: 0 };

thread_local! {
    /// Of the decays asked for last: those of an optimizer come back in every step.
    static KNOWN: RefCell<([Squares; 4], usize)> = const { RefCell::new(([NONE; 4], 0)) };
}

/// `decay` to the power `t` by repeated squaring, within `t` · 2⁻⁵³ of itself (each squaring doubles the error): for the
/// decays and steps there are that is nothing a float32 could hold. `math64::powi`, which is exact to the last digits, takes
/// 130 ns, which a small model would notice in every step; so it would the squaring.
pub(super) fn power(decay: f64, t: u64) -> f64 {
    KNOWN.with_borrow_mut(|(known, oldest)| {
        let at = known.iter().position(|one| one.decay == decay).unwrap_or_else(|| {
            known[*oldest] = Squares::of(decay);
            std::mem::replace(oldest, (*oldest + 1) % 4)
        });
        known[at].power(t)
    })
}

impl Squares {
    #[inline(never)]
    fn of(decay: f64) -> Self {
        let (mut squares, mut count, mut square) = ([0.0; 64], 0, decay);
        while count < 64 {
            (squares[count], count) = (square, count + 1);
            if square < SMALLEST {
                break;
            }
            square *= square;
        }
        Squares { decay, squares, count }
    }

    fn power(&self, t: u64) -> f64 {
        let (mut result, mut rest) = (1.0, t);
        while rest > 0 {
            let bit = rest.trailing_zeros() as usize;
            if bit >= self.count {
                return 0.0;
            }
            result *= self.squares[bit];
            rest &= rest - 1;
        }
        result
    }
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
