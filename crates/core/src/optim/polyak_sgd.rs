//! Gradient descent whose rate follows from how far the loss is above the least it can be.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::{Measure, measure};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

/// Where what is divided by is no larger than this, there is no step: the rounding of f64.
pub(super) const NOTHING: f64 = f64::EPSILON;

declare! {
    /// Gradient descent with Polyak's rate: how far the loss is above the least it can be, by the squared gradient.
    ///
    /// `u = s·g`, `w -= min((f − f_min)/(‖u‖² + ε), η)·u` with the loss f, the norm over all tensors together; nothing
    /// where that norm is nothing.
    /// Loizou et al. 2021, equation SPS_max, https://arxiv.org/abs/2002.10542
    ///
    /// Optax's rule, whose norm is that of the scaled gradient. The learning rate is the largest one taken.
    PolyakSgd = "PolyakSGD" of optax with [learning_rate: 1.0] decay Coupled needs Loss {
        /// Factor on the gradient.
        scaling: NonNegative = 1.0,
        /// The least the loss can be, or a guess of it.
        f_min: Finite = 0.0,
        /// Added to the squared norm.
        epsilon: NonNegative = 0.0,
    } options {
        /// Goes nowhere, instead of up, where the loss is below `fMin` (SPS₊; Garrigos et al. 2023).
        only_down = false,
    }
}

impl Update for PolyakSgd {
    const SWEEPS: bool = false;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let mut square = 0.0;
        segments.iter().for_each(|segment| square += measure(Squares, &tick.stage, segment)[0]);
        let gap = if self.only_down { (tick.loss - self.f_min).max(0.0) } else { tick.loss - self.f_min };
        let norm = self.scaling * self.scaling * square + self.epsilon;
        let found = if norm <= NOTHING { 0.0 } else { (gap / norm).min(tick.learning_rate) };
        sweep(Descent { rate: (found * self.scaling) as f32 }, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Squares;

impl Measure<0, 1> for Squares {
    #[inline(always)]
    fn measure(self, _: f32, g: f32, []: [f32; 0]) -> [f64; 1] {
        [f64::from(g) * f64::from(g)]
    }
}

#[derive(Clone, Copy)]
struct Descent {
    rate: f32,
}

impl Rule<0> for Descent {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, []: [X; 0]) -> (X, [X; 0]) {
        (p - g * self.rate, [])
    }
}
