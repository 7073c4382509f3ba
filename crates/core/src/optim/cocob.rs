//! Coin betting: no rate to choose.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Bets on coins whose sides are the signs of gradients: steps without a rate to choose.
    ///
    /// With the largest gradient L (ε at first), `G += |g|`, `R = max(R − (w − w₀)·g, 0)`, `C -= g`:
    /// `w = w₀ + η · C / (L·max(G + L, α·L)) · (L + R)`.
    /// Orabona & Tommasi 2017, algorithm 2, https://arxiv.org/abs/1705.07795
    ///
    /// Optax's rule. The start w₀ is part of the state.
    Cocob = "COCOB" of optax with [learning_rate: 1.0] decay Coupled {
        /// How carefully it bets at first.
        alpha: NonNegative = 100.0,
        /// What the largest gradient starts with.
        epsilon: Positive = 1e-8,
    } state [initial, gradients, scale from epsilon, magnitudes, reward]
}

impl Update for Cocob {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let first = if tick.t == 1 { 1.0 } else { 0.0 };
        sweep(Bet { alpha: self.alpha as f32, rate: tick.learning_rate as f32, first }, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Bet {
    alpha: f32,
    rate: f32,
    /// 1 in the first step, which takes the parameter for the start.
    first: f32,
}

/// State: w₀, C, L, G and R.
impl Rule<5> for Bet {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [start, sum, scale, sizes, reward]: [X; 5]) -> (X, [X; 5]) {
        let start = start + p * self.first;
        let scale = g.abs().or_more(scale);
        let sizes = sizes + g.abs();
        let reward = (reward - (p - start) * g).at_least(0.0);
        let sum = sum - g;
        let divisor = scale * (sizes + scale).or_more(scale * self.alpha);
        (start + sum / divisor * (scale + reward) * self.rate, [start, sum, scale, sizes, reward])
    }
}
