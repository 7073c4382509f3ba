//! Adam with one second moment for each tensor.

use super::lars::Norms;
use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::measure::measure;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Momentum of gradients divided by a running norm of their tensor: half of Adam's memory.
    ///
    /// `v = β₂·v + (1−β₂)·‖g‖²` (‖g‖² at first), `m = β₁·m + g/(√v + ε) + λ·w`, `w -= η·m`.
    /// Ginsburg et al. 2019, algorithm 1, https://arxiv.org/abs/1905.11286
    ///
    /// Optax's rule.
    NovoGrad = "NovoGrad" of optax with [learning_rate: 1e-3] decay Inside {
        /// Part of the last update that is made again.
        beta1: BelowOne = 0.9,
        /// Decay of the running square of the norm.
        beta2: BelowOne = 0.25,
        /// Added to the norm.
        epsilon: NonNegative = 1e-6,
    } state [momentum, velocity: Numbers(1)]
}

impl Update for NovoGrad {
    const SWEEPS: bool = false;

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        for segment in segments {
            let [_, square] = measure(Norms, &tick.stage, segment);
            let v = if tick.t == 1 { square } else { self.beta2 * segment.number(1, 0) + (1.0 - self.beta2) * square };
            segment.set_number(1, 0, v);
            let divisor = v.sqrt() + self.epsilon;
            let scale = if divisor > 0.0 { (1.0 / divisor) as f32 } else { 0.0 };
            let decay = if segment.decay { tick.decay as f32 } else { 0.0 };
            let rule = Normed { keep: self.beta1 as f32, scale, decay, rate: tick.learning_rate as f32 };
            sweep(rule, &tick.stage, std::slice::from_mut(segment));
        }
    }
}

#[derive(Clone, Copy)]
struct Normed {
    keep: f32,
    scale: f32,
    decay: f32,
    rate: f32,
}

impl Rule<1> for Normed {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m]: [X; 1]) -> (X, [X; 1]) {
        let m = m * self.keep + (g * self.scale + p * self.decay);
        (p - m * self.rate, [m])
    }
}
