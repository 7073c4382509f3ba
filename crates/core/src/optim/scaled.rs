//! The rule of RMSprop and Adagrad: the gradient over the root of a mean or sum of its squares, with coefficients that make
//! it each of them.

use crate::kernel::lane::Lane;
use crate::kernel::sweep::Rule;

/// `v = keep·v + rest·g²`, `u = first·g / (√(v + inside) + outside)`, with a buffer `b = μ·b + u`,
/// `u = by_buffer·b + by_step·u`; `w -= rate·u`.
#[derive(Clone, Copy)]
pub struct Scaled<const CENTERED: bool> {
    pub keep: f32,
    pub rest: f32,
    pub inside: f32,
    pub outside: f32,
    pub momentum: f32,
    /// The learning rate, where the buffer holds it.
    pub first: f32,
    /// The learning rate, where the buffer does not.
    pub rate: f32,
    pub by_buffer: f32,
    pub by_step: f32,
}

/// State: v, then a mean of g if centred, then b if there is room for it.
impl<const CENTERED: bool, const N: usize> Rule<N> for Scaled<CENTERED> {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, mut s: [X; N]) -> (X, [X; N]) {
        s[0] = s[0] * self.keep + g * g * self.rest;
        let mut variance = s[0];
        if CENTERED {
            s[1] = s[1] * self.keep + g * self.rest;
            // Never negative in exact arithmetic.
            variance = (variance - s[1] * s[1]).at_least(0.0);
        }
        let mut step = g * self.first / ((variance + self.inside).sqrt() + self.outside);
        if N > 1 + CENTERED as usize {
            let buffer = step + s[N - 1] * self.momentum;
            s[N - 1] = buffer;
            step = buffer * self.by_buffer + step * self.by_step;
        }
        (p - step * self.rate, s)
    }
}
