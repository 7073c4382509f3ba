//! Gradient descent whose rate is the distance gone over the gradients seen.

use super::dowg::{Distance, FromStart};
use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::measure::measure;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::sweep;

declare! {
    /// Gradient descent whose rate is the distance gone over the gradients seen: no rate to choose.
    ///
    /// `r = max(r, ‖w − w₀‖)` (at first `initStep·(1 + ‖w₀‖)`), `s += ‖g‖²`, `w -= η · r/√(s + ε) · g`, norms over all
    /// tensors together. Its authors evaluate a running mean of the parameters.
    /// Ivgi et al. 2023, equation 1, https://arxiv.org/abs/2302.12022
    ///
    /// Optax's rule. The start w₀ is part of the state.
    DoG = "DoG" of optax with [learning_rate: 1.0] decay Coupled {
        /// The first distance, as a part of 1 + ‖w₀‖; 1e-4 with batch normalisation.
        init_step: Positive = 1e-6,
        /// Added to the sum of squares.
        epsilon: NonNegative = 1e-8,
    } state [initial, sums: Numbers(2)]
}

impl Update for DoG {
    const SWEEPS: bool = false;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let kept = |index: usize| segments.first().map_or(0.0, |segment| segment.number(1, index));
        let (mut square, mut distance) = (0.0, 0.0);
        for segment in segments.iter() {
            let [g, d] = measure(Distance, &tick.stage, segment);
            (square, distance) = (square + g, distance + d);
        }
        // At first the kept start is 0, and the distance from it the norm of the parameters.
        let gone = distance.sqrt();
        let reach = if tick.t == 1 { self.init_step * (1.0 + gone) } else { kept(0).max(gone) };
        let total = kept(1) + square;
        for segment in segments.iter_mut() {
            segment.set_number(1, 0, reach);
            segment.set_number(1, 1, total);
        }
        let root = (total + self.epsilon).sqrt();
        let rate = if root > 0.0 { (tick.learning_rate * reach / root) as f32 } else { 0.0 };
        sweep(FromStart { rate, first: if tick.t == 1 { 1.0 } else { 0.0 } }, &tick.stage, segments);
    }
}
