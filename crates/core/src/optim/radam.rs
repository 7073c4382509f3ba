//! Adam that waits until its second mean can be trusted.

use super::moments::Moments;
use super::{Tick, Update, bias, power};
use crate::declare::declare;
use crate::kernel::segment::Segment;

declare! {
    /// Adam that leaves out the division until the second mean can be trusted, and then warms up by itself.
    ///
    /// m and v as in `Adam`; `ρ∞ = 2/(1−β₂) − 1`, `ρ = ρ∞ − 2t·β₂ᵗ/(1−β₂ᵗ)`; where ρ > 5,
    /// `r = √((ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ))` and `w -= η·r·√(1−β₂ᵗ)/(1−β₁ᵗ) · m / (√v + ε)`, else `w -= η·m/(1−β₁ᵗ)`.
    /// Liu et al. 2019, algorithm 2, https://arxiv.org/abs/1908.03265
    ///
    /// As in PyTorch ε is added to the uncorrected root; in Optax to the corrected one, and ρ = 5 suffices.
    RAdam = "RAdam" of torch with [learning_rate: 1e-3] decay Coupled {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.9,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.999,
        /// Added to the root of the second mean.
        epsilon: NonNegative = 1e-8,
    } parity [optax {}] state [momentum, velocity]
}

impl Update for RAdam {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let (all, bias2) = (2.0 / (1.0 - self.beta2) - 1.0, bias(self.beta2, tick.t));
        let some = all - 2.0 * tick.t as f64 * power(self.beta2, tick.t) / bias2;
        let rate = tick.learning_rate / bias(self.beta1, tick.t);
        let trusted = if self.optax { some >= 5.0 } else { some > 5.0 };
        let moments = if trusted {
            let r = ((some - 4.0) * (some - 2.0) * all / ((all - 4.0) * (all - 2.0) * some)).sqrt();
            let (rate, scale) =
                if self.optax { (rate * r, 1.0 / bias2.sqrt()) } else { (rate * r * bias2.sqrt(), 1.0) };
            Moments { scale: scale as f32, ..Moments::new(self.beta1, self.beta2, rate, self.epsilon) }
        } else {
            // The divisor is √v·0 + 1.
            Moments { scale: 0.0, ..Moments::new(self.beta1, self.beta2, rate, 1.0) }
        };
        moments.sweep(false, &tick.stage, segments);
    }
}
