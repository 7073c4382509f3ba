//! Steps from running means of the gradient and of its square.

use super::{Update, power};
use crate::declare::declare;
use crate::kernel::lane::{V, above, pick};
use crate::kernel::sweep::{Rule, Segment, Stage, sweep};

declare! {
    /// Steps from running means of the gradient and of its square, both corrected for starting at zero.
    ///
    /// `m += (1−β₁)(g − m)`, `v += (1−β₂)(g² − v)`, `w -= η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)`.
    /// Kingma & Ba 2014, algorithm 1 in the form at the end of section 2, https://arxiv.org/abs/1412.6980;
    /// amsgrad: Reddi et al. 2018, algorithm 2, https://arxiv.org/abs/1904.09237
    ///
    /// As in Keras ε is added to the uncorrected root (the paper's ε̂); PyTorch and Optax add theirs (1e-8) to the corrected
    /// one, which is this rule with ε·√(1−β₂ᵗ). With `amsgrad` the largest v is kept before correction, as in Keras and PyTorch.
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
    } state [momentum, velocity, velocity_hat if amsgrad]
}

impl Update for Adam {
    fn step(&self, learning_rate: f64, t: u64, stage: &Stage, segments: &mut [Segment<'_>]) {
        let correction = (1.0 - power(self.beta2, t)).sqrt() / (1.0 - power(self.beta1, t));
        let rule = Moments {
            rest1: (1.0 - self.beta1) as f32,
            rest2: (1.0 - self.beta2) as f32,
            epsilon: self.epsilon as f32,
            rate: (learning_rate * correction) as f32,
        };
        if self.amsgrad { sweep::<3, _>(rule, stage, segments) } else { sweep::<2, _>(rule, stage, segments) }
    }
}

#[derive(Clone, Copy)]
struct Moments {
    /// 1 − β₁, taken in f64: of the rounded β it would have few good digits.
    rest1: f32,
    /// 1 − β₂.
    rest2: f32,
    epsilon: f32,
    /// The learning rate with both corrections.
    rate: f32,
}

/// State: m, v, and with three the largest v.
impl<const N: usize> Rule<N> for Moments {
    #[inline(always)]
    fn update(self, p: V, g: V, mut s: [V; N]) -> (V, [V; N]) {
        s[0] += self.rest1 * (g - s[0]);
        s[1] += self.rest2 * (g * g - s[1]);
        if N == 3 {
            s[2] = pick(above(s[2], s[1]), s[2], s[1]);
        }
        (p - self.rate * s[0] / (s[N - 1].sqrt() + self.epsilon), s)
    }
}
