//! AdEMAMix with the gradient itself for the fast mean.

use super::moments::Moments;
use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::segment::Segment;

declare! {
    /// AdEMAMix with one sum of gradients and the newest gradient in place of two means.
    ///
    /// `m = β₁·m + g`, `v += (1−β₂)(g² − v)`, `w -= η·(m + α·g) / (√v̂ + ε)`.
    /// Morwani et al. 2025, algorithm 1, https://arxiv.org/abs/2502.02431
    ///
    /// Optax's rule; the state `momentum` holds (1−β₁)·m.
    SimplifiedAdEMAMix = "SimplifiedAdEMAMix" of optax with [learning_rate: 1e-3] {
        /// Decay of the sum of gradients.
        beta1: BelowOne = 0.99,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.95,
        /// Weight of the newest gradient.
        alpha: NonNegative = 0.0,
        /// Added to the root of the second mean.
        epsilon: NonNegative = 1e-8,
    } state [momentum, velocity]
}

impl Update for SimplifiedAdEMAMix {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let rate = tick.learning_rate / (1.0 - self.beta1);
        let (look, scale) = (tick.learning_rate * self.alpha, 1.0 / bias(self.beta2, tick.t).sqrt());
        let moments = Moments::new(self.beta1, self.beta2, rate, self.epsilon);
        Moments { look: look as f32, scale: scale as f32, ..moments }.sweep(false, &tick.stage, segments);
    }
}
