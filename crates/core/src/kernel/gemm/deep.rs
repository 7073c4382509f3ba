//! Products whose sums are long and whose result is small, as gradients by weights are: block of k by block of k, so that
//! each operand comes from memory once and what is added up stays in the cache. Blocks are merged as `micro` merges those of
//! a tile: the larger power of two first, then the rest. So threads may share k as well. Refuses what `gemm` refuses.

use super::super::hand_out::hand_out;
use super::super::pool::{Shared, split, threads};
use super::super::run::{add, add_neighbours};
use super::{Epilogue, KC, Mat, across_scratch_len, gemm, scratch_len};
use std::ops::Range;

/// From this length of sums on, for as many elements of the result.
const FROM: usize = 4 * KC;
const MOST: usize = 1 << 18;
/// Elements of the result that are added up at once: with those that wait they stay in the second-level cache.
const AT_ONCE: usize = 1 << 15;
/// Pieces of k at most.
const PIECES: usize = 8;

/// How the work is divided: rows or columns of the result into chunks, blocks of k into pieces.
#[derive(Clone, Copy)]
struct Plan {
    by_rows: bool,
    chunks: usize,
    /// Rows or columns of a chunk but for the last.
    size: usize,
    /// Elements of a chunk.
    elements: usize,
    pieces: usize,
    /// Blocks of a piece but for the last: a power of two.
    blocks: usize,
}

impl Plan {
    fn new(m: usize, n: usize, k: usize, threads: usize) -> Self {
        let (by_rows, len, other) = if m > n { (true, m, n) } else { (false, n, m) };
        let size = (AT_ONCE / other.max(1)).max(1).next_multiple_of(64).min(len.max(1));
        let (chunks, all) = (len.div_ceil(size), k.div_ceil(KC));
        let wanted = if threads > 1 { (2 * threads).div_ceil(chunks.max(1)).min(PIECES) } else { 1 };
        let blocks = all.div_ceil(wanted).next_power_of_two();
        Plan { by_rows, chunks, size, elements: size * other, pieces: all.div_ceil(blocks), blocks }
    }

    /// Floats of a thread: a sum of each power of two that waits, and what a product needs.
    fn each(&self, m: usize, n: usize, [a_col_stride, b_col_stride]: [usize; 2]) -> [usize; 2] {
        let (rows, columns) = if self.by_rows { (self.size, n) } else { (m, self.size) };
        let product = scratch_len(rows, columns, KC, b_col_stride) + across_scratch_len(KC, a_col_stride, 1);
        [self.elements.saturating_mul(self.blocks.ilog2() as usize), product]
    }

    /// Floats of scratch for so many threads.
    fn scratch_len(&self, each: [usize; 2], threads: usize) -> usize {
        let sums = self.elements.saturating_mul(self.chunks * self.pieces);
        sums.saturating_add(each[0].saturating_add(each[1]).saturating_mul(threads.max(1)))
    }
}

/// Whether a product is one for [`gemm_deep`]: not in WASM, which multiplies so slowly that memory keeps up, and is shipped.
pub fn is_deep(m: usize, n: usize, k: usize) -> bool {
    cfg!(not(target_family = "wasm")) && k >= FROM && m.saturating_mul(n) <= MOST
}

/// The longest sums that are not.
pub const SHALLOW: usize = FROM - 1;

/// Floats of scratch that [`gemm_deep`] makes use of for sums of up to `k`.
pub fn deep_scratch_len(m: usize, n: usize, k: usize, strides: [usize; 2], threads: usize) -> usize {
    let len = |threads| {
        let plan = Plan::new(m, n, k, threads);
        plan.scratch_len(plan.each(m, n, strides), threads)
    };
    len(1).max(len(threads))
}

