//! Only the signs of gradients count.

use super::lion::Signs;
use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::sweep;

declare! {
    /// Steps of one size in the direction of each sign: `w -= η·sign(g)`.
    ///
    /// Bernstein et al. 2018, algorithm 1, https://arxiv.org/abs/1802.04434
    ///
    /// Optax's rule.
    SignSgd = "SignSGD" of optax with [learning_rate: 1e-3] {}
}

impl Update for SignSgd {
    fn rests(&self, _: usize) -> bool {
        true
    }

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        sweep::<0, _>(Signs::new(0.0, 0.0, tick.learning_rate), &tick.stage, segments);
    }
}
