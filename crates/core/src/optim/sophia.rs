//! Momentum divided by curvature, clipped.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};

declare! {
    /// Momentum divided by an estimate of the Hessian's diagonal, and clipped: a second-order step at about the cost of Adam's.
    ///
    /// `m = β₁·m + (1−β₁)·g`, `w -= η·clip(m/(1−β₁ᵗ) / max(γ·h, ε), ±clipThreshold)`; in the first step and every
    /// `updateInterval`-th after it then `h = β₂·h + (1−β₂)·u⊙H·u` with signs u drawn at random: H·u is the gradient of ⟨g, u⟩.
    /// Liu et al. 2023, algorithms 1 and 3, https://arxiv.org/abs/2305.14342
    ///
    /// Optax's rule, with Hutchinson's estimate. `applyGradients` takes the estimates `u⊙H·u` as `hessianDiagonals`.
    Sophia = "Sophia" of optax with [learning_rate: 1e-3, weight_decay: 1e-4] needs Curvature {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.965,
        /// Decay of the running mean of estimates.
        beta2: BelowOne = 0.99,
        /// The least that is divided by.
        epsilon: Positive = 1e-8,
        /// Scales the curvature: the larger, the fewer elements are clipped.
        gamma: Positive = 0.01,
        /// The largest change of an element, in learning rates.
        clip_threshold: Positive = 1.0,
        /// Steps from one estimate to the next.
        update_interval: AtLeastOne = 10.0,
    } state [momentum, hessian]
}

impl Update for Sophia {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let scale = 1.0 / super::bias(self.beta1, tick.t) * tick.learning_rate;
        let numbers = [1.0 - self.beta1, scale, self.gamma, self.epsilon, self.clip_threshold * tick.learning_rate];
        let [rest, scale, gamma, epsilon, most] = numbers.map(|number| number as f32);
        sweep(Clipped { rest, scale, gamma, epsilon, most }, &tick.stage, segments);
        if self.wants_curvature(tick.t) {
            let mean = Mean { rest: (1.0 - self.beta2) as f32 };
            let mut means: Vec<_> = segments.iter_mut().filter_map(|segment| segment.curving(1)).collect();
            sweep(mean, &Stage::NONE, &mut means);
        }
    }

    fn wants_curvature(&self, t: u64) -> bool {
        (t - 1).is_multiple_of(self.update_interval as u64)
    }
}

#[derive(Clone, Copy)]
struct Clipped {
    rest: f32,
    scale: f32,
    gamma: f32,
    epsilon: f32,
    most: f32,
}

impl Rule<2> for Clipped {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m, h]: [X; 2]) -> (X, [X; 2]) {
        let m = m + (g - m) * self.rest;
        (p - (m * self.scale / (h * self.gamma).at_least(self.epsilon)).within(self.most), [m, h])
    }
}

#[derive(Clone, Copy)]
struct Mean {
    rest: f32,
}

impl Rule<0> for Mean {
    #[inline(always)]
    fn update<X: Lane>(self, h: X, estimate: X, []: [X; 0]) -> (X, [X; 0]) {
        (h + (estimate - h) * self.rest, [])
    }
}
