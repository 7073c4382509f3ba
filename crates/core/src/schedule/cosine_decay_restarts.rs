//! Half cosines one after the other.

use super::Schedule;
use crate::declare::{REQUIRED, declare};
use crate::kernel::math64::{cos, ln, pow};
use std::f64::consts::PI;

declare! {
    /// The rate falls along half a cosine again and again, in periods that may grow, from peaks that may sink.
    ///
    /// Period `i` has `firstDecaySteps · tMul^i` steps; at a part `x` of it the rate is
    /// `initial · ((1 − alpha) · mMul^i · (1 + cos πx)/2 + alpha)`.
    /// Loshchilov & Hutter 2016, equation 5 with warm restarts, https://arxiv.org/abs/1608.03983
    ///
    /// Keras's rule. PyTorch's `CosineAnnealingWarmRestarts` has `mMul` 1 and gives `etaMin` instead of `alpha`.
    CosineDecayRestarts = "CosineDecayRestarts" {
        /// The rate of the first step.
        initial_learning_rate: NonNegative = REQUIRED,
        /// Steps of the first period.
        first_decay_steps: Positive = REQUIRED,
        /// How much longer than the one before each period is.
        t_mul: AtLeastOne = 2.0,
        /// How high each peak is compared with the one before.
        m_mul: NonNegative = 1.0,
        /// The lowest rate as a part of the initial one.
        alpha: NonNegative = 0.0,
    }
}

impl CosineDecayRestarts {
    /// When period `i` begins, in first periods.
    fn start(&self, i: f64) -> f64 {
        if self.t_mul == 1.0 { i } else { (pow(self.t_mul, i) - 1.0) / (self.t_mul - 1.0) }
    }
}

impl Schedule for CosineDecayRestarts {
    fn at(&self, step: u64) -> f64 {
        let time = step as f64 / self.first_decay_steps;
        let mut i = time.floor();
        if self.t_mul > 1.0 {
            i = (ln(1.0 + time * (self.t_mul - 1.0)) / ln(self.t_mul)).floor();
            // The logarithms may round a restart into the period before or after.
            i += if self.start(i + 1.0) <= time { 1.0 } else { 0.0 };
            i -= if self.start(i) > time { 1.0 } else { 0.0 };
        }
        let x = (time - self.start(i)) / pow(self.t_mul, i);
        let cosine = 0.5 * pow(self.m_mul, i) * (1.0 + cos(PI * x));
        self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha)
    }
}
