//! Adam with Nesterov's look-ahead.

use super::moments::{Moments, debiased};
use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::math64::pow;
use crate::kernel::segment::Segment;

declare! {
    /// Adam with Nesterov's look-ahead, by a momentum that grows over the first steps.
    ///
    /// `μₜ = β₁·(1 − ½·0.96^(t·ψ))`, `Πₜ = μ₁·…·μₜ`; m and v as in `Adam`;
    /// `w -= η · (μₜ₊₁·m/(1 − Πₜ₊₁) + (1 − μₜ)·g/(1 − Πₜ)) / (√(v/(1−β₂ᵗ)) + ε)`.
    /// Dozat 2016, algorithm 8, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
    ///
    /// ψ is 1 in Keras; in PyTorch ("NAdam") it is 0.004, as in the paper. In Optax the momentum is β₁ from the start:
    /// `β₁·m/(1 − β₁ᵗ⁺¹) + (1 − β₁)·g/(1 − β₁ᵗ)` takes the place of the sum.
    Nadam = "Nadam" with [learning_rate: 1e-3] {
        /// Decay of the running mean of gradients, once the momentum has grown.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.999,
        /// Added to the root of the second mean.
        epsilon: NonNegative = 1e-7,
        /// How fast the momentum grows: ψ.
        momentum_decay: NonNegative = 1.0,
    } parity [torch decay Coupled { learning_rate: 2e-3, epsilon: 1e-8, momentum_decay: 4e-3 }, optax { epsilon: 1e-8 }]
    state [momentum, velocity, momentum_product: Numbers(1)]
}

impl Update for Nadam {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let momentum = |t: u64| self.beta1 * (1.0 - 0.5 * pow(0.96, t as f64 * self.momentum_decay));
        let (now, next) = (momentum(tick.t), momentum(tick.t + 1));
        // Kept is 1 − Π: it starts with zero as all state does, and stays exact when Π becomes tiny.
        let product = (1.0 - segments.first().map_or(0.0, |segment| segment.number(2, 0))) * now;
        segments.iter_mut().for_each(|segment| segment.set_number(2, 0, 1.0 - product));
        let grown = (next / (1.0 - product * next), (1.0 - now) / (1.0 - product));
        let (mean, look) = if self.optax { debiased(self.beta1, tick.t, true) } else { grown };
        let (rate, look) = (tick.learning_rate * mean, (tick.learning_rate * look) as f32);
        let scale = (1.0 / bias(self.beta2, tick.t).sqrt()) as f32;
        let moments = Moments::new(self.beta1, self.beta2, rate, self.epsilon);
        Moments { look, scale, ..moments }.sweep(false, &tick.stage, segments);
    }
}
