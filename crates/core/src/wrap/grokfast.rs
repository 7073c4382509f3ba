//! Gradients whose slow part is made stronger.

use super::{When, Wrap};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};
use crate::optim::Tick;

declare! {
    /// Gradients whose slow part is made stronger, so that generalisation that comes late comes sooner.
    ///
    /// `h = α·h + (1−α)·g`, `g += λ·h`; h starts as the first gradient.
    /// Lee et al. 2024, algorithm 2 (GrokFast-EMA), https://arxiv.org/abs/2405.20233
    GrokFast = "GrokFast" {
        /// Part of the running mean of gradients that stays.
        alpha: BelowOne = 0.98,
        /// Weight of the mean: λ.
        strength: NonNegative = 2.0,
    } state [slow_gradient from unset]
}

impl Wrap for GrokFast {
    const WHEN: &'static [When] = &[When::Gradient];

    fn act(&self, _: When, _: &Tick, segments: &mut [Segment<'_>]) {
        let [keep, rest, strength] = [self.alpha, 1.0 - self.alpha, self.strength].map(|x| x as f32);
        sweep(Amplify { keep, rest, strength }, &Stage::NONE, segments);
    }
}

#[derive(Clone, Copy)]
struct Amplify {
    keep: f32,
    rest: f32,
    strength: f32,
}

impl Rule<1> for Amplify {
    #[inline(always)]
    fn update<X: Lane>(self, g: X, _: X, [slow]: [X; 1]) -> (X, [X; 1]) {
        let slow = slow.or_if_unset(g) * self.keep + g * self.rest;
        (g + slow * self.strength, [slow])
    }
}
