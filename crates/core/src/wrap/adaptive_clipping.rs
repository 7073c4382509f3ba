//! Gradients kept small beside the weights they belong to.

use super::columns::{change, strips, sums, units};
use super::{When, Wrap};
use crate::declare::declare;
use crate::kernel::segment::Segment;
use crate::optim::Tick;

declare! {
    /// Scales the gradient of each unit down to at most a part of the unit's own norm.
    ///
    /// `g *= min(1, c·max(‖w‖, ε)/‖g‖)` for the elements with one index of the last axis; a bias is one unit.
    /// Brock et al. 2021, equation 3, https://arxiv.org/abs/2102.06171; `adaptive_grad_clip` in Optax
    AdaptiveClipping = "AdaptiveClipping" {
        /// Largest part of the weights' norm: c.
        clipping: Positive = 0.01,
        /// Norm that weights count as at least, so that those of zero can begin.
        epsilon: NonNegative = 1e-3,
    }
}

impl Wrap for AdaptiveClipping {
    const WHEN: &'static [When] = &[When::Gradient];

    fn act(&self, _: When, _: &Tick, segments: &mut [Segment<'_>]) {
        let squared = |x: f32| f64::from(x) * f64::from(x);
        for segment in segments.iter_mut().filter(|segment| !segment.is_empty()) {
            let units = units(&segment.dims);
            let (gradient, weights, _) = segment.parts();
            for strip in strips(units) {
                let (own, limit) = (sums(gradient, units, strip, squared), sums(weights, units, strip, squared));
                let mut left = [1.0f32; super::columns::STRIP];
                for (left, (own, limit)) in left.iter_mut().zip(own.into_iter().zip(limit)) {
                    let (own, limit) = (own.sqrt(), self.clipping * limit.sqrt().max(self.epsilon));
                    *left = if own > limit { (limit / own) as f32 } else { 1.0 };
                }
                change(gradient, units, strip, |unit, g| g * left[unit]);
            }
        }
    }
}
