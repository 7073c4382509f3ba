//! Adam that expects its next direction to change as the last one did.

use super::moments::debiased;
use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Adam that expects its direction to change once more as it did last: for games, such as GANs.
    ///
    /// m and v as in `Adam`, `u = (β₁·m/(1−β₁ᵗ⁺¹) + (1−β₁)·g/(1−β₁ᵗ)) / (√(v̂ + εr) + ε)` (with `nesterov`, else
    /// `u = m̂ / …`), `w -= η·((α + β)·u − β·u')` with the u' before (at first, u itself).
    /// Daskalakis et al. 2018, algorithm 1, https://arxiv.org/abs/1711.00141
    ///
    /// Optax's rule, `optimistic_adam_v2` there.
    OptimisticAdam = "OptimisticAdam" of optax with [learning_rate: 1e-3] {
        /// Weight of the direction.
        alpha: NonNegative = 1.0,
        /// Weight of its change.
        beta: NonNegative = 1.0,
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.999,
        /// Added to the root of the second mean.
        epsilon: NonNegative = 1e-8,
        /// Added to the second mean under its root.
        epsilon_root: NonNegative = 0.0,
    } options {
        /// Looks ahead.
        nesterov = true,
    } state [momentum, velocity, previous_update]
}

impl Update for OptimisticAdam {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let (mean, look) = debiased(self.beta1, tick.t, self.nesterov);
        let change = if tick.t == 1 { 0.0 } else { tick.learning_rate * self.beta };
        let numbers = [1.0 - self.beta1, 1.0 - self.beta2, mean, look, 1.0 / bias(self.beta2, tick.t)];
        let [rest1, rest2, mean, look, debias] = numbers.map(|number| number as f32);
        let [root, epsilon, rate, change] =
            [self.epsilon_root, self.epsilon, tick.learning_rate * self.alpha, change].map(|number| number as f32);
        sweep(Expecting { rest1, rest2, mean, look, debias, root, epsilon, rate, change }, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Expecting {
    rest1: f32,
    rest2: f32,
    mean: f32,
    look: f32,
    debias: f32,
    root: f32,
    epsilon: f32,
    rate: f32,
    change: f32,
}

impl Rule<3> for Expecting {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m, v, previous]: [X; 3]) -> (X, [X; 3]) {
        let m = m + (g - m) * self.rest1;
        let v = v + (g * g - v) * self.rest2;
        let u = (m * self.mean + g * self.look) / ((v * self.debias + self.root).sqrt() + self.epsilon);
        (p - (u * self.rate + (u - previous) * self.change), [m, v, u])
    }
}