/// C (m × n, row-major, overwritten) = A (m × k) · B (k × n), with the bits of `gemm`; `scratch` has at least
/// [`deep_scratch_len`] floats for one thread.
pub fn gemm_deep(m: usize, n: usize, k: usize, a: Mat, b: Mat, c: &mut [f32], scratch: &mut [f32]) {
    assert_eq!(Some(c.len()), m.checked_mul(n), "C has other than m · n elements");
    a.check(m, k);
    b.check(k, n);
    if c.is_empty() || k == 0 {
        return c.fill(0.0);
    }
    let strides = [a.col_stride, b.col_stride];
    let mut plan = Plan::new(m, n, k, threads());
    if plan.scratch_len(plan.each(m, n, strides), 1) > scratch.len() {
        plan = Plan::new(m, n, k, 1);
    }
    let each = plan.each(m, n, strides);
    let (sums, scratch) = scratch.split_at_mut(plan.elements * plan.chunks * plan.pieces);
    let len = each.iter().sum::<usize>();
    let units = plan.chunks * plan.pieces;
    let sums = Shared::new(sums);
    let blocks = k.div_ceil(KC);
    hand_out(units, 0, len, scratch, &|unit, scratch| {
        let (chunk, piece) = (unit / plan.pieces, unit % plan.pieces);
        let (a, b, [rows, columns]) = plan.chunk(chunk, [m, n], a, b);
        let start = unit * plan.elements;
        // SAFETY: every unit has its own place.
        let to = unsafe { sums.range(start..start + rows * columns) };
        let (waiting, product) = scratch.split_at_mut(each[0]);
        let sum = Sum { a, b, columns, k };
        sum.of(piece * plan.blocks..blocks.min((piece + 1) * plan.blocks), to, waiting, product);
    });
    merge(&plan, [m, n], c, &sums);
}

impl Plan {
    /// Operands of a chunk, and its rows and columns.
    fn chunk<'a>(&self, chunk: usize, [m, n]: [usize; 2], a: Mat<'a>, b: Mat<'a>) -> (Mat<'a>, Mat<'a>, [usize; 2]) {
        let first = chunk * self.size;
        match self.by_rows {
            true => (Mat { data: &a.data[first * a.row_stride..], ..a }, b, [self.size.min(m - first), n]),
            false => (a, Mat { data: &b.data[first * b.col_stride..], ..b }, [m, self.size.min(n - first)]),
        }
    }
}

/// The product of some rows and columns, of which blocks of k are added up.
struct Sum<'a> {
    a: Mat<'a>,
    b: Mat<'a>,
    columns: usize,
    k: usize,
}

impl Sum<'_> {
    fn of(&self, blocks: Range<usize>, to: &mut [f32], waiting: &mut [f32], product: &mut [f32]) {
        if blocks.len() > 1 {
            let half = blocks.len().next_power_of_two() / 2;
            let (own, waiting) = waiting.split_at_mut(to.len());
            self.of(blocks.start..blocks.start + half, to, waiting, product);
            self.of(blocks.start + half..blocks.end, own, waiting, product);
            return add(to, own);
        }
        let (start, end) = (blocks.start * KC, self.k.min(blocks.end * KC));
        let a = Mat { data: &self.a.data[start * self.a.col_stride..], ..self.a };
        let b = Mat { data: &self.b.data[start * self.b.row_stride..], ..self.b };
        let rows = to.len() / self.columns;
        gemm(rows, self.columns, end - start, a, b, to, Epilogue::default(), product);
    }
}

/// Adds up the pieces of each chunk, neighbours first, and puts the sums where they belong in C.
fn merge(plan: &Plan, [m, n]: [usize; 2], c: &mut [f32], sums: &Shared<'_, f32>) {
    let c = Shared::new(c);
    split(m, n * plan.pieces, 1, |rows| {
        for chunk in 0..plan.chunks {
            let first = chunk * plan.size;
            // The rows and columns of C that the chunk has of these, and where it has them.
            let (rows, skipped, columns) = match plan.by_rows {
                true => (rows.start.max(first)..rows.end.min(first + plan.size), first, 0..n),
                false => (rows.clone(), 0, first..n.min(first + plan.size)),
            };
            if rows.is_empty() {
                continue;
            }
            let (width, count) = (columns.len(), rows.len());
            let at = |piece: usize| {
                let start = (chunk * plan.pieces + piece) * plan.elements + (rows.start - skipped) * width;
                // SAFETY: `split` hands out disjoint rows, and these are their places in the pieces.
                unsafe { sums.range(start..start + count * width) }
            };
            add_neighbours(plan.pieces, at);
            for (row, sum) in rows.clone().zip(at(0).chunks_exact(width)) {
                // SAFETY: as above, and chunks have columns or rows of their own.
                unsafe { c.range(row * n + columns.start..row * n + columns.end) }.copy_from_slice(sum);
            }
        }
    });
}
