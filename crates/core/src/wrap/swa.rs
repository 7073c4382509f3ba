//! The plain mean of the weights from a step on.

use super::{When, Wrap};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};
use crate::optim::Tick;

declare! {
    /// The mean of the weights at regular times from a step on, best with a constant or cyclic rate.
    ///
    /// `a += (w − a)/n` after updates start, start + frequency, …: the n-th of them.
    /// Izmailov et al. 2018, algorithm 1, https://arxiv.org/abs/1803.05407; `AveragedModel` in PyTorch
    StochasticWeightAveraging = "StochasticWeightAveraging" {
        /// The number of the first update, counted from 1, after which the weights count.
        start: AtLeastOne = 1.0,
        /// Updates from one that counts to the next.
        frequency: AtLeastOne = 1.0,
    } state [swa_average from unset]
}

impl Wrap for StochasticWeightAveraging {
    const WHEN: &'static [When] = &[When::After];
    const SWEEPS: bool = true;

    fn act(&self, _: When, tick: &Tick, segments: &mut [Segment<'_>]) {
        let Some(since) = tick.t.checked_sub(self.start as u64) else { return };
        let frequency = self.frequency as u64;
        if since.is_multiple_of(frequency) {
            sweep(Mean { share: (1.0 / (since / frequency + 1) as f64) as f32 }, &Stage::NONE, segments);
        }
    }
}

#[derive(Clone, Copy)]
struct Mean {
    share: f32,
}

impl Rule<1> for Mean {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, _: X, [mean]: [X; 1]) -> (X, [X; 1]) {
        let mean = mean.or_if_unset(p);
        (p, [mean + (p - mean) * self.share])
    }
}
