//! Steps from running means of the gradient and of its square.

use super::moments::Moments;
use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::segment::Segment;

declare! {
    /// Steps from running means of the gradient and of its square, both corrected for starting at zero.
    ///
    /// `m += (1−β₁)(g − m)`, `v += (1−β₂)(g² − v)`, `w -= η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)`.
    /// Kingma & Ba 2014, algorithm 1 in the form at the end of section 2, https://arxiv.org/abs/1412.6980;
    /// amsgrad: Reddi et al. 2018, algorithm 2, https://arxiv.org/abs/1904.09237
    ///
    /// As in Keras ε is added to the uncorrected root (the paper's ε̂); in PyTorch and Optax to the corrected one, which is
    /// this rule with ε·√(1−β₂ᵗ). With `amsgrad` the largest v is kept before correction, as in Keras and PyTorch.
    Adam = "Adam" with [learning_rate: 1e-3] {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.999,
        /// Added to the root of the second mean, before its correction.
        epsilon: NonNegative = 1e-7,
    } options {
        /// Divides by the largest second mean seen so far instead of the present one.
        amsgrad = false,
    } parity [torch decay Coupled { epsilon: 1e-8 }] state [momentum, velocity, velocity_hat if amsgrad]
}

impl Update for Adam {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let root = bias(self.beta2, tick.t).sqrt();
        let (rate, scale) =
            if self.torch { (tick.learning_rate, 1.0 / root) } else { (tick.learning_rate * root, 1.0) };
        let moments = Moments::new(self.beta1, self.beta2, rate / bias(self.beta1, tick.t), self.epsilon);
        Moments { scale: scale as f32, ..moments }.sweep(self.amsgrad, &tick.stage, segments);
    }
}
