//! The Transformer's schedule.

use super::Schedule;
use crate::declare::{REQUIRED, declare};

declare! {
    /// The rate rises for `warmupSteps` steps and falls with the root of time from there ("Noam").
    ///
    /// `factor · modelSize^(−1/2) · min(t^(−1/2), t · warmupSteps^(−3/2))` at step `t`, the first being 1.
    /// Vaswani et al. 2017, equation 3, https://arxiv.org/abs/1706.03762
    Noam = "Noam" {
        /// Width of the model.
        model_size: Positive = REQUIRED,
        /// Steps of the rise.
        warmup_steps: Positive = REQUIRED,
        /// Scales it all.
        factor: NonNegative = 1.0,
    }
}

impl Schedule for Noam {
    fn at(&self, step: u64) -> f64 {
        let t = step as f64 + 1.0;
        let rise = t / (self.warmup_steps * self.warmup_steps.sqrt());
        self.factor / self.model_size.sqrt() * rise.min(1.0 / t.sqrt())
    }
}
