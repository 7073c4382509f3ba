//! Dual averaging with the cube root of a sum of squares.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Dual averaging: where the start and the sum of all gradients so far would put the parameters, slowly followed.
    ///
    /// With `k = (η + ε)·√t`: `ν += k·g²`, `s += k·g`, `z = w₀ − s / (∛ν + ε)`, `w = μ·w + (1−μ)·z`.
    /// Defazio & Jelassi 2021, algorithm 1, https://arxiv.org/abs/2101.11075
    ///
    /// Optax's rule. The start w₀ is part of the state.
    MadGrad = "MADGRAD" of optax with [learning_rate: 0.01] decay Coupled {
        /// How much of the parameters each step keeps.
        momentum: UpToOne = 0.9,
        /// Added to the rate and to the root.
        epsilon: NonNegative = 1e-6,
    } state [grad_sum_sq, grad_sum, initial]
}

impl Update for MadGrad {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let weight = (tick.learning_rate + self.epsilon) * (tick.t as f64).sqrt();
        let first = if tick.t == 1 { 1.0 } else { 0.0 };
        let numbers = [weight, self.momentum, 1.0 - self.momentum, self.epsilon, first];
        let [weight, keep, rest, epsilon, first] = numbers.map(|number| number as f32);
        sweep(Dual { weight, keep, rest, epsilon, first }, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Dual {
    weight: f32,
    keep: f32,
    rest: f32,
    epsilon: f32,
    /// 1 in the first step, which takes the parameter for the start.
    first: f32,
}

/// State: ν, s and w₀.
impl Rule<3> for Dual {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [squares, sum, start]: [X; 3]) -> (X, [X; 3]) {
        let start = start + p * self.first;
        let squares = squares + g * g * self.weight;
        let sum = sum + g * self.weight;
        let divisor = squares.cbrt() + self.epsilon;
        // A parameter without any gradient so far stays.
        let step = divisor.if_above(X::from(0.0), sum / divisor, sum);
        (p * self.keep + (start - step) * self.rest, [squares, sum, start])
    }
}
