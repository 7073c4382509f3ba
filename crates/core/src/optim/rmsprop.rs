//! Steps divided by a running root mean square of the gradient.

use super::Update;
use crate::declare::declare;
use crate::kernel::lane::{V, below, pick};
use crate::kernel::sweep::{Rule, Segment, Stage, sweep};

declare! {
    /// Steps divided by a running root mean square of the gradient.
    ///
    /// `v = ρ·v + (1−ρ)·g²`, `w -= η·g / √(v + ε)`; `centered` puts `v − a²` for `v`, where `a = ρ·a + (1−ρ)·g`; with momentum
    /// `u = μ·u + η·g / √(…)`, `w -= u`.
    /// Hinton 2012, lecture 6e; Graves 2013, section 2.3, equations 38–45, https://arxiv.org/abs/1308.0850
    ///
    /// As in Keras ε stands inside the root and the buffer holds the learning rate; PyTorch has ε outside (1e-8), ρ = 0.99,
    /// η = 0.01. `v − a²`, never negative in exact arithmetic, is held at 0 where rounding makes it so.
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
    } state [velocity, average_gradient if centered, momentum if momentum]
}

impl Update for RmsProp {
    fn step(&self, learning_rate: f64, _t: u64, stage: &Stage, segments: &mut [Segment<'_>]) {
        let states = segments.first().map_or(0, Segment::states);
        match (states, self.centered) {
            (0, _) => {}
            (1, _) => sweep::<1, _>(self.rule::<false>(learning_rate), stage, segments),
            (2, false) => sweep::<2, _>(self.rule::<false>(learning_rate), stage, segments),
            (2, true) => sweep::<2, _>(self.rule::<true>(learning_rate), stage, segments),
            (_, _) => sweep::<3, _>(self.rule::<true>(learning_rate), stage, segments),
        }
    }
}

impl RmsProp {
    fn rule<const CENTERED: bool>(&self, learning_rate: f64) -> Scaled<CENTERED> {
        Scaled {
            rho: self.rho as f32,
            rest: (1.0 - self.rho) as f32,
            momentum: self.momentum as f32,
            epsilon: self.epsilon as f32,
            learning_rate: learning_rate as f32,
        }
    }
}

#[derive(Clone, Copy)]
struct Scaled<const CENTERED: bool> {
    rho: f32,
    /// 1 − ρ.
    rest: f32,
    momentum: f32,
    epsilon: f32,
    learning_rate: f32,
}

/// State: v, then a if centred, then u if there is room for it.
impl<const CENTERED: bool, const N: usize> Rule<N> for Scaled<CENTERED> {
    #[inline(always)]
    fn update(self, p: V, g: V, mut s: [V; N]) -> (V, [V; N]) {
        s[0] = self.rho * s[0] + self.rest * (g * g);
        let mut variance = s[0];
        if CENTERED {
            s[1] = self.rho * s[1] + self.rest * g;
            variance -= s[1] * s[1];
            variance = pick(below(variance, V::from(0.0)), V::from(0.0), variance);
        }
        let mut step = self.learning_rate * g / (variance + self.epsilon).sqrt();
        if N > 1 + CENTERED as usize {
            step += self.momentum * s[N - 1];
            s[N - 1] = step;
        }
        (p - step, s)
    }
}
