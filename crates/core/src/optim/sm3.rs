//! Adagrad with one number for each index of each axis.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;

declare! {
    /// Adagrad whose sums are kept for each row, each column and so on alone: next to no memory beside the momentum.
    ///
    /// `ν = min over axes of a + g²`, `u = g/√(ν + ε)`, `m = μ·m + (1−μ)·u`, `w -= η·m`; then each `a` becomes the largest ν
    /// of its row, column or other slice.
    /// Anil et al. 2019, algorithm SM3-II, https://arxiv.org/abs/1901.11150
    ///
    /// Optax's rule.
    Sm3 = "SM3" of optax with [learning_rate: 0.05] {
        /// Decay of the running mean of updates.
        momentum: BelowOne = 0.9,
        /// Added under the root.
        epsilon: NonNegative = 1e-8,
    } state [momentum, accumulators: Axes]
}

impl Update for Sm3 {
    const SWEEPS: bool = false;

    fn step(&self, _: &Tick, _: &mut [Segment<'_>]) {}

    fn step_with(&self, tick: &Tick, segments: &mut [Segment<'_>], scratch: &mut Vec<f32>) {
        let numbers = [self.momentum, 1.0 - self.momentum, self.epsilon, tick.learning_rate];
        let [keep, rest, epsilon, rate] = numbers.map(|number| number as f32);
        for segment in segments {
            let (len, dims) = (segment.len(), std::mem::take(&mut segment.dims));
            let axes: usize = dims.iter().sum();
            scratch.resize(scratch.len().max(len + axes), 0.0);
            let (gradient, largest) = scratch[..len + axes].split_at_mut(len);
            segment.staged(&tick.stage, gradient);
            largest.fill(0.0);
            let (param, _, [m, accumulators, ..]) = segment.parts();
            for (i, (&g, p)) in gradient.iter().zip(param).enumerate() {
                // A number alone has one sum all the same.
                let places = || places(i, &dims);
                let least = places().map(|place| accumulators[place]).fold(f32::INFINITY, f32::min);
                let v = if dims.is_empty() { g * g } else { least + g * g };
                let u = if v == 0.0 { 0.0 } else { g / (v + epsilon).sqrt() };
                places().for_each(|place| largest[place] = v.or_more(largest[place]));
                m[i] = (m[i] * keep + u * rest).flushed();
                *p = (*p - m[i] * rate).flushed();
            }
            accumulators.iter_mut().zip(&*largest).for_each(|(a, &v)| *a = v.flushed());
            segment.dims = dims;
        }
    }
}

/// Where the sums of element `i` stand: one for each axis.
fn places(i: usize, dims: &[usize]) -> impl Iterator<Item = usize> + '_ {
    let (mut rest, mut end) = (i, dims.iter().sum::<usize>());
    dims.iter().rev().map(move |&size| {
        end -= size;
        let index = rest % size;
        rest /= size;
        end + index
    })
}
