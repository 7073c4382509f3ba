//! Steps divided by the root of the sum of all squared gradients.

use super::scaled::Scaled;
use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::sweep;

declare! {
    /// Steps divided by the root of the sum of all squared gradients: smaller and smaller ones, rare features' least.
    ///
    /// `a += g²`, `w -= η·g / √(a + ε)`; with `learningRateDecay` δ the rate of step t is `η / (1 + (t − 1)·δ)`.
    /// Duchi et al. 2011, algorithm 1 with diagonal matrices, https://jmlr.org/papers/v12/duchi11a.html
    ///
    /// As in Keras ε stands inside the root and the sum starts at 0.1; in PyTorch it is outside, and the sum starts at 0.
    Adagrad = "Adagrad" with [learning_rate: 1e-3] {
        /// What the sum starts with.
        initial_accumulator_value: NonNegative = 0.1,
        /// Added under the root.
        epsilon: NonNegative = 1e-7,
        /// How fast the rate falls besides.
        learning_rate_decay: NonNegative = 0.0,
    } parity [torch decay Coupled { learning_rate: 0.01, initial_accumulator_value: 0.0, epsilon: 1e-10 }]
    state [accumulator from initial_accumulator_value]
}

impl Update for Adagrad {
    fn rests(&self, _: usize) -> bool {
        // 0/0 would be NaN.
        self.epsilon as f32 > 0.0
    }

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let first = tick.learning_rate / (1.0 + (tick.t - 1) as f64 * self.learning_rate_decay);
        let epsilon = self.epsilon as f32;
        let (inside, outside) = if self.torch { (0.0, epsilon) } else { (epsilon, 0.0) };
        let one = Scaled::<false> {
            keep: 1.0,
            rest: 1.0,
            inside,
            outside,
            momentum: 0.0,
            first: first as f32,
            rate: 1.0,
            by_buffer: 0.0,
            by_step: 0.0,
        };
        sweep::<1, _>(one, &tick.stage, segments);
    }
}
