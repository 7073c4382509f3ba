//! Half a cosine down, after a linear warm-up on request.

use super::Schedule;
use crate::declare::{ABSENT, REQUIRED, declare};
use crate::kernel::math64::{cos, pow};
use std::f64::consts::PI;

declare! {
    /// The rate falls along half a cosine, after a linear warm-up on request.
    ///
    /// For the first `warmupSteps` steps from `initialLearningRate` to `warmupTarget` in equal parts, then with
    /// `x = min(step − warmupSteps, decaySteps) / decaySteps`: `peak · ((1 − alpha)·((1 + cos πx)/2)^exponent + alpha)`.
    /// Loshchilov & Hutter 2016, equation 5, https://arxiv.org/abs/1608.03983
    ///
    /// Keras's rule, where steps are counted from 0 and `warmupSteps` counts only with a `warmupTarget`; the exponent
    /// is Optax's.
    CosineDecay = "CosineDecay" {
        /// The rate of the first step.
        initial_learning_rate: NonNegative = REQUIRED,
        /// Steps of the fall, the warm-up not counted.
        decay_steps: Positive = REQUIRED,
        /// The last rate as a part of the highest one.
        alpha: NonNegative = 0.0,
        /// The highest rate, reached by the warm-up. Without it there is none.
        warmup_target: NonNegative = ABSENT,
        /// Steps of the warm-up.
        warmup_steps: NonNegative = 0.0,
        /// Power to which the half cosine is raised.
        exponent: Positive = 1.0,
    }
}

impl Schedule for CosineDecay {
    fn at(&self, step: u64) -> f64 {
        let warm = !self.warmup_target.is_nan();
        let (peak, warmup_steps) =
            if warm { (self.warmup_target, self.warmup_steps) } else { (self.initial_learning_rate, 0.0) };
        let step = step as f64;
        if step < warmup_steps {
            return self.initial_learning_rate + (peak - self.initial_learning_rate) * (step / warmup_steps);
        }
        let x = (step - warmup_steps).min(self.decay_steps) / self.decay_steps;
        peak * ((1.0 - self.alpha) * pow(0.5 * (1.0 + cos(PI * x)), self.exponent) + self.alpha)
    }
}
