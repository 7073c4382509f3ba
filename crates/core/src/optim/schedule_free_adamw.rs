//! Adam whose averaging takes the place of a schedule and of momentum.

use super::schedule_free::{Averages, rise};
use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Adam that needs no schedule: gradients are taken between a fast sequence and its average.
    ///
    /// v as in `Adam`; `z -= ηₜ·g / (√(v/(1−β₂ᵗ)) + ε)`, `x = (1−c)·x + c·z`, `y = (1−β₁)·z + β₁·x`; the parameters are y, x
    /// is worth evaluating. c is the weight of this step among all, by the largest rate so far to the power `weightPower`.
    /// Defazio et al. 2024, algorithm 1 and section 4.1, https://arxiv.org/abs/2405.15682
    ///
    /// As in Keras all steps weigh the same and decay shrinks y; in Optax (and by the authors) z loses η·λ·y instead. In
    /// Optax the first step of a warm-up has the rate 0, and each weighs as much as the rate of the next one says.
    ScheduleFreeAdamW = "ScheduleFreeAdamW" with [learning_rate: 0.0025] {
        /// How near the average gradients are taken.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.999,
        /// Added to the root of that mean.
        epsilon: NonNegative = 1e-8,
        /// Steps over which the rate rises.
        warmup_steps: NonNegative = 0.0,
        /// Power of the rate by which steps are weighed.
        weight_power: NonNegative = 0.0,
    } parity [optax decay Inside { weight_power: 2.0 }] state [momentum, velocity, weights: Numbers(2)] between [momentum, beta1]
}

impl Update for ScheduleFreeAdamW {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let weighed = tick.learning_rate * rise(tick.t, self.warmup_steps);
        let rate = if self.optax { tick.learning_rate * rise(tick.t - 1, self.warmup_steps) } else { weighed };
        let averages = Averages::next(self.beta1, weighed, self.weight_power, 2, tick.t, segments);
        for run in segments.chunk_by_mut(|a, b| a.decay == b.decay) {
            let (decay, shrunk) =
                if run[0].decay { (rate * tick.decay, f64::from(tick.stage.decay)) } else { (0.0, 0.0) };
            // z starts as the parameter was before it decayed.
            let averages = averages.decayed(1.0 - shrunk);
            let numbers = [rate, 1.0 - self.beta2, 1.0 / bias(self.beta2, tick.t).sqrt(), self.epsilon, decay];
            let [rate, rest2, scale, epsilon, decay] = numbers.map(|number| number as f32);
            sweep(Divided { averages, rate, rest2, scale, epsilon, decay }, &tick.stage, run);
        }
    }
}

#[derive(Clone, Copy)]
struct Divided {
    averages: Averages,
    rate: f32,
    rest2: f32,
    scale: f32,
    epsilon: f32,
    decay: f32,
}

/// State: z and v.
impl Rule<2> for Divided {
    #[inline(always)]
    fn update<X: Lane>(self, y: X, g: X, [z, v]: [X; 2]) -> (X, [X; 2]) {
        let z = self.averages.start(y, z);
        let v = v + (g * g - v) * self.rest2;
        let new = z - g * self.rate / (v.sqrt() * self.scale + self.epsilon) - y * self.decay;
        (self.averages.mix(y, z, new), [new, v])
    }
}
