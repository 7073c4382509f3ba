//! Many products of one size. Small ones are shared out whole, each thread with scratch of its own; large ones one after
//! the other, each shared as `gemm` does.

use super::super::hand_out::hand_out;
use super::super::pool::Shared;
use super::{Epilogue, FLOPS_AT_ONCE, Mat, SPLIT_FROM, gemm, scratch_len};

/// From this many floating-point operations on a product is worth being shared out itself.
const LARGE: usize = FLOPS_AT_ONCE / 4;

/// Floats of scratch that [`gemm_batch`] needs with so many threads.
pub fn batch_scratch_len(m: usize, n: usize, k: usize, b_col_stride: usize, threads: usize) -> usize {
    scratch_len(m, n, k, b_col_stride).saturating_mul(if flops(m, n, k) < LARGE { threads.max(1) } else { 1 })
}

fn flops(m: usize, n: usize, k: usize) -> usize {
    m.saturating_mul(n).saturating_mul(k).saturating_mul(2)
}

/// C (`count` matrices of m × n, one after the other) = A · B, where `a(i)` and `b(i)` are the operands of the i-th.
pub fn gemm_batch<'a>(
    [count, m, n, k]: [usize; 4],
    a: &(dyn Fn(usize) -> Mat<'a> + Sync),
    b: &(dyn Fn(usize) -> Mat<'a> + Sync),
    c: &mut [f32],
    scratch: &mut [f32],
) {
    assert_eq!(c.len(), count * m * n, "C has other than count · m · n elements");
    if c.is_empty() {
        return;
    }
    if flops(m, n, k) >= LARGE {
        let each = c.chunks_exact_mut(m * n).enumerate();
        return each.for_each(|(i, c)| gemm(m, n, k, a(i), b(i), c, Epilogue::default(), scratch));
    }
    let (worth, len) = (SPLIT_FROM.div_ceil(flops(m, n, k).max(1)), scratch_len(m, n, k, b(0).col_stride));
    let c = Shared::new(c);
    hand_out(count, worth, len, scratch, &|i, scratch| {
        // SAFETY: every product has its own place.
        let c = unsafe { c.range(i * m * n..(i + 1) * m * n) };
        gemm(m, n, k, a(i), b(i), c, Epilogue::default(), scratch);
    });
}
