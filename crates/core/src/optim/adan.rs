//! Nesterov's momentum with three running means.

use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Nesterov's momentum without looking ahead: means of the gradient, of its change, and of the square of both.
    ///
    /// `d = g − g'` (0 at first), `m = β₁·m + (1−β₁)·g`, `v = β₂·v + (1−β₂)·d`, `n = β₃·n + (1−β₃)·(g + (1−β₂)·d)²`,
    /// `w -= η·(m̂ + (1−β₂)·v̂) / (√(n̂ + ε₀) + ε)`, all corrected for starting at zero.
    /// Xie et al. 2022, algorithm 1 (whose β is 1 − β here), https://arxiv.org/abs/2208.06677
    ///
    /// Optax's rule, but for weight decay, which the paper divides by: `w / (1 + η·λ)`.
    Adan = "Adan" of optax with [learning_rate: 1e-3] {
        /// Decay of the mean of gradients.
        beta1: BelowOne = 0.98,
        /// Decay of the mean of changes.
        beta2: BelowOne = 0.92,
        /// Decay of the mean of squares.
        beta3: BelowOne = 0.99,
        /// Added to the root.
        epsilon: NonNegative = 1e-8,
        /// Added under the root.
        epsilon_root: NonNegative = 1e-8,
    } state [momentum, change, velocity, previous_gradient]
}

impl Update for Adan {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let rest2 = 1.0 - self.beta2;
        let rule = Nesterov {
            rest1: (1.0 - self.beta1) as f32,
            rest2: rest2 as f32,
            rest3: (1.0 - self.beta3) as f32,
            by_mean: (tick.learning_rate / bias(self.beta1, tick.t)) as f32,
            by_change: (tick.learning_rate * rest2 / bias(self.beta2, tick.t)) as f32,
            scale: (1.0 / bias(self.beta3, tick.t)) as f32,
            root: self.epsilon_root as f32,
            epsilon: self.epsilon as f32,
            changes: if tick.t == 1 { 0.0 } else { 1.0 },
        };
        sweep(rule, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Nesterov {
    rest1: f32,
    rest2: f32,
    rest3: f32,
    by_mean: f32,
    by_change: f32,
    scale: f32,
    root: f32,
    epsilon: f32,
    changes: f32,
}

/// State: m, v, n and the gradient before.
impl Rule<4> for Nesterov {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m, v, n, previous]: [X; 4]) -> (X, [X; 4]) {
        let d = (g - previous) * self.changes;
        let ahead = g + d * self.rest2;
        let m = m + (g - m) * self.rest1;
        let v = v + (d - v) * self.rest2;
        let n = n + (ahead * ahead - n) * self.rest3;
        let step = m * self.by_mean + v * self.by_change;
        (p - step / ((n * self.scale + self.root).sqrt() + self.epsilon), [m, v, n, g])
    }
}
