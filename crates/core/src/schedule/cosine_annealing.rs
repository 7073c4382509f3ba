//! A cosine that swings on.

use super::Schedule;
use crate::declare::{REQUIRED, declare};
use crate::kernel::math64::cos;
use std::f64::consts::PI;

declare! {
    /// The rate swings along a cosine: down in `tMax` steps, up again in the next, and so on.
    ///
    /// `etaMin + (initial − etaMin) · (1 + cos(π · step / tMax)) / 2`.
    /// Loshchilov & Hutter 2016, equation 5 without restarts, https://arxiv.org/abs/1608.03983
    ///
    /// PyTorch's scheduler as a function of the step. `CosineDecay` stays at its end instead.
    CosineAnnealingLr = "CosineAnnealingLR" {
        /// The highest rate, that of the first step.
        initial_learning_rate: NonNegative = REQUIRED,
        /// Steps from the highest to the lowest rate.
        t_max: Positive = REQUIRED,
        /// The lowest rate.
        eta_min: NonNegative = 0.0,
    }
}

impl Schedule for CosineAnnealingLr {
    fn at(&self, step: u64) -> f64 {
        let x = (step as f64 % (2.0 * self.t_max)) / self.t_max;
        self.eta_min + (self.initial_learning_rate - self.eta_min) * 0.5 * (1.0 + cos(PI * x))
    }
}
