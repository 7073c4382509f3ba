//! Gradient descent that also keeps an average of where it has been.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::math64::pow;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Gradient descent with a falling rate that also keeps an average of the parameters from step `t0` on.
    ///
    /// With `ηₜ = η / (1 + λ·η·(t−1))^α`: `w -= λ·ηₜ·w`, `w -= ηₜ·g`, `a += (w − a) / max(1, t − 1 − t₀)`.
    /// Polyak & Juditsky 1992, https://epubs.siam.org/doi/10.1137/0330046
    ///
    /// PyTorch's rule; λ is its `lambd`. The average is the state `average`; nothing reads it.
    Asgd = "ASGD" of torch with [learning_rate: 0.01] decay Coupled {
        /// λ: how much of a parameter each step takes away, and how fast the rate falls.
        lambd: NonNegative = 1e-4,
        /// The power by which the rate falls.
        alpha: NonNegative = 0.75,
        /// The step at which averaging begins.
        t0: NonNegative = 1e6,
    } state [average]
}

impl Update for Asgd {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let past = (tick.t - 1) as f64;
        let rate = tick.learning_rate / pow(1.0 + self.lambd * tick.learning_rate * past, self.alpha);
        let share = 1.0 / (past - self.t0).max(1.0);
        let [keep, rate, old, new] = [1.0 - self.lambd * rate, rate, 1.0 - share, share].map(|number| number as f32);
        sweep(Averaged { keep, rate, old, new }, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Averaged {
    keep: f32,
    rate: f32,
    old: f32,
    new: f32,
}

impl Rule<1> for Averaged {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [a]: [X; 1]) -> (X, [X; 1]) {
        let p = p * self.keep - g * self.rate;
        (p, [a * self.old + p * self.new])
    }
}
