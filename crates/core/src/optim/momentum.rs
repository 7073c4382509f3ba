//! Gradient descent with momentum under its own name.

use super::{Tick, Update, sgd::Sgd};
use crate::declare::declare;
use crate::kernel::segment::Segment;

declare! {
    /// Gradient descent with momentum: `SGD` whose momentum is 0.9 unless given.
    ///
    /// `u = μ·u − η·g`, then `w += u`, or `w += μ·u − η·g` with `nesterov`.
    /// Polyak 1964; Sutskever et al. 2013, equations 1–4, https://proceedings.mlr.press/v28/sutskever13.html
    Momentum = "Momentum" with [learning_rate: 0.01] {
        /// Part of the last update that is made again.
        momentum: UpToOne = 0.9,
    } options {
        /// Takes the gradient's step after the momentum's, not together with it.
        nesterov = false,
    } state [momentum]
}

impl Update for Momentum {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let Self { momentum, nesterov } = *self;
        Sgd { momentum, dampening: 0.0, nesterov, torch: false }.step(tick, segments);
    }
}
