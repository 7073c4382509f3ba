//! Approximate eigenvectors of a symmetric matrix, kept from call to call: one round of orthogonal iteration each time.
//! All sums have the fixed shape of `kernel::reduce`.

use crate::kernel::gemm::{Epilogue, Mat, gemm, scratch_len};
use crate::kernel::reduce::dot;

/// Floats of memory for a matrix of `n` rows.
pub fn scratch(n: usize) -> usize {
    n * n + 2 * n + scratch_len(n, n, n, 1)
}

/// Turns the rows of `basis`, orthogonal and of length 1, towards the eigenvectors of `matrix`, the largest eigenvalue
/// first: a product with the matrix, then Householder's reflections, which make rows orthogonal whatever their rank.
/// `swapped(i, j)` hears of rows that change places.
pub fn improve(
    n: usize,
    matrix: &[f32],
    basis: &mut [f32],
    scratch: &mut [f32],
    mut swapped: impl FnMut(usize, usize),
) {
    let (rows, rest) = scratch.split_at_mut(n * n);
    let (values, rest) = rest.split_at_mut(n);
    let (shares, rest) = rest.split_at_mut(n);
    gemm(n, n, n, Mat::rows(basis, n), Mat::rows(matrix, n), rows, Epilogue::default(), rest);
    for (i, value) in values.iter_mut().enumerate() {
        *value = dot(&rows[i * n..][..n], &basis[i * n..][..n]);
    }
    for i in 0..n {
        let largest = (i + 1..n).fold(i, |best, j| if values[j] > values[best] { j } else { best });
        if largest != i {
            values.swap(i, largest);
            let (head, tail) = rows.split_at_mut(largest * n);
            head[i * n..][..n].swap_with_slice(&mut tail[..n]);
            swapped(i, largest);
        }
    }
    for (i, share) in shares.iter_mut().enumerate() {
        *share = reflection(&mut rows[i * n..][..n], i);
        let (head, tail) = rows.split_at_mut((i + 1) * n);
        tail.chunks_exact_mut(n).for_each(|row| reflect(&head[i * n..][i..], *share, &mut row[i..]));
    }
    // The rows of the product of all reflections, the last one first, are orthogonal: each changes only the rows after it.
    basis.fill(0.0);
    (0..n).for_each(|i| basis[i * n + i] = 1.0);
    for i in (0..n).rev() {
        let axis = &rows[i * n..][i..n];
        basis[i * n..].chunks_exact_mut(n).for_each(|row| reflect(axis, shares[i], &mut row[i..]));
    }
}

/// Makes of `row` from `at` on the axis of the reflection that leaves of it nothing but its first element; gives 2 over its
/// squared length, or 0 where there is nothing to reflect.
fn reflection(row: &mut [f32], at: usize) -> f32 {
    let axis = &mut row[at..];
    // Squares of what is very large or small would not be numbers.
    let largest = axis.iter().fold(0.0, |largest: f32, x| largest.max(x.abs()));
    if !(largest > 0.0 && largest.is_finite()) {
        return 0.0;
    }
    axis.iter_mut().for_each(|x| *x /= largest);
    let norm = dot(axis, axis).sqrt();
    axis[0] += if axis[0] < 0.0 { -norm } else { norm };
    2.0 / dot(axis, axis)
}

/// Reflects `row`: takes off what lies along `axis` twice.
fn reflect(axis: &[f32], share: f32, row: &mut [f32]) {
    let along = dot(axis, row) * share;
    row.iter_mut().zip(axis).for_each(|(x, &a)| *x -= a * along);
}
