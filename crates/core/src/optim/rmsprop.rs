//! Steps divided by a running root mean square of the gradient.

use super::scaled::Scaled;
use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::sweep;

declare! {
    /// Steps divided by a running root mean square of the gradient.
    ///
    /// `v = ρ·v + (1−ρ)·g²`, `w -= η·g / √(v + ε)`; `centered` puts `v − a²` for `v`, where `a = ρ·a + (1−ρ)·g`; with momentum
    /// `u = μ·u + η·g / √(…)`, `w -= u`.
    /// Hinton 2012, lecture 6e; Graves 2013, section 2.3, equations 38–45, https://arxiv.org/abs/1308.0850
    ///
    /// As in Keras ε stands inside the root and the buffer holds the learning rate; in PyTorch it is outside, and the rate is
    /// applied to the buffer. Nesterov's form is Optax's. `v − a²`, never negative in exact arithmetic, is held at 0 where rounding makes it so.
    RmsProp = "RMSprop" with [learning_rate: 1e-3] {
        /// Decay of the running means.
        rho: BelowOne = 0.9,
        /// Part of the last update that is made again. 0 at construction: no buffer is kept.
        momentum: UpToOne = 0.0,
        /// Added under the root.
        epsilon: NonNegative = 1e-7,
    } options {
        /// Divides by the running standard deviation: the mean of the gradient is taken off first.
        centered = false,
        /// Takes the gradient's step after the momentum's, not together with it.
        nesterov = false,
    } parity [torch decay Coupled { learning_rate: 0.01, rho: 0.99, epsilon: 1e-8 }]
    state [velocity, average_gradient if centered, momentum if momentum]
}

impl Update for RmsProp {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let states = segments.first().map_or(0, Segment::states);
        match (states, self.centered) {
            (0, _) => {}
            (1, _) => sweep::<1, _>(self.rule::<false>(tick), &tick.stage, segments),
            (2, false) => sweep::<2, _>(self.rule::<false>(tick), &tick.stage, segments),
            (2, true) => sweep::<2, _>(self.rule::<true>(tick), &tick.stage, segments),
            (_, _) => sweep::<3, _>(self.rule::<true>(tick), &tick.stage, segments),
        }
    }
}

impl RmsProp {
    fn rule<const CENTERED: bool>(&self, tick: &Tick) -> Scaled<CENTERED> {
        let (rate, epsilon, momentum) = (tick.learning_rate as f32, self.epsilon as f32, self.momentum as f32);
        let (first, rate) = if self.torch { (1.0, rate) } else { (rate, 1.0) };
        let (inside, outside) = if self.torch { (0.0, epsilon) } else { (epsilon, 0.0) };
        let (by_buffer, by_step) = if self.nesterov { (momentum, 1.0) } else { (1.0, 0.0) };
        let (keep, rest) = (self.rho as f32, (1.0 - self.rho) as f32);
        Scaled { keep, rest, inside, outside, momentum, first, rate, by_buffer, by_step }
    }
}
