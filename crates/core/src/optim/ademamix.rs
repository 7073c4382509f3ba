//! Adam with a second, much slower mean of gradients.

use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Adam with a second, much slower mean of gradients besides, which remembers thousands of steps.
    ///
    /// `m₁ += (1−β₁)(g − m₁)`, `m₂ += (1−β₃)(g − m₂)`, `v += (1−β₂)(g² − v)`, `w -= η·(m̂₁ + α·m₂) / (√v̂ + ε)`; m₂ is not
    /// corrected for starting at zero.
    /// Pagliardini et al. 2024, algorithm 1, https://arxiv.org/abs/2409.03137 (where α and β₃ rise along schedules: give some)
    ///
    /// Optax's rule.
    AdEMAMix = "AdEMAMix" of optax with [learning_rate: 1e-3] {
        /// Decay of the fast mean of gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.999,
        /// Decay of the slow mean of gradients.
        beta3: BelowOne = 0.9999,
        /// Weight of the slow mean.
        alpha: NonNegative = 5.0,
        /// Added to the root of the second mean.
        epsilon: NonNegative = 1e-8,
    } state [momentum, slow_momentum, velocity]
}

impl Update for AdEMAMix {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let rule = Mix {
            rest1: (1.0 - self.beta1) as f32,
            rest2: (1.0 - self.beta2) as f32,
            rest3: (1.0 - self.beta3) as f32,
            fast: (tick.learning_rate / bias(self.beta1, tick.t)) as f32,
            slow: (tick.learning_rate * self.alpha) as f32,
            scale: (1.0 / bias(self.beta2, tick.t).sqrt()) as f32,
            epsilon: self.epsilon as f32,
        };
        sweep(rule, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Mix {
    rest1: f32,
    rest2: f32,
    rest3: f32,
    fast: f32,
    slow: f32,
    scale: f32,
    epsilon: f32,
}

/// State: both means and v.
impl Rule<3> for Mix {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [fast, slow, v]: [X; 3]) -> (X, [X; 3]) {
        let fast = fast + (g - fast) * self.rest1;
        let slow = slow + (g - slow) * self.rest3;
        let v = v + (g * g - v) * self.rest2;
        let step = fast * self.fast + slow * self.slow;
        (p - step / (v.sqrt() * self.scale + self.epsilon), [fast, slow, v])
    }
}
