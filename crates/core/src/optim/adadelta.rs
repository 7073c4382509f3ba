//! Steps in units of the parameter itself.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Steps in units of the parameter: the gradient times the size of recent steps over that of recent gradients.
    ///
    /// `a = ρ·a + (1−ρ)·g²`, `u = √(d + ε) / √(a + ε) · g`, `d = ρ·d + (1−ρ)·u²`, `w -= η·u`.
    /// Zeiler 2012, algorithm 1, https://arxiv.org/abs/1212.5701
    ///
    /// The paper has no η, as has PyTorch with its 1; Keras's 0.001 makes first steps tiny.
    Adadelta = "Adadelta" with [learning_rate: 1e-3] {
        /// Decay of the running means.
        rho: BelowOne = 0.95,
        /// Added under both roots; with a zero nothing would ever move.
        epsilon: NonNegative = 1e-7,
    } parity [torch decay Coupled { learning_rate: 1.0, rho: 0.9, epsilon: 1e-6 }]
    state [accumulated_grad, accumulated_delta_var]
}

impl Update for Adadelta {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let [keep, rest, epsilon, rate] =
            [self.rho, 1.0 - self.rho, self.epsilon, tick.learning_rate].map(|number| number as f32);
        sweep(Delta { keep, rest, epsilon, rate }, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Delta {
    keep: f32,
    rest: f32,
    epsilon: f32,
    rate: f32,
}

/// State: the means of g² and of u².
impl Rule<2> for Delta {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [a, d]: [X; 2]) -> (X, [X; 2]) {
        let a = a * self.keep + g * g * self.rest;
        let u = (d + self.epsilon).sqrt() / (a + self.epsilon).sqrt() * g;
        (p - u * self.rate, [a, d * self.keep + u * u * self.rest])
    }
}
