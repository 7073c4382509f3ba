//! Momentum made orthogonal, for matrices; Adam for the rest.

use super::moments::Moments;
use super::{Tick, Update, bias};
use crate::declare::declare;
use crate::kernel::gemm::{Epilogue, Mat, gemm, scratch_len};
use crate::kernel::lane::Lane;
use crate::kernel::reduce::sum_squares_f64;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::Stage;

declare! {
    /// Momentum whose singular values are all brought near 1, for matrices; Adam for parameters of other ranks.
    ///
    /// `m = μ·m + g`, `U = g + μ·m` (with `nesterov`, else m), `X = U/(‖U‖ + ε)` lying (transposed where it stands), then
    /// `nsSteps` times `A = X·Xᵀ`, `X = a·X + (b·A + c·A²)·X`; `w -= η · rmsRate·√max(rows, columns) · X`.
    /// Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/; scale: Liu et al. 2025, https://arxiv.org/abs/2502.16982
    ///
    /// Keras's rule in float32. In PyTorch (bfloat16 there) means take the place of sums, which is the same direction, and
    /// the scale is `√max(1, rows/columns)` unless `rmsRate` is given.
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
        /// The root mean square of a step, at a rate of 1; 0: steps are not scaled.
        rms_rate: NonNegative = 0.2,
        /// Added to the norm, and to the root of Adam's second mean.
        epsilon: NonNegative = 1e-7,
        /// Decay of Adam's running mean of gradients.
        adam_beta1: BelowOne = 0.9,
        /// Decay of Adam's running mean of squared gradients.
        adam_beta2: BelowOne = 0.999,
        /// Weight decay where Adam is used.
        adam_weight_decay: NonNegative = 0.004,
        /// Adam's learning rate as a part of Muon's.
        adam_lr_ratio: NonNegative = 1.0,
    } options {
        /// Looks ahead.
        nesterov = true,
    } parity [torch decay Inside { weight_decay: 0.1, rms_rate: 0.0 }]
    state [momentum, velocity: Unmatrixed]
}

impl Update for Muon {
    const SWEEPS: bool = false;

    fn step(&self, _: &Tick, _: &mut [Segment<'_>]) {}

    fn step_with(&self, tick: &Tick, segments: &mut [Segment<'_>], scratch: &mut Vec<f32>) {
        for segment in segments {
            let [rows, columns] = segment.dims[..] else {
                self.adam(tick, segment);
                continue;
            };
            if !segment.is_empty() {
                let stage = Stage { decay: (tick.learning_rate * tick.decay) as f32, ..tick.stage };
                self.orthogonal(tick, &stage, segment, (rows, columns), scratch);
            }
        }
    }
}

impl Muon {
    fn adam(&self, tick: &Tick, segment: &mut Segment<'_>) {
        let rate = tick.learning_rate * self.adam_lr_ratio;
        let correction = bias(self.adam_beta2, tick.t).sqrt() / bias(self.adam_beta1, tick.t);
        // As in Keras decay goes by Muon's rate, whatever part of it Adam has.
        let decay = (tick.learning_rate * self.adam_weight_decay) as f32;
        let stage = Stage { decay, ..tick.stage };
        let moments = Moments::new(self.adam_beta1, self.adam_beta2, rate * correction, self.epsilon);
        moments.sweep(false, &stage, std::slice::from_mut(segment));
    }

    fn orthogonal(
        &self,
        tick: &Tick,
        stage: &Stage,
        segment: &mut Segment<'_>,
        shape: (usize, usize),
        scratch: &mut Vec<f32>,
    ) {
        let (rows, columns) = shape;
        let (short, long, len) = (rows.min(columns), rows.max(columns), segment.len());
        let squares = short * short;
        let products = scratch_len(short, long, short, 1).max(scratch_len(short, short, long, long));
        let need = 2 * len + 2 * squares + products;
        scratch.resize(scratch.len().max(need), 0.0);
        let (x, rest) = scratch[..need].split_at_mut(len);
        let (y, rest) = rest.split_at_mut(len);
        segment.staged(stage, x);
        self.look_ahead(segment.parts().2[0], x);
        let norm = sum_squares_f64(x).sqrt();
        let norm = if self.torch { norm.max(self.epsilon) } else { norm + self.epsilon };
        let scale = if norm > 0.0 { (1.0 / norm) as f32 } else { 0.0 };
        for (i, y) in y.iter_mut().enumerate() {
            // Lying: element (i, j) of the transpose is (j, i).
            *y = x[if rows > columns { i % long * columns + i / long } else { i }] * scale;
        }
        self.iterate((short, long), y, x, rest);
        let by_size = (rows.max(columns) as f64).sqrt();
        let by_side = (rows as f64 / columns as f64).max(1.0).sqrt();
        let size = match (self.rms_rate > 0.0, self.torch) {
            (true, _) => self.rms_rate * by_size,
            (false, true) => by_side,
            (false, false) => 1.0,
        };
        let rate = (tick.learning_rate * size) as f32;
        for (i, p) in segment.parts().0.iter_mut().enumerate() {
            let place = if rows > columns { i % columns * long + i / columns } else { i };
            *p = (*p - y[place] * rate).flushed();
        }
    }

    /// Takes the gradient in `x` into the momentum and puts what is to be made orthogonal in its place.
    fn look_ahead(&self, momentum: &mut [f32], x: &mut [f32]) {
        let (keep, gain) = (self.momentum, if self.torch { 1.0 - self.momentum } else { 1.0 });
        let (keep, gain) = (keep as f32, gain as f32);
        for (m, x) in momentum.iter_mut().zip(x) {
            let g = *x;
            *m = (*m * keep + g * gain).flushed();
            *x = if self.nesterov { g * gain + *m * keep } else { *m };
        }
    }

    /// The iteration on the lying matrix `x`; `y` is as large.
    fn iterate(&self, (short, long): (usize, usize), x: &mut [f32], y: &mut [f32], scratch: &mut [f32]) {
        let (square, rest) = scratch.split_at_mut(short * short);
        let (polynomial, scratch) = rest.split_at_mut(short * short);
        let [a, b, c] = [self.muon_a, self.muon_b, self.muon_c].map(|number| number as f32);
        for _ in 0..self.ns_steps as usize {
            let none = Epilogue::default();
            gemm(short, short, long, Mat::rows(x, long), Mat::transposed(x, long), square, none, scratch);
            gemm(short, short, short, Mat::rows(square, short), Mat::rows(square, short), polynomial, none, scratch);
            polynomial.iter_mut().zip(&*square).for_each(|(p, &s)| *p = *p * c + s * b);
            gemm(short, long, short, Mat::rows(polynomial, short), Mat::rows(x, long), y, none, scratch);
            x.iter_mut().zip(&*y).for_each(|(x, &y)| *x = *x * a + y);
        }
    }
}
