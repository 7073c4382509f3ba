//! Momentum, each tensor's step in proportion to the tensor.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::{Measure, measure};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Momentum, with a gradient for each tensor scaled in proportion to the tensor's norm: for very large batches.
    ///
    /// `g += λ·w`, `u = η · trust·‖w‖/(‖g‖ + ε) · g` (factor 1 where a norm is 0), `b = μ·b + u`, `w -= b`, or `w -= μ·b + u`
    /// with `nesterov`.
    /// You et al. 2017, algorithm 1, https://arxiv.org/abs/1708.03888
    ///
    /// Optax's rule.
    Lars = "LARS" of optax with [learning_rate: 0.1] decay Coupled {
        /// The part of a tensor's norm that is a step, at a rate of 1.
        trust_coefficient: Positive = 1e-3,
        /// Added to the gradient's norm.
        epsilon: NonNegative = 0.0,
        /// Part of the last update that is made again.
        momentum: UpToOne = 0.9,
    } options {
        /// Takes the gradient's step after the momentum's, not together with it.
        nesterov = false,
    } state [momentum]
}

impl Update for Lars {
    const SWEEPS: bool = false;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let momentum = self.momentum as f32;
        let (by_buffer, by_step) = if self.nesterov { (momentum, 1.0) } else { (1.0, 0.0) };
        for segment in segments {
            let [w, g] = measure(Norms, &tick.stage, segment).map(f64::sqrt);
            let trust = if w > 0.0 && g > 0.0 { self.trust_coefficient * w / (g + self.epsilon) } else { 1.0 };
            let rule = Trusted { rate: (tick.learning_rate * trust) as f32, momentum, by_buffer, by_step };
            sweep(rule, &tick.stage, std::slice::from_mut(segment));
        }
    }
}

/// Σw² and Σg².
#[derive(Clone, Copy)]
pub struct Norms;

impl Measure<0, 2> for Norms {
    #[inline(always)]
    fn measure(self, p: f32, g: f32, []: [f32; 0]) -> [f64; 2] {
        [f64::from(p) * f64::from(p), f64::from(g) * f64::from(g)]
    }
}

#[derive(Clone, Copy)]
struct Trusted {
    rate: f32,
    momentum: f32,
    by_buffer: f32,
    by_step: f32,
}

impl Rule<1> for Trusted {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [b]: [X; 1]) -> (X, [X; 1]) {
        let u = g * self.rate;
        let b = b * self.momentum + u;
        (p - (b * self.by_buffer + u * self.by_step), [b])
    }
}
