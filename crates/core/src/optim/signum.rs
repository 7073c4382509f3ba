//! The sign of the mean gradient.

use super::lion::Signs;
use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::sweep;

declare! {
    /// Steps of one size in the direction of the mean gradient's signs: `m = β·m + (1−β)·g`, `w -= η·sign(m)`.
    ///
    /// Bernstein et al. 2018, algorithm 2, https://arxiv.org/abs/1802.04434
    ///
    /// Optax's rule. `Lion` with equal decays.
    Signum = "Signum" of optax with [learning_rate: 1e-3] {
        /// Decay of the running mean of gradients.
        beta: UpToOne = 0.9,
    } state [momentum]
}

impl Update for Signum {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        sweep::<1, _>(Signs::new(self.beta, self.beta, tick.learning_rate), &tick.stage, segments);
    }
}
