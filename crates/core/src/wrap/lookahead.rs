//! Slow weights that fast ones run ahead of.

use super::{When, Wrap};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};
use crate::optim::Tick;

declare! {
    /// Slow weights that follow after every so many steps of the optimizer, which goes on from them.
    ///
    /// Every `syncPeriod` updates `s += α·(w − s)`, then `w = s`; s starts as w before the first.
    /// Zhang et al. 2019, algorithm 1, https://arxiv.org/abs/1907.08610. The optimizer's own state stays as it is.
    Lookahead = "Lookahead" {
        /// Updates between two of the slow weights: k.
        sync_period: AtLeastOne = 5.0,
        /// How far the slow weights follow: α.
        slow_step_size: UpToOne = 0.5,
    } state [slow from unset]
}

impl Wrap for Lookahead {
    const WHEN: &'static [When] = &[When::Before, When::After];

    fn act(&self, when: When, tick: &Tick, segments: &mut [Segment<'_>]) {
        if when == When::Before {
            let unset = |segment: &&mut Segment<'_>| segment.state(0).first().is_some_and(|x| x.is_nan());
            for segment in segments.iter_mut().filter(unset) {
                sweep(Start, &Stage::NONE, std::slice::from_mut(segment));
            }
        } else if tick.t.is_multiple_of(self.sync_period as u64) {
            sweep(Follow { share: self.slow_step_size as f32 }, &Stage::NONE, segments);
        }
    }
}

#[derive(Clone, Copy)]
struct Start;

impl Rule<1> for Start {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, _: X, [slow]: [X; 1]) -> (X, [X; 1]) {
        (p, [slow.or_if_unset(p)])
    }
}

#[derive(Clone, Copy)]
struct Follow {
    share: f32,
}

impl Rule<1> for Follow {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, _: X, [slow]: [X; 1]) -> (X, [X; 1]) {
        let slow = slow + (p - slow) * self.share;
        (slow, [slow])
    }
}
