//! Adam that leaves rows without a gradient alone.

use super::moments::Moments;
use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::segment::Segment;

declare! {
    /// `Adam` for gradients of rows, such as those of an embedding: a step moves the rows that have a gradient, and their means
    /// alone, so that it costs no more than they do.
    ///
    /// For each of these rows, with t of all steps: `m = β₁·m + (1−β₁)·g`, `v = β₂·v + (1−β₂)·g²`,
    /// `w -= η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)`.
    /// Kingma & Ba 2015, section 2, https://arxiv.org/abs/1412.6980; the lazy form is PyTorch's.
    ///
    /// PyTorch's rule; of a dense gradient all rows count. With `lazy: false` it is `Adam` with PyTorch's ε.
    SparseAdam = "SparseAdam" of torch with [learning_rate: 1e-3] decay Coupled {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.999,
        /// Added to the root of the second mean, before its correction.
        epsilon: NonNegative = 1e-8,
    } state [momentum, velocity]
}

impl Update for SparseAdam {
    const LAZY: bool = true;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let rate = tick.learning_rate * bias(self.beta2, tick.t).sqrt() / bias(self.beta1, tick.t);
        Moments::new(self.beta1, self.beta2, rate, self.epsilon).sweep(false, &tick.stage, segments);
    }
}
