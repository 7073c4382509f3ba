//! Copies B into panels: the columns of one tile stand together, k by k, so that the micro-kernel reads one stream.
//! Packing moves numbers and changes none.

use super::super::ahead::soon;
use super::Mat;

/// Rows that are asked for before they are needed.
const AHEAD: usize = 12;

/// Writes columns `first ..` of B (k rows) as a panel of `width` (a multiple of 4). What stands where
/// `first + column ≥ n` does not matter: those columns of the product are never stored.
pub fn panel(to: &mut [f32], width: usize, b: &Mat, first: usize, n: usize, k: usize) {
    let columns = width.min(n - first);
    let to = &mut to[..width * k];
    if b.col_stride == 1 {
        return copy(to, width, &b.data[first.min(b.data.len())..], b.row_stride, columns);
    }
    let from = |p: usize, j: usize| p * b.row_stride + (first + j) * b.col_stride;
    let (mut whole_k, mut whole_columns) = (0, 0);
    if b.row_stride == 1 {
        (whole_k, whole_columns) = (k & !3, columns & !3);
        for p in (0..whole_k).step_by(4) {
            let rows = &mut to[p * width..(p + 4) * width];
            for j in (0..whole_columns).step_by(4) {
                let columns: [&[f32; 4]; 4] =
                    std::array::from_fn(|i| b.data[from(p, j + i)..].first_chunk().expect("inside the view"));
                transpose4(columns, &mut rows[j..], width);
            }
        }
    }
    for p in 0..k {
        for j in if p < whole_k { whole_columns } else { 0 }..columns {
            to[p * width + j] = b.data[from(p, j)];
        }
    }
}

/// Copies rows that stand `stride` apart, whole vectors of four at a time: past `columns` it takes what is there.
fn copy(to: &mut [f32], width: usize, from: &[f32], stride: usize, columns: usize) {
    for (p, row) in to.chunks_exact_mut(width).enumerate() {
        let from = &from[p * stride..];
        soon(from.as_ptr().wrapping_add(AHEAD * stride), width);
        if from.len() < width {
            row[..columns].copy_from_slice(&from[..columns]);
            row[columns..].fill(0.0);
            continue;
        }
        for (to, from) in row.as_chunks_mut::<4>().0.iter_mut().zip(from.as_chunks::<4>().0) {
            *to = *from;
        }
    }
}

/// to[q · width + i] = columns[i][q].
#[inline(always)]
fn transpose4(columns: [&[f32; 4]; 4], to: &mut [f32], width: usize) {
    let to: [&mut [f32; 4]; 4] = {
        let (first, rest) = to.split_at_mut(width);
        let (second, rest) = rest.split_at_mut(width);
        let (third, fourth) = rest.split_at_mut(width);
        [first, second, third, fourth].map(|row| row.first_chunk_mut().expect("a row of the panel"))
    };
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE is part of x86-64; every pointer has four floats.
    unsafe {
        use std::arch::x86_64::*;
        let [mut a, mut b, mut c, mut d] = columns.map(|column| _mm_loadu_ps(column.as_ptr()));
        _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d);
        for (row, vector) in to.into_iter().zip([a, b, c, d]) {
            _mm_storeu_ps(row.as_mut_ptr(), vector);
        }
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    // SAFETY: every pointer has four floats.
    unsafe {
        use std::arch::wasm32::*;
        let [a, b, c, d] = columns.map(|column| v128_load(column.as_ptr().cast()));
        let (ab, cd) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<0, 4, 1, 5>(c, d));
        let (ef, gh) = (i32x4_shuffle::<2, 6, 3, 7>(a, b), i32x4_shuffle::<2, 6, 3, 7>(c, d));
        let rows = [
            i64x2_shuffle::<0, 2>(ab, cd),
            i64x2_shuffle::<1, 3>(ab, cd),
            i64x2_shuffle::<0, 2>(ef, gh),
            i64x2_shuffle::<1, 3>(ef, gh),
        ];
        for (row, vector) in to.into_iter().zip(rows) {
            v128_store(row.as_mut_ptr().cast(), vector);
        }
    }
    #[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
    for (q, row) in to.into_iter().enumerate() {
        *row = std::array::from_fn(|i| columns[i][q]);
    }
}
