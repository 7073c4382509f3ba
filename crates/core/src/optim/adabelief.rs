//! Adam that divides by the surprise of a gradient, not by its size.

use super::moments::Moments;
use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::segment::Segment;

declare! {
    /// Adam with the mean square of the gradient's distance from its running mean: far steps where gradients agree.
    ///
    /// `m += (1−β₁)(g − m)`, `s += (1−β₂)((g − m)² − s) + ε₀`, `w -= η·m̂ / (√ŝ + ε)`, m̂ and ŝ corrected for starting at zero.
    /// Zhuang et al. 2020, algorithm 2, https://arxiv.org/abs/2010.07468
    ///
    /// Optax's rule.
    AdaBelief = "AdaBelief" of optax with [learning_rate: 1e-3] {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squares.
        beta2: BelowOne = 0.999,
        /// Added to the root.
        epsilon: NonNegative = 1e-16,
        /// Added to the mean of squares at every step.
        epsilon_root: NonNegative = 1e-16,
    } state [momentum, velocity]
}

impl Update for AdaBelief {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let rate = tick.learning_rate / bias(self.beta1, tick.t);
        let scale = (1.0 / bias(self.beta2, tick.t).sqrt()) as f32;
        let moments = Moments::new(self.beta1, self.beta2, rate, self.epsilon);
        let belief = Moments { belief: 1.0, root: self.epsilon_root as f32, scale, ..moments };
        belief.sweep(false, &tick.stage, segments);
    }
}
