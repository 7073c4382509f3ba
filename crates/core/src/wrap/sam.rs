//! Gradients taken where the loss nearby is worst.

use super::{When, Wrap};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::{Measure, measure};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};
use crate::optim::Tick;

declare! {
    /// Sharpness-aware minimization: the rule gets the gradient where, within reach, the loss is about worst.
    ///
    /// `e = ρ·g/‖g‖` (with `adaptive`, ASAM: `e = ρ·w²⊙g/‖w⊙g‖`), norms over all tensors together; then the rule makes its
    /// step from w with the gradient at `w + e`. Both evaluations see the same rows and draw the same random numbers; what
    /// is reported (loss, metrics, norm) is of the first.
    /// Foret et al. 2021, algorithm 1, https://arxiv.org/abs/2010.01412; Kwon et al. 2021, equation 6,
    /// https://arxiv.org/abs/2102.11600
    SharpnessAware = "SAM" needs Evaluations {
        /// How far away: ρ. The papers take 0.05, and 0.5 with `adaptive`.
        rho: NonNegative = 0.05,
    } options {
        /// Reach in proportion to each weight: ASAM.
        adaptive = false,
    }
}

impl Wrap for SharpnessAware {
    const WHEN: &'static [When] = &[When::Perturb];

    fn act(&self, _: When, _: &Tick, segments: &mut [Segment<'_>]) {
        let direction = Direction { adaptive: if self.adaptive { 1.0 } else { 0.0 }, rate: 0.0 };
        let mut square = 0.0;
        segments.iter().for_each(|segment| square += measure(direction, &Stage::NONE, segment)[0]);
        let rate = if square > 0.0 { self.rho / square.sqrt() } else { 0.0 };
        sweep(Direction { rate: rate as f32, ..direction }, &Stage::NONE, segments);
    }
}

#[derive(Clone, Copy)]
struct Direction {
    adaptive: f32,
    rate: f32,
}

impl Direction {
    /// The weight, or 1.
    #[inline(always)]
    fn reach<X: Lane>(self, p: X) -> X {
        p * self.adaptive + X::from(1.0 - self.adaptive)
    }
}

impl Measure<0, 1> for Direction {
    #[inline(always)]
    fn measure(self, p: f32, g: f32, []: [f32; 0]) -> [f64; 1] {
        let x = f64::from(self.reach(p)) * f64::from(g);
        [x * x]
    }
}

impl Rule<0> for Direction {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, []: [X; 0]) -> (X, [X; 0]) {
        let reach = self.reach(p);
        (p + reach * reach * g * self.rate, [])
    }
}
