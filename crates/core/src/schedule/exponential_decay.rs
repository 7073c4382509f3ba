//! The rate falls by a constant factor.

use super::Schedule;
use crate::declare::{REQUIRED, declare};
use crate::kernel::math64::pow;

declare! {
    /// The rate falls by a constant factor every `decaySteps` steps: `initial · decayRate^(step / decaySteps)`.
    ///
    /// Keras's rule, where steps are counted from 0.
    ExponentialDecay = "ExponentialDecay" {
        /// The rate of the first step.
        initial_learning_rate: NonNegative = REQUIRED,
        /// Steps over which the rate falls by one factor.
        decay_steps: Positive = REQUIRED,
        /// The factor.
        decay_rate: NonNegative = REQUIRED,
    } options {
        /// Falls at once at the end of every `decaySteps` steps instead of a little at each.
        staircase = false,
    }
}

impl Schedule for ExponentialDecay {
    fn at(&self, step: u64) -> f64 {
        let periods = step as f64 / self.decay_steps;
        let periods = if self.staircase { periods.floor() } else { periods };
        self.initial_learning_rate * pow(self.decay_rate, periods)
    }
}
