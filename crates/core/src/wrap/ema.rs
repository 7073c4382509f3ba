//! A running mean of the weights.

use super::{When, Wrap};
use crate::declare::{ABSENT, declare};
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};
use crate::optim::Tick;

declare! {
    /// A running mean of the weights, which is often worth more than the last of them: evaluate it with
    /// `callbacks.SwapEMAWeights`.
    ///
    /// `a = μ·a + (1−μ)·w` after each update, a = w after the first.
    /// Polyak & Juditsky 1992, https://doi.org/10.1137/0330046; as `useEma` in Keras
    ExponentialMovingAverage = "ExponentialMovingAverage" {
        /// Part of the mean that stays: μ.
        momentum: UpToOne = 0.99,
        /// After every so many updates the weights become the mean.
        overwrite_frequency: AtLeastOne = ABSENT,
    } state [ema_average from unset]
}

impl Wrap for ExponentialMovingAverage {
    const WHEN: &'static [When] = &[When::After];
    const SWEEPS: bool = true;

    fn act(&self, _: When, tick: &Tick, segments: &mut [Segment<'_>]) {
        let keep = if tick.t == 1 { 0.0 } else { self.momentum };
        let due = self.overwrite_frequency >= 1.0 && tick.t.is_multiple_of(self.overwrite_frequency as u64);
        let rule = Mean { keep: keep as f32, rest: (1.0 - keep) as f32, due: if due { 1.0 } else { 0.0 } };
        sweep(rule, &Stage::NONE, segments);
    }
}

#[derive(Clone, Copy)]
struct Mean {
    keep: f32,
    rest: f32,
    due: f32,
}

impl Rule<1> for Mean {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, _: X, [mean]: [X; 1]) -> (X, [X; 1]) {
        let mean = mean.or_if_unset(p) * self.keep + p * self.rest;
        (X::from(self.due).if_above(X::from(0.5), mean, p), [mean])
    }
}
