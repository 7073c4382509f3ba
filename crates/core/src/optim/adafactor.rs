//! Adam's division with a row and a column in place of a matrix.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::math64::pow;
use crate::kernel::reduce::{Reduction, reduce_axis, sum, sum_squares_f64};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};

declare! {
    /// Division by mean squares that are kept as row and column means only: next to no memory for matrices.
    ///
    /// `β = 1 − t^d`, `q = g² + ε₁`, row means `r = β·r + (1−β)·mean(q)`, column means c likewise, `V = r·c/mean(r)` (for fewer
    /// axes than two a mean of q); `u = g/√V`, divided by `max(1, RMS(u)/threshold)`; `w -= max(ε₂, RMS(w))·min(η, 1/√t)·u`.
    /// Shazeer & Stern 2018, algorithms 4 and 5, https://arxiv.org/abs/1804.04235
    ///
    /// Keras's rule, with the factored state alone (Keras keeps a full one besides); Keras's `relativeStep` changes
    /// nothing there and is no option here. In PyTorch `q = g²`, mean(r) is at least ε₁ and V at least ε₁². In Optax the
    /// rate is η itself and weight decay not times it; matrices are factored here however small (`minDimSizeToFactor` 2).
    Adafactor = "Adafactor" with [learning_rate: 1e-3] {
        /// d: how the decay of the means approaches 1.
        beta2_decay: NonPositive = -0.8,
        /// Added to squares.
        epsilon1: Positive = 1e-30,
        /// The least size of a tensor that counts.
        epsilon2: NonNegative = 1e-3,
        /// The largest root mean square of an update.
        clip_threshold: Positive = 1.0,
    } parity [torch { learning_rate: 0.01, epsilon1: 1.192_092_9e-7 }, optax decay Independent {}]
    state [rows: Rows, columns: Columns, velocity: Unfactored]
}

impl Update for Adafactor {
    const SWEEPS: bool = false;

    fn step(&self, _: &Tick, _: &mut [Segment<'_>]) {}

    fn step_with(&self, tick: &Tick, segments: &mut [Segment<'_>], scratch: &mut Vec<f32>) {
        for segment in segments {
            let len = segment.len();
            scratch.resize(scratch.len().max(3 * len), 0.0);
            let (u, rest) = scratch[..3 * len].split_at_mut(len);
            let (squares, sums) = rest.split_at_mut(len);
            let size = |values: &[f32]| (sum_squares_f64(values) / len.max(1) as f64).sqrt();
            let before = size(segment.param());
            let rest = pow(tick.t as f64, self.beta2_decay);
            let (keep, rest, least) = ((1.0 - rest) as f32, rest as f32, if self.torch { self.epsilon1 } else { 0.0 });
            let added = if self.torch { 0.0 } else { self.epsilon1 as f32 };
            let mean = Mean { keep, rest, added, least: least as f32 };
            let dims = std::mem::take(&mut segment.dims);
            if let &[.., m, n] = dims.as_slice() {
                sweep(Squares { added }, &tick.stage, &mut [segment.with(None, [u, squares])]);
                let (_, _, [rows, columns, ..]) = segment.parts();
                for matrix in 0..len / (m * n).max(1) {
                    let (u, squares) = (&mut u[matrix * m * n..][..m * n], &squares[matrix * m * n..][..m * n]);
                    let (rows, columns) = (&mut rows[matrix * m..][..m], &mut columns[matrix * n..][..n]);
                    mean.divide(u, squares, rows, columns, sums);
                }
            } else {
                sweep(mean, &tick.stage, &mut [segment.with(Some(2), [u])]);
            }
            segment.dims = dims;
            // Keras looks at the parameter after it decayed.
            let still = self.torch || self.optax || tick.stage.decay == 0.0 || !segment.decay;
            let scale = if still { before } else { size(segment.param()) };
            let over = (size(u) / self.clip_threshold).max(1.0);
            let most = if self.optax { f64::INFINITY } else { 1.0 / (tick.t as f64).sqrt() };
            let rate = (tick.learning_rate.min(most) * scale.max(self.epsilon2) / over) as f32;
            sweep(Descent { rate }, &Stage::NONE, &mut [segment.with(None, [u])]);
        }
    }
}

/// State: the gradient and its square.
#[derive(Clone, Copy)]
struct Squares {
    added: f32,
}

impl Rule<2> for Squares {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, _: [X; 2]) -> (X, [X; 2]) {
        (p, [g, g * g + self.added])
    }
}

/// A mean of squares, and what is divided by its root.
#[derive(Clone, Copy)]
struct Mean {
    keep: f32,
    rest: f32,
    added: f32,
    /// The least root.
    least: f32,
}

impl Mean {
    #[inline(always)]
    fn divided<X: Lane>(self, g: X, v: X) -> X {
        g / v.at_least(self.least * self.least).sqrt()
    }

    /// Takes the squares of a matrix into the means of its rows and columns, and divides u by their root.
    fn divide(self, u: &mut [f32], squares: &[f32], rows: &mut [f32], columns: &mut [f32], sums: &mut [f32]) {
        let (m, n) = (rows.len(), columns.len());
        let mix = |means: &mut [f32], sums: &[f32], count: usize| {
            let means = means.iter_mut().zip(sums);
            means.for_each(|(mean, &sum)| *mean = (*mean * self.keep + sum / count as f32 * self.rest).flushed());
        };
        reduce_axis(&mut sums[..m], squares, m, n, 1, Reduction::Sum);
        mix(rows, &sums[..m], n);
        reduce_axis(&mut sums[..n], squares, 1, m, n, Reduction::Sum);
        mix(columns, &sums[..n], m);
        let mean = (sum(rows) / m as f32).at_least(self.least);
        for (u, &row) in u.chunks_exact_mut(n).zip(&*rows) {
            u.iter_mut().zip(&*columns).for_each(|(u, &column)| *u = self.divided(*u, row / mean * column));
        }
    }
}

/// State: v, and what is divided.
impl Rule<2> for Mean {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [v, _]: [X; 2]) -> (X, [X; 2]) {
        let v = (v * self.keep + (g * g + self.added) * self.rest).flushed();
        (p, [v, self.divided(g, v)])
    }
}

/// State: the direction.
#[derive(Clone, Copy)]
struct Descent {
    rate: f32,
}

impl Rule<1> for Descent {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, _: X, [u]: [X; 1]) -> (X, [X; 1]) {
        (p - u * self.rate, [u])
    }
}
