//! Adam's direction, each tensor's step in proportion to the tensor.

use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::{Measure, measure};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};

declare! {
    /// Adam's direction, with a step for each tensor in proportion to its norm: for very large batches.
    ///
    /// m and v as in `Adam`, `u = m̂ / (√v̂ + ε)`, `w -= η · ‖w‖/‖u‖ · u` (ratio 1 where a norm is 0).
    /// You et al. 2019, algorithm 2, https://arxiv.org/abs/1904.00962
    ///
    /// As in Keras weight decay comes before; in Optax (and the paper) `λ·w` is part of u.
    Lamb = "Lamb" with [learning_rate: 1e-3] {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.999,
        /// Added to the root of the second mean.
        epsilon: NonNegative = 1e-7,
    } parity [optax decay Inside { epsilon: 1e-6 }] state [momentum, velocity]
}

impl Update for Lamb {
    const SWEEPS: bool = false;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let means = Means { rest1: (1.0 - self.beta1) as f32, rest2: (1.0 - self.beta2) as f32 };
        sweep(means, &tick.stage, segments);
        for segment in segments {
            let numbers = [1.0 / bias(self.beta1, tick.t), 1.0 / bias(self.beta2, tick.t).sqrt(), self.epsilon];
            let [mean, scale, epsilon] = numbers.map(|number| number as f32);
            let decay = if segment.decay { tick.decay as f32 } else { 0.0 };
            let direction = Direction { mean, scale, epsilon, decay, rate: 0.0 };
            let [w, u] = measure(direction, &Stage::NONE, segment).map(f64::sqrt);
            let ratio = if w > 0.0 && u > 0.0 { w / u } else { 1.0 };
            let rate = (tick.learning_rate * ratio) as f32;
            sweep(Direction { rate, ..direction }, &Stage::NONE, std::slice::from_mut(segment));
        }
    }
}

/// Takes the gradient into m and v.
#[derive(Clone, Copy)]
pub struct Means {
    pub rest1: f32,
    pub rest2: f32,
}

impl Rule<2> for Means {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m, v]: [X; 2]) -> (X, [X; 2]) {
        (p, [m + (g - m) * self.rest1, v + (g * g - v) * self.rest2])
    }
}

/// A step of `rate` times `mean·m/(scale·√v + ε) + decay·w`.
#[derive(Clone, Copy)]
pub struct Direction {
    pub mean: f32,
    pub scale: f32,
    pub epsilon: f32,
    pub decay: f32,
    pub rate: f32,
}

impl Direction {
    #[inline(always)]
    fn of<X: Lane>(self, p: X, m: X, v: X) -> X {
        m * self.mean / (v.sqrt() * self.scale + self.epsilon) + p * self.decay
    }
}

impl Measure<2, 2> for Direction {
    #[inline(always)]
    fn measure(self, p: f32, _: f32, [m, v]: [f32; 2]) -> [f64; 2] {
        let u = f64::from(self.of(p, m, v));
        [f64::from(p) * f64::from(p), u * u]
    }
}

impl Rule<2> for Direction {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, _: X, [m, v]: [X; 2]) -> (X, [X; 2]) {
        (p - self.of(p, m, v) * self.rate, [m, v])
    }
}
