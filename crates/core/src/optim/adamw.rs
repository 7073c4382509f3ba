//! Adam whose weight decay is on unless switched off.

use super::{Tick, Update, adam::Adam};
use crate::declare::declare;
use crate::kernel::segment::Segment;

declare! {
    /// Adam with decoupled weight decay: each step first takes `w -= η·λ·w`, then Adam's.
    ///
    /// `w -= η·λ·w`, `m += (1−β₁)(g − m)`, `v += (1−β₂)(g² − v)`, `w -= η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)`.
    /// Loshchilov & Hutter 2019, algorithm 2, https://arxiv.org/abs/1711.05101
    ///
    /// λ is 0.004 unless given, as in Keras; PyTorch has 0.01, Optax 0.0001. As in all three it is multiplied by the learning
    /// rate (the paper's multiplies by the schedule alone). ε as in `Adam`.
    AdamW = "AdamW" with [learning_rate: 1e-3, weight_decay: 0.004] {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.999,
        /// Added to the root of the second mean, before its correction.
        epsilon: NonNegative = 1e-7,
    } options {
        /// Divides by the largest second mean seen so far instead of the present one.
        amsgrad = false,
    } parity [torch { weight_decay: 0.01, epsilon: 1e-8 }] state [momentum, velocity, velocity_hat if amsgrad]
}

impl Update for AdamW {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let Self { beta1, beta2, epsilon, amsgrad, torch } = *self;
        Adam { beta1, beta2, epsilon, amsgrad, torch }.step(tick, segments);
    }
}
