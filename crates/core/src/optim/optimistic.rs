//! Gradient descent that expects the next gradient to change as the last one did.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Gradient descent that expects the next gradient to change as the last one did: for games, such as GANs.
    ///
    /// `w -= η·((α + β)·g − β·g')` with the gradient g' before (at first, g itself).
    /// Mokhtari et al. 2019, section 3, https://arxiv.org/abs/1901.08511
    ///
    /// Optax's rule.
    OptimisticGradientDescent = "OptimisticGradientDescent" of optax with [learning_rate: 0.01] {
        /// Weight of the gradient.
        alpha: NonNegative = 1.0,
        /// Weight of its change.
        beta: NonNegative = 1.0,
    } state [previous_gradient]
}

impl Update for OptimisticGradientDescent {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let change = if tick.t == 1 { 0.0 } else { tick.learning_rate * self.beta };
        let rule = Optimistic { rate: (tick.learning_rate * self.alpha) as f32, change: change as f32 };
        sweep(rule, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Optimistic {
    rate: f32,
    change: f32,
}

impl Rule<1> for Optimistic {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [previous]: [X; 1]) -> (X, [X; 1]) {
        (p - (g * self.rate + (g - previous) * self.change), [g])
    }
}
