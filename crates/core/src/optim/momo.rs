//! Momentum whose rate follows from a model of the loss.

use super::polyak_sgd::NOTHING;
use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::{Measure, measure};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};

declare! {
    /// Momentum with a rate found from running means of loss, gradient and where they were seen: η only bounds it.
    ///
    /// With means `m` of g, `f̄` of the loss, `γ` of ⟨g, w⟩ (those of the first step are its values) and `s = 1/(1 + η·λ)`:
    /// `w = s·w − min(η, max(f̄ − least − γ + s·⟨m, w⟩, 0)/(s·‖m‖²))·m`, products over all tensors together.
    /// Schaipp et al. 2023, algorithm 1, https://arxiv.org/abs/2305.07583
    ///
    /// Optax's rule.
    MoMo = "MoMo" of optax with [learning_rate: 1.0] decay Inside needs Loss {
        /// Decay of the running means.
        beta: BelowOne = 0.9,
        /// The least the loss can be.
        lower_bound: Finite = 0.0,
    } options {
        /// Whether to estimate a least loss above `lowerBound` on the way.
        adapt_lower_bound = false,
    } state [momentum, model: Numbers(3)]
}

impl Update for MoMo {
    const SWEEPS: bool = false;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let keep = if tick.t == 1 { 0.0 } else { self.beta };
        sweep(Mean { rest: (1.0 - keep) as f32 }, &tick.stage, segments);
        let mut model = Model::read(tick, segments, 1, keep, self.lower_bound);
        for segment in segments.iter() {
            model.add(tick, segment, measure(Products, &tick.stage, segment));
        }
        let rate = model.rate(tick.learning_rate, 1.0, self.adapt_lower_bound.then_some(self.lower_bound)) as f32;
        for segment in segments {
            let shrink = shrink(tick, segment) as f32;
            sweep(Along { shrink, rate }, &Stage::NONE, std::slice::from_mut(segment));
            model.write(segment, 1);
        }
    }
}

/// What weight decay leaves of a parameter.
pub(super) fn shrink(tick: &Tick, segment: &Segment<'_>) -> f64 {
    if segment.decay { 1.0 / (1.0 + tick.learning_rate * tick.decay) } else { 1.0 }
}

/// The model of the loss: its mean, the mean of ⟨g, w⟩, the least it can be, which are kept; ⟨m, w⟩ and ‖m‖², as they
/// are and shrunk.
pub(super) struct Model {
    loss: f64,
    seen: f64,
    least: f64,
    keep: f64,
    sums: [f64; 4],
}

impl Model {
    /// What state `slot` has kept, and the loss of this step.
    pub(super) fn read(tick: &Tick, segments: &[Segment<'_>], slot: usize, keep: f64, least: f64) -> Self {
        let kept = |index| segments.first().map_or(0.0, |segment| segment.number(slot, index));
        let loss = keep * kept(0) + (1.0 - keep) * tick.loss;
        let least = if tick.t == 1 { least } else { kept(2) };
        Self { loss, seen: keep * kept(1), least, keep, sums: [0.0; 4] }
    }

    /// Takes in ⟨g, w⟩, ⟨m, w⟩ and ‖m‖² of a segment.
    pub(super) fn add(&mut self, tick: &Tick, segment: &Segment<'_>, [seen, inner, square]: [f64; 3]) {
        let shrink = shrink(tick, segment);
        self.seen += (1.0 - self.keep) * seen;
        for (sum, x) in self.sums.iter_mut().zip([inner, square, inner * shrink, square * shrink]) {
            *sum += x;
        }
    }

    /// The rate, at most `limit / bias`, where means are to be divided by `bias`. With a bound the least loss is found.
    pub(super) fn rate(&mut self, limit: f64, bias: f64, bound: Option<f64>) -> f64 {
        let [inner, square, shrunk_inner, shrunk_square] = self.sums;
        let above = self.loss - self.seen + shrunk_inner;
        if let Some(bound) = bound.filter(|_| above < bias * self.least) {
            self.least = (above / (2.0 * bias)).max(bound);
        }
        let found = if square <= NOTHING { 0.0 } else { (above - bias * self.least).max(0.0) / shrunk_square };
        let rate = found.min(limit / bias);
        if let Some(bound) = bound {
            self.least = ((self.loss + inner - self.seen - 0.5 * rate * square) / bias).max(bound);
        }
        rate
    }

    /// Keeps what the next step needs.
    pub(super) fn write(&self, segment: &mut Segment<'_>, slot: usize) {
        segment.set_number(slot, 0, self.loss);
        segment.set_number(slot, 1, self.seen);
        segment.set_number(slot, 2, self.least);
    }
}

/// ⟨g, w⟩, ⟨m, w⟩ and ‖m‖².
#[derive(Clone, Copy)]
struct Products;

impl Measure<1, 3> for Products {
    #[inline(always)]
    fn measure(self, p: f32, g: f32, [m]: [f32; 1]) -> [f64; 3] {
        let [p, g, m] = [p, g, m].map(f64::from);
        [g * p, m * p, m * m]
    }
}

#[derive(Clone, Copy)]
struct Mean {
    rest: f32,
}

impl Rule<1> for Mean {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m]: [X; 1]) -> (X, [X; 1]) {
        (p, [m + (g - m) * self.rest])
    }
}

#[derive(Clone, Copy)]
struct Along {
    shrink: f32,
    rate: f32,
}

impl Rule<1> for Along {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, _: X, [m]: [X; 1]) -> (X, [X; 1]) {
        (p * self.shrink - m * self.rate, [m])
    }
}
