//! The Newton–Schulz iteration: brings the singular values of a matrix near 1 with products alone.

use crate::kernel::gemm::{Epilogue, Mat, gemm, scratch_len};
use crate::kernel::reduce::sum_squares_f64;

/// How often, and by which polynomial `a·x + b·x³ + c·x⁵` of the singular values.
pub struct NewtonSchulz {
    pub steps: usize,
    pub polynomial: [f32; 3],
    /// Whether all that is kept between products is rounded to bfloat16, as in PyTorch.
    pub coarse: bool,
}

impl NewtonSchulz {
    /// Floats of memory for a matrix of this shape.
    pub fn scratch((rows, columns): (usize, usize)) -> usize {
        let (short, long) = (rows.min(columns), rows.max(columns));
        let products = scratch_len(short, long, short, 1).max(scratch_len(short, short, long, long));
        2 * (short * long + short * short) + products
    }

    /// Of the matrix `u` over its norm, to which `epsilon` is added (in PyTorch it is at least `epsilon`), into `out`.
    pub fn run(&self, shape: (usize, usize), epsilon: f64, u: &[f32], out: &mut [f32], scratch: &mut [f32]) {
        let (rows, columns) = shape;
        let (short, long) = (rows.min(columns), rows.max(columns));
        let (x, rest) = scratch.split_at_mut(u.len());
        let (y, rest) = rest.split_at_mut(u.len());
        // Lying: element (i, j) of the transpose is (j, i).
        let place = |i: usize, wide: usize, high: usize| if rows > columns { i % wide * high + i / wide } else { i };
        x.iter_mut().enumerate().for_each(|(i, x)| *x = u[place(i, long, columns)]);
        self.normalize(x, epsilon);
        self.iterate((short, long), x, y, rest);
        out.iter_mut().enumerate().for_each(|(i, out)| *out = x[place(i, columns, long)]);
    }

    fn normalize(&self, x: &mut [f32], epsilon: f64) {
        self.round(x);
        let norm = sum_squares_f64(x).sqrt();
        if self.coarse {
            let norm = bfloat16(norm.max(epsilon) as f32);
            return x.iter_mut().for_each(|x| *x = bfloat16(*x / norm));
        }
        let norm = norm + epsilon;
        let scale = if norm > 0.0 { (1.0 / norm) as f32 } else { 0.0 };
        x.iter_mut().for_each(|x| *x *= scale);
    }

    /// On the lying matrix `x`; `y` is as large.
    fn iterate(&self, (short, long): (usize, usize), x: &mut [f32], y: &mut [f32], scratch: &mut [f32]) {
        let (square, rest) = scratch.split_at_mut(short * short);
        let (polynomial, scratch) = rest.split_at_mut(short * short);
        let ([a, b, c], none) = (self.polynomial, Epilogue::default());
        for _ in 0..self.steps {
            gemm(short, short, long, Mat::rows(x, long), Mat::transposed(x, long), square, none, scratch);
            self.round(square);
            gemm(short, short, short, Mat::rows(square, short), Mat::rows(square, short), polynomial, none, scratch);
            polynomial.iter_mut().zip(&*square).for_each(|(p, &s)| *p = *p * c + s * b);
            self.round(polynomial);
            gemm(short, long, short, Mat::rows(polynomial, short), Mat::rows(x, long), y, none, scratch);
            x.iter_mut().zip(&*y).for_each(|(x, &y)| *x = *x * a + y);
            self.round(x);
        }
    }

    /// Rounds to bfloat16 where that is asked for.
    fn round(&self, x: &mut [f32]) {
        if self.coarse {
            x.iter_mut().for_each(|x| *x = bfloat16(*x));
        }
    }
}

/// The nearest number of 8 bits, the even one of two; NaN stays NaN.
fn bfloat16(x: f32) -> f32 {
    let bits = x.to_bits();
    let rounded = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) & 0xffff_0000;
    if x.is_nan() { x } else { f32::from_bits(rounded) }
}
