//! Products of so few multiplications that packing and tiles would take longer than they do.

use super::{Epilogue, Mat};

/// Such a product on its places: made once and run as often as wanted, for as long as they live.
pub struct Few {
    m: usize,
    n: usize,
    k: usize,
    a: Side,
    b: Side,
    c: *mut f32,
    /// Null where there is none.
    bias: *const f32,
    map: Option<fn(&mut [f32])>,
}

/// An operand: where it begins, and how far on the next element of the product's result and the next term are.
#[derive(Clone, Copy)]
struct Side {
    at: *const f32,
    next: usize,
    term: usize,
}

impl Few {
    /// The views were checked: they lie inside their data, and C has m · n elements.
    pub(super) fn new([m, n, k]: [usize; 3], a: Mat, b: Mat, c: &mut [f32], epilogue: Epilogue) -> Self {
        Few {
            m,
            n,
            k,
            a: Side { at: a.data.as_ptr(), next: a.row_stride, term: a.col_stride },
            b: Side { at: b.data.as_ptr(), next: b.col_stride, term: b.row_stride },
            c: c.as_mut_ptr(),
            bias: epilogue.bias.map_or(std::ptr::null(), <[f32]>::as_ptr),
            map: epilogue.map,
        }
    }

    pub(in crate::kernel) fn run(&self) {
        let &Few { m, n, a, b, c, .. } = self;
        for j in 0..n {
            let mut i = 0;
            // Two at a time, for each adds one term after the other.
            while i + 2 <= m {
                self.sums::<2>(Side { at: a.at.wrapping_add(i * a.next), ..a }, b.at.wrapping_add(j * b.next), i, j);
                i += 2;
            }
            if i < m {
                self.sums::<1>(Side { at: a.at.wrapping_add(i * a.next), ..a }, b.at.wrapping_add(j * b.next), i, j);
            }
        }
        if let Some(map) = self.map {
            // SAFETY: all of C, which nobody else has while this runs.
            map(unsafe { std::slice::from_raw_parts_mut(c, m * n) });
        }
    }

    /// Rows `i ..` of column `j`.
    #[inline(always)]
    fn sums<const R: usize>(&self, a: Side, mut b: *const f32, i: usize, j: usize) {
        let (mut sums, mut a_at) = ([0.0; R], a.at);
        for _ in 0..self.k {
            for r in 0..R {
                // SAFETY: an element of A and one of B, which `gemm` has checked to be inside their data.
                sums[r] += unsafe { *a_at.wrapping_add(r * a.next) * *b };
            }
            (a_at, b) = (a_at.wrapping_add(a.term), b.wrapping_add(self.b.term));
        }
        for (r, sum) in sums.into_iter().enumerate() {
            // SAFETY: elements of C and, where there is one, of the bias, which has n.
            unsafe {
                *self.c.add((i + r) * self.n + j) = if self.bias.is_null() { sum } else { sum + *self.bias.add(j) };
            }
        }
    }
}
