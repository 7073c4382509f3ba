//! Adam that finds its own rate.

use super::magnitude::Magnitude;
use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::{Measure, measure};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Adam with a rate d found from how well gradients agree with the way gone so far.
    ///
    /// With `k = d·η·√(1−β₂ᵗ)/(1−β₁ᵗ)`, `β₃ = √β₂`: `m = β₁·m + (1−β₁)·d·g`, `v = β₂·v + (1−β₂)·(d·g)²`,
    /// `w -= k·m/(√v + d·ε) + λ·k·w`; `n = β₃·n + (d/d₀)·k·⟨g, w₀ − w⟩`, `s = β₃·s + (d/d₀)·k·g`, `d = max(d, coef·n/‖s‖₁)`.
    /// Mishchenko & Defazio 2023, algorithm 4, https://arxiv.org/abs/2306.06101
    ///
    /// Optax's rule. The start w₀ is part of the state.
    Prodigy = "Prodigy" of optax with [learning_rate: 1.0] decay Inside {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.999,
        /// Added to the root of the second mean, times d.
        epsilon: NonNegative = 1e-8,
        /// The first d: d₀.
        estim_lr0: Positive = 1e-6,
        /// Scales what d is found to be.
        estim_lr_coef: Positive = 1.0,
    } options {
        /// s grows by d in place of k: for rates that warm up.
        safeguard_warmup = false,
    } state [momentum, velocity, gradients, initial, estimate: Numbers(2)]
}

impl Update for Prodigy {
    const SWEEPS: bool = false;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let kept = |index: usize| segments.first().map_or(0.0, |segment| segment.number(4, index));
        let (start, beta3) = (self.estim_lr0, self.beta2.sqrt());
        let d = kept(0).max(start);
        let k = d * tick.learning_rate * bias(self.beta2, tick.t).sqrt() / bias(self.beta1, tick.t);
        let mut product = 0.0;
        if tick.t > 1 {
            segments.iter().for_each(|segment| product += measure(Agreement, &tick.stage, segment)[0]);
        }
        let numerator = beta3 * kept(1) + d / start * k * product;
        let grown = if self.safeguard_warmup { d } else { k } * d / start;
        for run in segments.chunk_by_mut(|a, b| a.decay == b.decay) {
            let decay = if run[0].decay { tick.decay * k } else { 0.0 };
            let (rest1, rest2) = ((1.0 - self.beta1) * d, (1.0 - self.beta2) * d * d);
            let numbers = [self.beta1, rest1, self.beta2, rest2, beta3, grown, k, d * self.epsilon, decay];
            let [keep1, rest1, keep2, rest2, keep3, grown, rate, epsilon, decay] = numbers.map(|number| number as f32);
            let first = if tick.t == 1 { 1.0 } else { 0.0 };
            let rule = Found { keep1, rest1, keep2, rest2, keep3, grown, rate, epsilon, decay, first };
            sweep(rule, &tick.stage, run);
        }
        let mut size = 0.0;
        segments.iter().for_each(|segment| size += measure(Magnitude, &tick.stage, segment)[0]);
        let found = if size > 0.0 { d.max(self.estim_lr_coef * numerator / size) } else { d };
        for segment in segments {
            segment.set_number(4, 0, found);
            segment.set_number(4, 1, numerator);
        }
    }
}

/// ⟨g, w₀ − w⟩.
#[derive(Clone, Copy)]
struct Agreement;

impl Measure<4, 1> for Agreement {
    #[inline(always)]
    fn measure(self, p: f32, g: f32, [_, _, _, start]: [f32; 4]) -> [f64; 1] {
        [f64::from(g) * (f64::from(start) - f64::from(p))]
    }
}

#[derive(Clone, Copy)]
struct Found {
    keep1: f32,
    rest1: f32,
    keep2: f32,
    rest2: f32,
    keep3: f32,
    grown: f32,
    rate: f32,
    epsilon: f32,
    decay: f32,
    first: f32,
}

/// State: m, v, s and w₀.
impl Rule<4> for Found {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m, v, s, start]: [X; 4]) -> (X, [X; 4]) {
        let start = start + p * self.first;
        let m = m * self.keep1 + g * self.rest1;
        let v = v * self.keep2 + g * g * self.rest2;
        let s = s * self.keep3 + g * self.grown;
        (p - m * self.rate / (v.sqrt() + self.epsilon) - p * self.decay, [m, v, s, start])
    }
}
