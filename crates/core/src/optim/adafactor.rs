//! Adam's division with a row and a column in place of a matrix.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::math64::pow;
use crate::kernel::reduce::{Reduction, reduce_axis, sum, sum_squares_f64};
use crate::kernel::segment::Segment;

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
            // Keras looks at the parameter after it decayed.
            let before = size(segment.param());
            segment.staged(&tick.stage, u);
            let scale = if self.torch || self.optax { before } else { size(segment.param()) };
            let added = if self.torch { 0.0 } else { self.epsilon1 as f32 };
            squares.iter_mut().zip(&*u).for_each(|(square, &g)| *square = g * g + added);
            let dims = std::mem::take(&mut segment.dims);
            self.divide(segment, &dims, tick.t, u, squares, sums);
            segment.dims = dims;
            let over = (size(u) / self.clip_threshold).max(1.0);
            let most = if self.optax { f64::INFINITY } else { 1.0 / (tick.t as f64).sqrt() };
            let rate = (tick.learning_rate.min(most) * scale.max(self.epsilon2) / over) as f32;
            segment.parts().0.iter_mut().zip(&*u).for_each(|(p, &u)| *p = (*p - u * rate).flushed());
        }
    }
}

impl Adafactor {
    /// Takes the squares into the means and divides u by their root.
    fn divide(
        &self,
        segment: &mut Segment<'_>,
        dims: &[usize],
        t: u64,
        u: &mut [f32],
        squares: &mut [f32],
        sums: &mut [f32],
    ) {
        let rest = pow(t as f64, self.beta2_decay);
        let (keep, rest) = ((1.0 - rest) as f32, rest as f32);
        let least = if self.torch { self.epsilon1 as f32 } else { 0.0 };
        let mix = |old: &mut f32, new: f32| *old = (*old * keep + new * rest).flushed();
        let divided = |g: f32, v: f32| g / v.at_least(least * least).sqrt();
        let (_, _, [rows, columns, v, ..]) = segment.parts();
        let &[.., m, n] = dims else {
            v.iter_mut().zip(&*squares).for_each(|(v, &square)| mix(v, square));
            return u.iter_mut().zip(&*v).for_each(|(u, &v)| *u = divided(*u, v));
        };
        for matrix in 0..u.len() / (m * n).max(1) {
            let (u, squares) = (&mut u[matrix * m * n..][..m * n], &squares[matrix * m * n..][..m * n]);
            let (rows, columns) = (&mut rows[matrix * m..][..m], &mut columns[matrix * n..][..n]);
            for (row, squares) in rows.iter_mut().zip(squares.chunks_exact(n)) {
                mix(row, sum(squares) / n as f32);
            }
            let sums = &mut sums[..n];
            reduce_axis(sums, squares, 1, m, n, Reduction::Sum);
            columns.iter_mut().zip(&*sums).for_each(|(column, &sum)| mix(column, sum / m as f32));
            let mean = (sum(rows) / m as f32).at_least(least);
            for (u, &row) in u.chunks_exact_mut(n).zip(&*rows) {
                u.iter_mut().zip(&*columns).for_each(|(u, &column)| *u = divided(*u, row / mean * column));
            }
        }
    }
}
