//! Up and down along straight lines.

use super::Schedule;
use crate::declare::{ABSENT, REQUIRED, declare};
use crate::kernel::math64::pow;

declare! {
    /// The rate goes from `base` to `peak` in `stepsUp` steps, back in `stepsDown`, and so on; peaks may sink.
    ///
    /// `base + (peak − base) · x · gamma^step`, where `x` in [0, 1] is the height of the triangle; with `halving` every
    /// triangle is half as high as the one before. `base` may be the higher one, as for a momentum.
    /// Smith 2015, section 3.1, https://arxiv.org/abs/1506.01186
    ///
    /// PyTorch's `CyclicLR` has the same rule under other names.
    Triangular = "Triangular" {
        /// The value of the first step.
        base: NonNegative = REQUIRED,
        /// The value at the tip.
        peak: NonNegative = REQUIRED,
        /// Steps from base to peak.
        steps_up: Positive = 2000.0,
        /// Steps back; as many as up unless given.
        steps_down: Positive = ABSENT,
        /// How much of the height each step leaves.
        gamma: NonNegative = 1.0,
    } options {
        /// Halves the height after each triangle.
        halving = false,
    }
}

impl Schedule for Triangular {
    fn at(&self, step: u64) -> f64 {
        let down = if self.steps_down.is_nan() { self.steps_up } else { self.steps_down };
        let period = self.steps_up + down;
        let (step, cycle) = (step as f64, (step as f64 / period).floor());
        let position = step - cycle * period;
        let x = if position <= self.steps_up { position / self.steps_up } else { (period - position) / down };
        let height = pow(self.gamma, step) * if self.halving { pow(0.5, cycle) } else { 1.0 };
        self.base + (self.peak - self.base) * x * height
    }
}
