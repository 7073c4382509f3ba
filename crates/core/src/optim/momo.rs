//! Momentum whose rate follows from a model of the loss.

use super::loss_model::{Model, shrink};
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
