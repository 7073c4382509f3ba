//! AdamW that takes smaller steps where its second mean lags behind.

use super::lamb::{Direction, Means};
use super::{Tick, Update, power};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::{Measure, measure};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Stage, sweep};

declare! {
    /// AdamW that takes smaller steps where gradients outgrow their mean: no clipping to choose, no spikes of the loss.
    ///
    /// `β̂ = β·(1 − βᵗ⁻¹)/(1 − βᵗ)` for both, `m = β̂₁·m + (1−β̂₁)·g`, `v = β̂₂·v + (1−β̂₂)·g²`; for each tensor
    /// `ηₜ = η / max(1, RMS(g/√max(v, ε²)))`; `w -= ηₜ·λ·w`, `w -= ηₜ · m/(√v + ε)`.
    /// Wortsman et al. 2023, algorithm 2, https://arxiv.org/abs/2304.13013
    ///
    /// The paper's rule: Adafactor's clipping of updates in AdamW.
    StableAdamW = "StableAdamW" of paper with [learning_rate: 1e-3, weight_decay: 0.01] decay Inside {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.99,
        /// Added to the root of the second mean, and the least root that counts for the size of a step.
        epsilon: Positive = 1e-8,
    } state [momentum, velocity]
}

impl Update for StableAdamW {
    const SWEEPS: bool = false;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        // 1 − β̂, which is exactly 1 at first.
        let rest = |beta: f64| (1.0 - beta) / (1.0 - power(beta, tick.t));
        let [rest1, rest2, epsilon] = [rest(self.beta1), rest(self.beta2), self.epsilon].map(|number| number as f32);
        let least = (self.epsilon * self.epsilon).max(f64::from(f32::MIN_POSITIVE)) as f32;
        // Decay waits for the rate.
        let before = Stage { decay: 0.0, ..tick.stage };
        sweep(Means { rest1, rest2 }, &before, segments);
        for segment in segments {
            let [total] = measure(Outgrown { least }, &before, segment);
            let share = 1.0 / (total / segment.len().max(1) as f64).sqrt().max(1.0);
            let decay = (tick.learning_rate * tick.decay * share) as f32 + tick.stage.decay;
            let rate = (tick.learning_rate * share) as f32;
            let rule = Direction { mean: 1.0, scale: 1.0, epsilon, decay: 0.0, rate };
            sweep(rule, &Stage { decay, ..Stage::NONE }, std::slice::from_mut(segment));
        }
    }
}

/// Σ g²/v.
#[derive(Clone, Copy)]
struct Outgrown {
    least: f32,
}

impl Measure<2, 1> for Outgrown {
    #[inline(always)]
    fn measure(self, _: f32, g: f32, [_, v]: [f32; 2]) -> [f64; 1] {
        [f64::from(g) * f64::from(g) / f64::from(v.at_least(self.least))]
    }
}
