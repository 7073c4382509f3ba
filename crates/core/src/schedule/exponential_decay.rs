//! The rate falls by a constant factor.

use super::Schedule;
use crate::declare::{ABSENT, REQUIRED, declare};
use crate::kernel::math64::pow;

declare! {
    /// The rate falls by a constant factor every `decaySteps` steps: `initial · decayRate^(step / decaySteps)`.
    ///
    /// Keras's rule, where steps are counted from 0; `endLearningRate` is Optax's `end_value`.
    ExponentialDecay = "ExponentialDecay" {
        /// The rate of the first step.
        initial_learning_rate: NonNegative = REQUIRED,
        /// Steps over which the rate falls by one factor.
        decay_steps: Positive = REQUIRED,
        /// The factor.
        decay_rate: NonNegative = REQUIRED,
        /// Where the rate stays once it has got there.
        end_learning_rate: NonNegative = ABSENT,
    } options {
        /// Falls at once at the end of every `decaySteps` steps instead of a little at each.
        staircase = false,
    }
}

impl Schedule for ExponentialDecay {
    fn at(&self, step: u64) -> f64 {
        let periods = step as f64 / self.decay_steps;
        let periods = if self.staircase { periods.floor() } else { periods };
        let rate = self.initial_learning_rate * pow(self.decay_rate, periods);
        // Either leaves the rate as it is where there is no end.
        if self.decay_rate < 1.0 { rate.max(self.end_learning_rate) } else { rate.min(self.end_learning_rate) }
    }
}
