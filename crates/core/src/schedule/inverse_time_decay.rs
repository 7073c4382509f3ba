//! The rate falls as one over the time.

use super::Schedule;
use crate::declare::{REQUIRED, declare};

declare! {
    /// The rate falls as one over the time: `initial / (1 + decayRate · step / decaySteps)`.
    ///
    /// Keras's rule, where steps are counted from 0.
    InverseTimeDecay = "InverseTimeDecay" {
        /// The rate of the first step.
        initial_learning_rate: NonNegative = REQUIRED,
        /// Steps that count as one unit of time.
        decay_steps: Positive = REQUIRED,
        /// How fast it falls.
        decay_rate: NonNegative = REQUIRED,
    } options {
        /// Falls at once at the end of every `decaySteps` steps instead of a little at each.
        staircase = false,
    }
}

impl Schedule for InverseTimeDecay {
    fn at(&self, step: u64) -> f64 {
        let time = step as f64 / self.decay_steps;
        let time = if self.staircase { time.floor() } else { time };
        self.initial_learning_rate / (1.0 + self.decay_rate * time)
    }
}
