//! Adam whose rate follows from a model of the loss.

use super::loss_model::{Model, shrink};
use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::{Measure, measure};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};

declare! {
    /// Adam with a rate found from running means of loss, gradient and where they were seen: η only bounds it.
    ///
    /// With Adam's means `m` and `v`, means `f̄` of the loss and `γ` of ⟨g, w⟩, `D = √(v/(1−β₂ᵗ)) + ε`, `b = 1 − β₁ᵗ` and
    /// `s = 1/(1 + η·λ)`: `w = s·w − min(η/b, max(f̄ − b·least − γ + s·⟨m, w⟩, 0)/(s·⟨m, m/D⟩))·m/D`, products over all
    /// tensors together.
    /// Schaipp et al. 2023, algorithm 2, https://arxiv.org/abs/2305.07583
    ///
    /// Optax's rule.
    MoMoAdam = "MoMoAdam" of optax with [learning_rate: 0.01] decay Inside needs Loss {
        /// Decay of the running means of loss and gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.999,
        /// Added to the root of the second mean.
        epsilon: Positive = 1e-8,
        /// The least the loss can be.
        lower_bound: Finite = 0.0,
    } options {
        /// Whether to estimate a least loss above `lowerBound` on the way.
        adapt_lower_bound = false,
    } state [momentum, velocity, model: Numbers(3)]
}

impl Update for MoMoAdam {
    const SWEEPS: bool = false;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let means = Means { rest1: (1.0 - self.beta1) as f32, rest2: (1.0 - self.beta2) as f32 };
        sweep(means, &tick.stage, segments);
        let scale = (1.0 / bias(self.beta2, tick.t).sqrt()) as f32;
        let along = Along { scale, epsilon: self.epsilon as f32, shrink: 1.0, rate: 0.0 };
        let mut model = Model::read(tick, segments, 2, self.beta1, self.lower_bound);
        for segment in segments.iter() {
            model.add(tick, segment, measure(along, &tick.stage, segment));
        }
        let bound = self.adapt_lower_bound.then_some(self.lower_bound);
        let rate = model.rate(tick.learning_rate, bias(self.beta1, tick.t), bound) as f32;
        for segment in segments {
            let shrink = shrink(tick, segment) as f32;
            sweep(Along { shrink, rate, ..along }, &Stage::NONE, std::slice::from_mut(segment));
            model.write(segment, 2);
        }
    }
}

#[derive(Clone, Copy)]
struct Means {
    rest1: f32,
    rest2: f32,
}

impl Rule<2> for Means {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m, v]: [X; 2]) -> (X, [X; 2]) {
        (p, [m + (g - m) * self.rest1, v + (g * g - v) * self.rest2])
    }
}

/// Along m/D; measures ⟨g, w⟩, ⟨m, w⟩ and ⟨m, m/D⟩.
#[derive(Clone, Copy)]
struct Along {
    scale: f32,
    epsilon: f32,
    shrink: f32,
    rate: f32,
}

impl Along {
    #[inline(always)]
    fn of<X: Lane>(self, m: X, v: X) -> X {
        m / (v.sqrt() * self.scale + self.epsilon)
    }
}

impl Measure<2, 3> for Along {
    #[inline(always)]
    fn measure(self, p: f32, g: f32, [m, v]: [f32; 2]) -> [f64; 3] {
        let [p, g, step, m] = [p, g, self.of(m, v), m].map(f64::from);
        [g * p, m * p, m * step]
    }
}

impl Rule<2> for Along {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, _: X, [m, v]: [X; 2]) -> (X, [X; 2]) {
        (p * self.shrink - self.of(m, v) * self.rate, [m, v])
    }
}
