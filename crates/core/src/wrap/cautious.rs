//! Updates against the gradient are left out.

use super::{When, Wrap};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::{Measure, measure};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};
use crate::optim::Tick;

declare! {
    /// Leaves out the parts of an update that go up the present gradient, and makes the rest as much larger.
    ///
    /// With the rule's update u (`w -= u`), of n elements: `m = [u·g > 0]`, `w -= u·m·n/(Σm + 1)`. Decoupled weight decay is
    /// not part of u.
    /// Liang et al. 2024, algorithm 1, https://arxiv.org/abs/2411.16085
    Cautious = "Cautious" {}
}

impl Wrap for Cautious {
    const WHEN: &'static [When] = &[When::Before, When::After];
    const SCRATCH: bool = true;

    fn act(&self, when: When, tick: &Tick, segments: &mut [Segment<'_>]) {
        if when == When::Before {
            // The weights as the rule finds them.
            let stage = Stage { decay: tick.stage.decay, ..Stage::NONE };
            for segment in segments {
                let decay = if segment.decay { stage.decay } else { 0.0 };
                sweep(Keep { decay }, &Stage::NONE, std::slice::from_mut(segment));
            }
            return;
        }
        for segment in segments {
            let [agree] = measure(Agreeing, &Stage::NONE, segment);
            let scale = (segment.len() as f64 / (agree + 1.0)) as f32;
            let sign = segment.gradient_scale;
            sweep(Mask { scale, sign }, &Stage::NONE, std::slice::from_mut(segment));
        }
    }
}

#[derive(Clone, Copy)]
struct Keep {
    decay: f32,
}

impl Rule<1> for Keep {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, _: X, _: [X; 1]) -> (X, [X; 1]) {
        (p, [p - p * self.decay])
    }
}

#[derive(Clone, Copy)]
struct Agreeing;

impl Measure<1, 1> for Agreeing {
    #[inline(always)]
    fn measure(self, p: f32, g: f32, [old]: [f32; 1]) -> [f64; 1] {
        [if (old - p) * g > 0.0 { 1.0 } else { 0.0 }]
    }
}

#[derive(Clone, Copy)]
struct Mask {
    scale: f32,
    sign: f32,
}

impl Rule<1> for Mask {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [old]: [X; 1]) -> (X, [X; 1]) {
        let update = old - p;
        let kept = (update * (g * self.sign)).if_above(X::from(0.0), update * self.scale, X::from(0.0));
        (old - kept, [old])
    }
}
