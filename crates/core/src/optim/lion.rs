//! The sign of a mean of gradients.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Steps of one size in the direction of each sign: that of a mean of the last gradients with the newest one.
    ///
    /// `w -= η·sign(β₁·m + (1−β₁)·g)`, then `m = β₂·m + (1−β₂)·g`.
    /// Chen et al. 2023, algorithm 2, https://arxiv.org/abs/2302.06675
    ///
    /// Steps are larger than Adam's: a rate 3 to 10 times smaller is usual. Optax's default decay is 1e-3, here there is none.
    Lion = "Lion" with [learning_rate: 1e-3] {
        /// Share of the mean in the direction.
        beta1: UpToOne = 0.9,
        /// Decay of the mean.
        beta2: UpToOne = 0.99,
    } state [momentum]
}

impl Update for Lion {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        sweep::<1, _>(Signs::new(self.beta1, self.beta2, tick.learning_rate), &tick.stage, segments);
    }
}

/// Steps by sign; without state the sign of the gradient itself.
#[derive(Clone, Copy)]
pub struct Signs {
    keep1: f32,
    rest1: f32,
    keep2: f32,
    rest2: f32,
    rate: f32,
}

impl Signs {
    /// β₁ mixes the direction, β₂ the mean.
    pub fn new(beta1: f64, beta2: f64, rate: f64) -> Self {
        let [keep1, rest1, keep2, rest2, rate] = [beta1, 1.0 - beta1, beta2, 1.0 - beta2, rate].map(|x| x as f32);
        Self { keep1, rest1, keep2, rest2, rate }
    }
}

impl Rule<0> for Signs {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, []: [X; 0]) -> (X, [X; 0]) {
        (p - g.sign() * self.rate, [])
    }
}

impl Rule<1> for Signs {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m]: [X; 1]) -> (X, [X; 1]) {
        let direction = m * self.keep1 + g * self.rest1;
        (p - direction.sign() * self.rate, [m * self.keep2 + g * self.rest2])
    }
}
