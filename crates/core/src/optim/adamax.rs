//! Adam with the largest gradient instead of the mean square.

use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Adam with a decaying maximum of the gradients' magnitudes in place of the root of their mean square.
    ///
    /// `m += (1−β₁)(g − m)`, `u = max(β₂·u, |g|)`, `w -= η/(1−β₁ᵗ) · m / (u + ε)`.
    /// Kingma & Ba 2014, algorithm 2, https://arxiv.org/abs/1412.6980
    ///
    /// As in Keras ε is added to the divisor; in PyTorch (and Optax) to each |g| before the maximum.
    Adamax = "Adamax" with [learning_rate: 1e-3] {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the maximum.
        beta2: BelowOne = 0.999,
        /// Keeps the divisor from zero.
        epsilon: NonNegative = 1e-7,
    } parity [torch decay Coupled { learning_rate: 2e-3, epsilon: 1e-8 }] state [momentum, norm]
}

impl Update for Adamax {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let (rate, epsilon) = ((tick.learning_rate / bias(self.beta1, tick.t)) as f32, self.epsilon as f32);
        let (inside, outside) = if self.torch { (epsilon, 0.0) } else { (0.0, epsilon) };
        let (rest1, keep2) = ((1.0 - self.beta1) as f32, self.beta2 as f32);
        sweep(Largest { rest1, keep2, inside, outside, rate }, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Largest {
    rest1: f32,
    keep2: f32,
    inside: f32,
    outside: f32,
    rate: f32,
}

/// State: m and u.
impl Rule<2> for Largest {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m, u]: [X; 2]) -> (X, [X; 2]) {
        let m = m + (g - m) * self.rest1;
        let u = (u * self.keep2).or_more(g.abs() + self.inside);
        (p - m * self.rate / (u + self.outside), [m, u])
    }
}
