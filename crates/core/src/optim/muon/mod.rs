//! Momentum made orthogonal, for matrices; Adam for the rest.

mod orthogonal;

use super::moments::{Moments, debiased};
use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::Stage;

declare! {
    /// Momentum whose singular values are all brought near 1, for matrices; Adam for parameters of other ranks.
    ///
    /// `m = μ·m + g`, `U = g + μ·m` (with `nesterov`, else m), `X = U/(‖U‖ + ε)` lying (transposed where it stands), then
    /// `nsSteps` times `A = X·Xᵀ`, `X = a·X + (b·A + c·A²)·X`; `w -= η · rmsRate·√max(rows, columns) · X`.
    /// Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/; scale: Liu et al. 2025, https://arxiv.org/abs/2502.16982
    ///
    /// Keras's rule. In PyTorch and Optax means take the place of sums (in Optax without the pull to their start), and the
    /// scale is `√max(1, outputs/inputs)` unless `rmsRate` is given. PyTorch's matrices are outputs × inputs, and so taken
    /// with its `parity`, where the iteration rounds to bfloat16 as PyTorch does; all others are inputs × outputs.
    Muon = "Muon" with [learning_rate: 1e-3, weight_decay: 0.004] decay Inside {
        /// Part of the last sum of gradients that is kept.
        momentum: BelowOne = 0.95,
        /// Iterations that bring singular values near 1.
        ns_steps: NonNegative = 5.0,
        /// The polynomial of the iteration.
        muon_a: Finite = 3.4445,
        /// The polynomial of the iteration.
        muon_b: Finite = -4.775,
        /// The polynomial of the iteration.
        muon_c: Finite = 2.0315,
        /// The root mean square of a step, at a rate of 1; 0: steps are not scaled, or as PyTorch and Optax do.
        rms_rate: NonNegative = 0.2,
        /// Added to the norm, and to the root of Adam's second mean.
        epsilon: NonNegative = 1e-7,
        /// Decay of Adam's running mean of gradients.
        adam_beta1: BelowOne = 0.9,
        /// Decay of Adam's running mean of squared gradients.
        adam_beta2: BelowOne = 0.999,
        /// Weight decay where Adam is used, unless `weightDecayMode` says what all have.
        adam_weight_decay: NonNegative = 0.004,
        /// Adam's learning rate as a part of Muon's.
        adam_lr_ratio: NonNegative = 1.0,
    } options {
        /// Looks ahead.
        nesterov = true,
        /// Scales steps by `√(outputs/inputs)`, whatever `rmsRate` says: PyTorch's `spectral_unclamped`.
        spectral_unclamped = false,
        /// Scales steps by `Σ U·X` besides: Optax's `adaptive`.
        adaptive = false,
        /// Uses Adam for variables with 'embedding' in their names.
        exclude_embeddings = true,
    } parity [
        torch decay Inside { weight_decay: 0.1, rms_rate: 0.0 },
        optax decay Inside { weight_decay: 0.0, rms_rate: 0.0, epsilon: 1e-8, adam_weight_decay: 0.0 }
    ] state [momentum, velocity: Unmatrixed]
}

impl Update for Muon {
    const SWEEPS: bool = false;

    fn step(&self, _: &Tick, _: &mut [Segment<'_>]) {}

    fn step_with(&self, tick: &Tick, segments: &mut [Segment<'_>], scratch: &mut Vec<f32>) {
        for segment in segments {
            match segment.dims[..] {
                [rows, columns] if !segment.is_empty() => self.orthogonal(tick, segment, (rows, columns), scratch),
                _ => self.adam(tick, segment),
            }
        }
    }
}

impl Muon {
    fn adam(&self, tick: &Tick, segment: &mut Segment<'_>) {
        let (beta1, beta2, rate) = (self.adam_beta1, self.adam_beta2, tick.learning_rate * self.adam_lr_ratio);
        let root = bias(beta2, tick.t).sqrt();
        let mut moments = Moments::new(beta1, beta2, rate * root / bias(beta1, tick.t), self.epsilon);
        if self.optax {
            let (mean, look) = debiased(beta1, tick.t, self.nesterov);
            [moments.rate, moments.look, moments.scale] = [rate * mean, rate * look, 1.0 / root].map(|x| x as f32);
        }
        // As in Keras decay goes by Muon's rate, whatever part of it Adam has.
        let own = Stage { decay: (tick.learning_rate * self.adam_weight_decay) as f32, ..tick.stage };
        let told = tick.stage.decay != 0.0 || tick.stage.l2 != 0.0;
        moments.sweep(false, if told { &tick.stage } else { &own }, std::slice::from_mut(segment));
    }
}
