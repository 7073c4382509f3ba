//! What the rules of optimizers compute with: the numbers of `vector`, behind a trait that keeps rules free of its kind.

use super::vector::{V, floats};
#[cfg(target_family = "wasm")]
use super::vector::{above, all, bits, from_bits, or_less, or_more, pick, set};
use super::{math, root};
use std::ops::{Add, Div, Mul, Sub};

/// Numbers that go through a rule side by side. Coefficients are floats and stand on the right.
pub trait Lane:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Add<f32, Output = Self>
    + Mul<f32, Output = Self>
    + From<f32>
{
    /// The square root.
    fn sqrt(self) -> Self;
    /// The magnitude.
    fn abs(self) -> Self;
    /// `then` where it is above `limit`, elsewhere (and where either is NaN) `otherwise`.
    fn if_above(self, limit: Self, then: Self, otherwise: Self) -> Self;
    /// Its bits where those of `mask` are set, elsewhere zeros.
    fn and_bits(self, mask: u32) -> Self;
    /// +0 where it is denormal: decayed moments would otherwise become so and slow every later step down, and WASM has no
    /// flag to flush them.
    fn flushed(self) -> Self;
    /// e to its power.
    fn exp(self) -> Self;
    /// Its natural logarithm.
    fn ln(self) -> Self;
    /// The cube root.
    fn cbrt(self) -> Self;

    /// The larger of two; the other one where it is NaN.
    #[inline(always)]
    fn or_more(self, other: Self) -> Self {
        self.if_above(other, self, other)
    }

    /// At most this; NaN stays NaN.
    #[inline(always)]
    fn at_most(self, limit: f32) -> Self {
        self.if_above(limit.into(), limit.into(), self)
    }

    /// At least this; NaN stays NaN.
    #[inline(always)]
    fn at_least(self, limit: f32) -> Self {
        Self::from(limit).if_above(self, limit.into(), self)
    }

    /// Within ± this; NaN stays NaN.
    #[inline(always)]
    fn within(self, limit: f32) -> Self {
        self.at_most(limit).at_least(-limit)
    }

    /// Itself, or `other` where it is NaN, which stands for what was never set.
    #[inline(always)]
    fn or_if_unset(self, other: Self) -> Self {
        self.if_above(Self::from(f32::NEG_INFINITY), self, other)
    }

    /// −1, 0 or 1; NaN stays NaN.
    #[inline(always)]
    fn sign(self) -> Self {
        let zero = Self::from(0.0);
        zero.if_above(self, Self::from(-1.0), self.if_above(zero, Self::from(1.0), self))
    }
}

impl Lane for f32 {
    #[inline(always)]
    fn sqrt(self) -> f32 {
        f32::sqrt(self)
    }

    #[inline(always)]
    fn abs(self) -> f32 {
        f32::abs(self)
    }

    #[inline(always)]
    fn if_above(self, limit: f32, then: f32, otherwise: f32) -> f32 {
        if self > limit { then } else { otherwise }
    }

    #[inline(always)]
    fn and_bits(self, mask: u32) -> f32 {
        f32::from_bits(self.to_bits() & mask)
    }

    #[inline(always)]
    fn flushed(self) -> f32 {
        if self.abs() < f32::MIN_POSITIVE { 0.0 } else { self }
    }

    #[inline(always)]
    fn exp(self) -> f32 {
        floats(math::exp(V::from(self)))[0]
    }

    #[inline(always)]
    fn ln(self) -> f32 {
        floats(math::ln(V::from(self)))[0]
    }

    #[inline(always)]
    fn cbrt(self) -> f32 {
        floats(root::cbrt(V::from(self)))[0]
    }
}

#[cfg(target_family = "wasm")]
impl Lane for V {
    #[inline(always)]
    fn sqrt(self) -> V {
        V::sqrt(self)
    }

    #[inline(always)]
    fn abs(self) -> V {
        V::abs(self)
    }

    #[inline(always)]
    fn or_more(self, other: V) -> V {
        or_more(other, self)
    }

    #[inline(always)]
    fn at_most(self, limit: f32) -> V {
        or_less(self, V::from(limit))
    }

    #[inline(always)]
    fn at_least(self, limit: f32) -> V {
        or_more(self, V::from(limit))
    }

    #[inline(always)]
    fn if_above(self, limit: V, then: V, otherwise: V) -> V {
        pick(above(self, limit), then, otherwise)
    }

    #[inline(always)]
    fn and_bits(self, mask: u32) -> V {
        from_bits(bits(self) & all(mask as i32))
    }

    /// By the bits of the exponent, none of which is set in zeros and denormals: fewer instructions than a comparison.
    #[inline(always)]
    fn flushed(self) -> V {
        from_bits(bits(self) & set(bits(self) & all(0x7f80_0000)))
    }

    #[inline(always)]
    fn exp(self) -> V {
        math::exp(self)
    }

    #[inline(always)]
    fn ln(self) -> V {
        math::ln(self)
    }

    #[inline(always)]
    fn cbrt(self) -> V {
        root::cbrt(self)
    }
}
