//! A power of the time that is left.

use super::Schedule;
use crate::declare::{REQUIRED, declare};
use crate::kernel::math64::pow;

declare! {
    /// The rate falls as a power of the time that is left: `(initial − end) · (1 − step / decaySteps)^power + end`, and stays.
    ///
    /// With `cycle`, `decaySteps` becomes its next multiple whenever it is reached.
    /// Keras's rule, where steps are counted from 0. PyTorch's `PolynomialLR` ends at 0 after 5 steps unless told.
    PolynomialDecay = "PolynomialDecay" {
        /// The rate of the first step.
        initial_learning_rate: NonNegative = REQUIRED,
        /// Steps of the fall.
        decay_steps: Positive = REQUIRED,
        /// The last rate.
        end_learning_rate: NonNegative = 1e-4,
        /// 1 is a straight line.
        power: NonNegative = 1.0,
    } options {
        /// Starts to fall again, ever more slowly, instead of staying at the last rate.
        cycle = false,
    }
}

impl Schedule for PolynomialDecay {
    fn at(&self, step: u64) -> f64 {
        let step = step as f64;
        let (step, steps) = if self.cycle {
            (step, self.decay_steps * (step / self.decay_steps).ceil().max(1.0))
        } else {
            (step.min(self.decay_steps), self.decay_steps)
        };
        (self.initial_learning_rate - self.end_learning_rate) * pow(1.0 - step / steps, self.power)
            + self.end_learning_rate
    }
}
