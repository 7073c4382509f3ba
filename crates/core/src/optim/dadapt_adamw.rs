//! AdamW that finds its own rate.

use super::magnitude::Magnitude;
use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::{Measure, measure};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// AdamW with a rate d found from a lower bound on the distance to the solution.
    ///
    /// With `k = d·η·√(1−β₂ᵗ)/(1−β₁ᵗ)`, `β₃ = √β₂`: `n = β₃·n + (1−β₃)·k·⟨g, s/(√v + ε)⟩`, `v = β₂·v + (1−β₂)·g²`,
    /// `m = β₁·m + (1−β₁)·k·g`, `w -= m/(√v + ε) + λ·k·w`, `s = β₃·s + (1−β₃)·k·g`, `d = max(d, n/((1−β₃)·‖s‖₁))`.
    /// Defazio & Mishchenko 2023, algorithm 5, https://arxiv.org/abs/2301.07733
    ///
    /// Optax's rule.
    DAdaptAdamW = "DAdaptAdamW" of optax with [learning_rate: 1.0] decay Inside {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.999,
        /// Added to the root of the second mean.
        epsilon: NonNegative = 1e-8,
        /// The first d.
        estim_lr0: Positive = 1e-6,
    } state [momentum, velocity, gradients, estimate: Numbers(2)]
}

impl Update for DAdaptAdamW {
    const SWEEPS: bool = false;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let kept = |index: usize| segments.first().map_or(0.0, |segment| segment.number(3, index));
        let (d, beta3) = (kept(0).max(self.estim_lr0), self.beta2.sqrt());
        let k = d * tick.learning_rate * bias(self.beta2, tick.t).sqrt() / bias(self.beta1, tick.t);
        let epsilon = self.epsilon as f32;
        let mut product = 0.0;
        segments.iter().for_each(|segment| product += measure(Progress { epsilon }, &tick.stage, segment)[0]);
        let numerator = beta3 * kept(1) + (1.0 - beta3) * k * product;
        for run in segments.chunk_by_mut(|a, b| a.decay == b.decay) {
            let decay = if run[0].decay { tick.decay * k } else { 0.0 };
            let (rest1, rest3) = ((1.0 - self.beta1) * k, (1.0 - beta3) * k);
            let numbers = [self.beta1, rest1, 1.0 - self.beta2, beta3, rest3, decay];
            let [keep1, rest1, rest2, keep3, rest3, decay] = numbers.map(|number| number as f32);
            sweep(Found { keep1, rest1, rest2, keep3, rest3, decay, epsilon }, &tick.stage, run);
        }
        let mut size = 0.0;
        segments.iter().for_each(|segment| size += measure(Magnitude, &tick.stage, segment)[0]);
        let found = if size > 0.0 { d.max(numerator / ((1.0 - beta3) * size)) } else { d };
        for segment in segments {
            segment.set_number(3, 0, found);
            segment.set_number(3, 1, numerator);
        }
    }
}

/// ⟨g, s/(√v + ε)⟩.
#[derive(Clone, Copy)]
struct Progress {
    epsilon: f32,
}

impl Measure<3, 1> for Progress {
    #[inline(always)]
    fn measure(self, _: f32, g: f32, [_, v, s]: [f32; 3]) -> [f64; 1] {
        // The divisor of the step itself; in f64 it would take most of the step's time.
        let divisor = v.sqrt() + self.epsilon;
        [f64::from(g) * f64::from(if divisor > 0.0 { s / divisor } else { 0.0 })]
    }
}

#[derive(Clone, Copy)]
struct Found {
    keep1: f32,
    rest1: f32,
    rest2: f32,
    keep3: f32,
    rest3: f32,
    decay: f32,
    epsilon: f32,
}

/// State: m, v and s.
impl Rule<3> for Found {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m, v, s]: [X; 3]) -> (X, [X; 3]) {
        let m = m * self.keep1 + g * self.rest1;
        let v = v + (g * g - v) * self.rest2;
        (p - m / (v.sqrt() + self.epsilon) - p * self.decay, [m, v, s * self.keep3 + g * self.rest3])
    }
}
