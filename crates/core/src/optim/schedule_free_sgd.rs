//! Gradient descent whose averaging takes the place of a schedule.

use super::schedule_free::{Averages, rise};
use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Gradient descent that needs no schedule: gradients are taken between a fast sequence and its average.
    ///
    /// `z -= ηₜ·g`, `x = (1−c)·x + c·z`, `y = (1−β)·z + β·x`; the parameters are y, x is worth evaluating. c is the weight
    /// of this step among all, by the largest rate so far to the power `weightPower`.
    /// Defazio et al. 2024, algorithm 1, https://arxiv.org/abs/2405.15682
    ///
    /// Optax's rule; weight decay is added to the gradient, which is taken at y.
    ScheduleFreeSgd = "ScheduleFreeSGD" of optax with [learning_rate: 1.0] decay Coupled {
        /// How near the average gradients are taken.
        beta1: BelowOne = 0.9,
        /// Steps over which the rate rises from 0.
        warmup_steps: NonNegative = 0.0,
        /// Power of the rate by which steps are weighed.
        weight_power: NonNegative = 2.0,
    } state [momentum, weights: Numbers(2)] between [momentum, beta1]
}

impl Update for ScheduleFreeSgd {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let rate = tick.learning_rate * rise(tick.t - 1, self.warmup_steps);
        let weighed = tick.learning_rate * rise(tick.t, self.warmup_steps);
        let averages = Averages::next(self.beta1, weighed, self.weight_power, 1, tick.t, segments);
        sweep(Plain { averages, rate: rate as f32 }, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Plain {
    averages: Averages,
    rate: f32,
}

/// State: z.
impl Rule<1> for Plain {
    #[inline(always)]
    fn update<X: Lane>(self, y: X, g: X, [z]: [X; 1]) -> (X, [X; 1]) {
        let z = self.averages.start(y, z);
        let new = z - g * self.rate;
        (self.averages.mix(y, z, new), [new])
    }
}
