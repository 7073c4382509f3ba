//! Up, along, down.

use super::Schedule;
use crate::declare::{REQUIRED, declare};
use crate::kernel::math64::{cos, pow};
use std::f64::consts::PI;

declare! {
    /// The rate rises along a straight line, stays, and falls at the end of training ("WSD", "trapezoid").
    ///
    /// With `x` from 0 to 1 over the fall: `peak − (peak − end) · x^power`, or half a cosine. A power of 1/2 is the
    /// "1 − √x" of Hägele et al. 2024, section 3, https://arxiv.org/abs/2405.18392; 1 is a straight line.
    WarmupStableDecay = "WarmupStableDecay" {
        /// The rate between rise and fall.
        peak_learning_rate: NonNegative = REQUIRED,
        /// Steps of the rise, from 0.
        warmup_steps: NonNegative = REQUIRED,
        /// Steps at the peak.
        stable_steps: NonNegative = REQUIRED,
        /// Steps of the fall.
        decay_steps: Positive = REQUIRED,
        /// The last rate.
        end_learning_rate: NonNegative = 0.0,
        /// The shape of the fall.
        power: Positive = 0.5,
    } options {
        /// Falls along half a cosine instead of a power.
        cosine = false,
    }
}

impl Schedule for WarmupStableDecay {
    fn at(&self, step: u64) -> f64 {
        let step = step as f64;
        if step < self.warmup_steps {
            return self.peak_learning_rate * (step / self.warmup_steps);
        }
        let x = ((step - self.warmup_steps - self.stable_steps) / self.decay_steps).clamp(0.0, 1.0);
        let fallen = if self.cosine { 0.5 * (1.0 - cos(PI * x)) } else { pow(x, self.power) };
        self.peak_learning_rate - (self.peak_learning_rate - self.end_learning_rate) * fallen
    }
}
