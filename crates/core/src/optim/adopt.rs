//! Adam in another order, which converges whatever β₂ is.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Adam that divides by the mean square before the newest gradient, and takes the mean after the division.
    ///
    /// The first step only sets `v = g²`. Then `m = β₁·m + (1−β₁)·clip(g / max(√v, ε), ±(t−1)^¼)`, `w -= η·m`,
    /// `v = β₂·v + (1−β₂)·g²`.
    /// Taniguchi et al. 2024, algorithm 2, https://arxiv.org/abs/2411.02853
    ///
    /// Optax's rule.
    Adopt = "ADOPT" of optax with [learning_rate: 1e-3] {
        /// Decay of the running mean of divided gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.9999,
        /// The least divisor.
        epsilon: Positive = 1e-6,
    } options {
        /// Holds divided gradients within ± the fourth root of the time.
        use_clipping = true,
    } state [momentum, velocity]
}

impl Update for Adopt {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let first = tick.t == 1;
        let limit = if self.use_clipping { ((tick.t - 1) as f64).sqrt().sqrt() } else { f64::INFINITY };
        let (rest1, rest2) = if first { (0.0, 1.0) } else { (1.0 - self.beta1, 1.0 - self.beta2) };
        let rate = if first { 0.0 } else { tick.learning_rate };
        let [rest1, rest2, rate, epsilon, limit] = [rest1, rest2, rate, self.epsilon, limit].map(|x| x as f32);
        sweep(Divided { rest1, rest2, rate, epsilon, limit }, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Divided {
    rest1: f32,
    rest2: f32,
    rate: f32,
    epsilon: f32,
    limit: f32,
}

/// State: m and v.
impl Rule<2> for Divided {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m, v]: [X; 2]) -> (X, [X; 2]) {
        let x = (g / v.sqrt().at_least(self.epsilon)).within(self.limit);
        let m = m + (x - m) * self.rest1;
        (p - m * self.rate, [m, v + (g * g - v) * self.rest2])
    }
}
