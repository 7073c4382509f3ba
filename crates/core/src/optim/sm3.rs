//! Adagrad with one number for each index of each axis.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::reduce::row_max;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

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
        let rule = Slices { keep, rest, epsilon, rate };
        for segment in segments {
            // Of one axis every element is a slice. A number alone is none, and has no sum.
            match segment.dims.len() {
                0 => sweep(rule, &tick.stage, &mut [segment.with(Some(0), [&mut [0.0]])]),
                1 => sweep(rule, &tick.stage, std::slice::from_mut(segment)),
                _ => {}
            }
            if segment.dims.len() < 2 || segment.is_empty() {
                continue;
            }
            let (len, dims) = (segment.len(), std::mem::take(&mut segment.dims));
            let axes: usize = dims.iter().sum();
            scratch.resize(scratch.len().max(len + axes), 0.0);
            let (gradient, largest) = scratch[..len + axes].split_at_mut(len);
            segment.staged(&tick.stage, gradient);
            largest.fill(0.0);
            let (param, _, [m, accumulators, ..]) = segment.parts();
            let (&n, outer) = dims.split_last().expect("two axes or more");
            let a = &accumulators[axes - n..];
            let rows = gradient.chunks_exact_mut(n).zip(param.chunks_exact_mut(n)).zip(m.chunks_exact_mut(n));
            for (row, ((g, p), m)) in rows.enumerate() {
                let least = places(row, outer).map(|place| accumulators[place]).fold(f32::INFINITY, f32::min);
                let (slices, last) = largest.split_at_mut(axes - n);
                for j in 0..n {
                    let v = least.min(a[j]) + g[j] * g[j];
                    (p[j], m[j]) = rule.step(p[j], g[j], m[j], v);
                    (p[j], m[j], g[j]) = (p[j].flushed(), m[j].flushed(), v);
                    last[j] = v.or_more(last[j]);
                }
                let top = row_max(g);
                places(row, outer).for_each(|place| slices[place] = top.or_more(slices[place]));
            }
            accumulators.iter_mut().zip(&*largest).for_each(|(a, &v)| *a = v.flushed());
            segment.dims = dims;
        }
    }
}

#[derive(Clone, Copy)]
struct Slices {
    keep: f32,
    rest: f32,
    epsilon: f32,
    rate: f32,
}

impl Slices {
    /// The parameter and the momentum after a step with ν.
    #[inline(always)]
    fn step<X: Lane>(self, p: X, g: X, m: X, v: X) -> (X, X) {
        // 0 where ν is, even without ε.
        let u = X::from(f32::from_bits(1)).if_above(v, X::from(0.0), g / (v + self.epsilon).sqrt());
        let m = m * self.keep + u * self.rest;
        (p - m * self.rate, m)
    }
}

/// State: m and a, of elements that have a sum of their own.
impl Rule<2> for Slices {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m, a]: [X; 2]) -> (X, [X; 2]) {
        let v = a + g * g;
        let (p, m) = self.step(p, g, m, v);
        (p, [m, v.or_more(X::from(0.0))])
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
