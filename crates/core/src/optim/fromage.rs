//! Steps in proportion to each tensor, without growth.

use super::lars::Norms;
use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::measure;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Steps whose size is a fixed part of each tensor's norm, and which do not make it grow.
    ///
    /// `w = (w − η · max(‖w‖, least)/max(‖g‖, least) · g) / √(1 + η²)`.
    /// Bernstein et al. 2020, algorithm 1, https://arxiv.org/abs/2002.03432
    ///
    /// Optax's rule.
    Fromage = "Fromage" of optax with [learning_rate: 0.01] {
        /// The least norm that counts.
        min_norm: Positive = 1e-6,
    }
}

impl Update for Fromage {
    const SWEEPS: bool = false;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let shrink = 1.0 / (1.0 + tick.learning_rate * tick.learning_rate).sqrt();
        for segment in segments {
            let [w, g] = measure(Norms, &tick.stage, segment).map(|square| square.sqrt().max(self.min_norm));
            let (keep, rate) = (shrink as f32, (shrink * tick.learning_rate * w / g) as f32);
            sweep(Shrinking { keep, rate }, &tick.stage, std::slice::from_mut(segment));
        }
    }
}

#[derive(Clone, Copy)]
struct Shrinking {
    keep: f32,
    rate: f32,
}

impl Rule<0> for Shrinking {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, []: [X; 0]) -> (X, [X; 0]) {
        (p * self.keep - g * self.rate, [])
    }
}
