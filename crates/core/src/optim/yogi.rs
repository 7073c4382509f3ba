//! Adam whose second mean moves by steps of its own size.

use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Adam whose second mean goes up and down by a part of g², so that it forgets slowly after large gradients.
    ///
    /// `m += (1−β₁)(g − m)`, `v -= (1−β₂)·sign(v − g²)·g²`, `w -= η·m̂ / (√v̂ + ε)`, m̂ and v̂ corrected as in Adam.
    /// Zaheer et al. 2018, algorithm 2, https://papers.nips.cc/paper/8186-adaptive-methods-for-nonconvex-optimization
    ///
    /// Optax's rule, where both means start at 1e-6 (and are corrected all the same).
    Yogi = "Yogi" of optax with [learning_rate: 1e-3] {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.9,
        /// 1 minus the part of g² by which the second mean moves.
        beta2: BelowOne = 0.999,
        /// Added to the root of the second mean.
        epsilon: NonNegative = 1e-3,
        /// What both means start with.
        initial_accumulator_value: NonNegative = 1e-6,
    } state [momentum from initial_accumulator_value, velocity from initial_accumulator_value]
}

impl Update for Yogi {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let rate = tick.learning_rate / bias(self.beta1, tick.t);
        let scale = 1.0 / bias(self.beta2, tick.t).sqrt();
        let numbers = [1.0 - self.beta1, 1.0 - self.beta2, rate, scale, self.epsilon];
        let [rest1, rest2, rate, scale, epsilon] = numbers.map(|number| number as f32);
        sweep(Additive { rest1, rest2, rate, scale, epsilon }, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Additive {
    rest1: f32,
    rest2: f32,
    rate: f32,
    scale: f32,
    epsilon: f32,
}

/// State: m and v.
impl Rule<2> for Additive {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m, v]: [X; 2]) -> (X, [X; 2]) {
        let m = m + (g - m) * self.rest1;
        let square = g * g;
        let v = v - (v - square).sign() * square * self.rest2;
        (p - m * self.rate / (v.sqrt() * self.scale + self.epsilon), [m, v])
    }
}
