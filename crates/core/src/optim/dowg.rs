//! Gradient descent whose rate follows from the distance gone.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::{Measure, measure};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Gradient descent whose rate follows from the distance gone and the gradients seen: no rate to choose.
    ///
    /// `r² = max(r², ‖w − w₀‖²)` (ε at least), `s += r²·‖g‖²`, `w -= η · r²/(√s + ε) · g`, norms over all tensors together.
    /// Khaled et al. 2023, algorithm 1, https://arxiv.org/abs/2305.16284
    ///
    /// Optax's rule. The start w₀ is part of the state.
    DoWg = "DoWG" of optax with [learning_rate: 1.0] decay Coupled {
        /// The least squared distance, and what is added to the root.
        epsilon: Positive = 1e-4,
    } state [initial, sums: Numbers(2)]
}

impl Update for DoWg {
    const SWEEPS: bool = false;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let first = if tick.t == 1 { 1.0 } else { 0.0 };
        let kept = |index: usize| segments.first().map_or(0.0, |segment| segment.number(1, index));
        let (mut square, mut distance) = (0.0, 0.0);
        for segment in segments.iter() {
            let [g, d] = measure(Distance, &tick.stage, segment);
            (square, distance) = (square + g, distance + if tick.t == 1 { 0.0 } else { d });
        }
        let reach = kept(0).max(distance).max(self.epsilon);
        let total = kept(1) + reach * square;
        for segment in segments.iter_mut() {
            segment.set_number(1, 0, reach);
            segment.set_number(1, 1, total);
        }
        let rate = (tick.learning_rate * reach / (total.sqrt() + self.epsilon)) as f32;
        sweep(FromStart { rate, first }, &tick.stage, segments);
    }
}

/// Σg² and Σ(w − w₀)², w₀ being the state.
#[derive(Clone, Copy)]
pub struct Distance;

impl Measure<1, 2> for Distance {
    #[inline(always)]
    fn measure(self, p: f32, g: f32, [start]: [f32; 1]) -> [f64; 2] {
        let d = f64::from(p) - f64::from(start);
        [f64::from(g) * f64::from(g), d * d]
    }
}

/// Gradient descent that keeps the parameter of the first step.
#[derive(Clone, Copy)]
pub struct FromStart {
    pub rate: f32,
    /// 1 in the first step, else 0.
    pub first: f32,
}

impl Rule<1> for FromStart {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [start]: [X; 1]) -> (X, [X; 1]) {
        (p - g * self.rate, [start + p * self.first])
    }
}
