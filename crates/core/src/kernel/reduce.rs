//! Sums and maxima of fixed shape: the order of additions depends on the length alone, never on threads or vector width.
//! `tree` states the shape.

use super::ahead::soon;
use super::pool::{SPLIT_FROM, Shared, split};
use super::simd::{Kernel, dispatch};
use super::tree::{Add, AddExp, Counter, Dot, LEVELS, Max, Rule, Squares, contiguous, fold, halve, largest};
pub use super::tree::{BLOCK, LANES};
use super::turn;
use super::vector::{V, WIDTH, load, store};
use crate::part;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Columns that a sum over rows holds in registers at once; no bit depends on it.
const STRIP: usize = if cfg!(target_family = "wasm") { 16 } else { 64 };

/// [`sum`] for use inside a kernel: on this thread. A call, for sums are long code and rules of rows have several.
#[inline(always)]
pub fn row_sum(x: &[f32]) -> f32 {
    dispatch(Blocks { x, y: x, rule: Add })
}

/// Σ exp(x − shift), in the shape of [`sum`], for use inside a kernel.
#[inline(always)]
pub fn row_sum_exp(x: &[f32], shift: f32) -> f32 {
    dispatch(Blocks { x, y: x, rule: AddExp { shift } })
}

/// [`max`] for use inside a kernel.
#[inline(always)]
pub fn row_max(x: &[f32]) -> f32 {
    dispatch(Blocks { x, y: x, rule: Max }).0
}

/// Rows that a sum over rows asks for before it needs them.
const AHEAD: usize = 12;

/// What [`reduce_axis`] computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reduction {
    /// The sum; 0 of nothing.
    Sum,
    /// The largest value, NaN if there is one; −∞ of nothing.
    Max,
}

/// Σ x.
pub fn sum(x: &[f32]) -> f32 {
    if x.len() <= BLOCK && turn::idle() {
        return dispatch(Blocks { x, y: x, rule: Add });
    }
    fold(x.len(), &|range| dispatch(Blocks { x: &x[range.clone()], y: &x[range], rule: Add }))
}

/// Σ a·b.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "the vectors differ in length");
    fold(a.len(), &|range| dispatch(Blocks { x: &a[range.clone()], y: &b[range], rule: Dot }))
}

/// Σ x² in f64: finite exactly when every element is.
pub fn sum_squares_f64(x: &[f32]) -> f64 {
    if x.len() <= BLOCK {
        return dispatch(Blocks { x, y: x, rule: Squares });
    }
    fold(x.len(), &|range| dispatch(Blocks { x: &x[range.clone()], y: &x[range], rule: Squares }))
}

/// The sum of the squares of an array of `len` elements that is 0 but for some rows of `width`: their values one after
/// another, their indices in rising order. The same bits as [`sum_squares_f64`] of all of it.
pub fn sum_squares_of_rows(values: &[f32], index: &[i32], width: usize, len: usize) -> f64 {
    let mut counter = Counter::<f64>::new();
    let (mut lanes, mut block) = ([0.0; LANES], 0);
    for (&row, values) in index.iter().zip(values.chunks_exact(width)) {
        for (at, &x) in (row as usize * width..).zip(values) {
            if at / BLOCK != block {
                counter.push(halve(lanes));
                (lanes, block) = ([0.0; LANES], at / BLOCK);
                counter.skip_to(block);
            }
            lanes[at % LANES] += f64::from(x) * f64::from(x);
        }
    }
    counter.push(halve(lanes));
    counter.skip_to(len.div_ceil(BLOCK));
    counter.finish()
}

/// Whether every element is finite: a third of the work of [`sum_squares_f64`].
pub fn all_finite(x: &[f32]) -> bool {
    if x.len() < SPLIT_FROM && turn::idle() {
        return dispatch(Finite(x));
    }
    let finite = AtomicBool::new(true);
    split(x.len(), 1, LANES, |range| {
        if !dispatch(Finite(&x[range])) {
            finite.store(false, Relaxed);
        }
    });
    finite.into_inner()
}

/// The largest element; NaN if there is one, −∞ of nothing.
pub fn max(x: &[f32]) -> f32 {
    fold(x.len(), &|range| dispatch(Blocks { x: &x[range.clone()], y: &x[range], rule: Max })).0
}

/// dst[o, i] = the reduction over r of src[o, r, i], for `src` seen as (outer, r, inner). With `inner` = 1 a sum has the
/// shape of [`sum`]; otherwise rows are added in order from 0 inside blocks of [`BLOCK`], blocks by the same counter.
pub fn reduce_axis(dst: &mut [f32], src: &[f32], outer: usize, r: usize, inner: usize, kind: Reduction) {
    assert_eq!(src.len(), outer * r * inner, "the source has other than outer · r · inner elements");
    assert_eq!(dst.len(), outer * inner, "the destination has other than outer · inner elements");
    if dst.is_empty() {
        return;
    }
    if outer == 1 && inner == 1 {
        dst[0] = if kind == Reduction::Sum { sum(src) } else { max(src) };
        return;
    }
    let shared = Shared::new(dst);
    if inner == 1 {
        return split(outer, r, 1, |range| {
            // SAFETY: `split` hands out disjoint ranges.
            let dst = unsafe { shared.range(range.clone()) };
            dispatch(Rows { dst, src: &src[range.start * r..range.end * r], r, kind });
        });
    }
    let strips = inner.div_ceil(STRIP);
    split(outer * strips, r * STRIP, 1, |range| {
        for unit in range {
            let (o, column) = (unit / strips, unit % strips * STRIP);
            let width = STRIP.min(inner - column);
            // SAFETY: every unit has its own columns of its own outer index.
            let dst = unsafe { shared.range(o * inner + column..o * inner + column + width) };
            let columns = Columns { dst, src: &src[o * r * inner..(o + 1) * r * inner], inner, column };
            match kind {
                Reduction::Sum => dispatch(Sums(columns)),
                // The op of maxima is in the second part of the WASM module.
                Reduction::Max => part::gate(|| dispatch(Maxima(columns))),
            }
        }
    });
}

struct Blocks<'a, R> {
    x: &'a [f32],
    y: &'a [f32],
    rule: R,
}

impl<R: Rule> Kernel for Blocks<'_, R> {
    type Out = R::T;
    // For the sums of exponentials.
    const WIDE: bool = true;
    #[inline(always)]
    fn run(self) -> R::T {
        contiguous(self.x, self.y, self.rule)
    }
}

struct Finite<'a>(&'a [f32]);

impl Kernel for Finite<'_> {
    type Out = bool;
    #[inline(always)]
    fn run(self) -> bool {
        let (rows, rest) = self.0.as_chunks::<STRIP>();
        // The bits of |x| grow with it; those of infinity come next, then those of NaN.
        let mut largest = [0u32; STRIP];
        for row in rows {
            for j in 0..STRIP {
                largest[j] = largest[j].max(row[j].abs().to_bits());
            }
        }
        let rest = rest.iter().map(|x| x.abs().to_bits());
        largest.into_iter().chain(rest).all(|bits| bits < f32::INFINITY.to_bits())
    }
}

/// Reduces each row of `src` (r elements) to one element.
struct Rows<'a> {
    dst: &'a mut [f32],
    src: &'a [f32],
    r: usize,
    kind: Reduction,
}

impl Kernel for Rows<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        for (i, out) in self.dst.iter_mut().enumerate() {
            let row = &self.src[i * self.r..(i + 1) * self.r];
            *out = match self.kind {
                Reduction::Sum => contiguous(row, row, Add),
                Reduction::Max => contiguous(row, row, Max).0,
            };
        }
    }
}

/// a and b, column by column.
#[inline(always)]
fn merged(a: &[f32; STRIP], b: &[f32; STRIP], merge: &impl Fn(V, V) -> V) -> [f32; STRIP] {
    let mut out = [0.0; STRIP];
    for j in (0..STRIP).step_by(WIDTH) {
        // SAFETY: STRIP is a multiple of WIDTH.
        unsafe { store(out.as_mut_ptr().add(j), merge(load(a.as_ptr().add(j)), load(b.as_ptr().add(j)))) };
    }
    out
}

/// Reduces some columns of rows of `inner` elements.
struct Columns<'a> {
    dst: &'a mut [f32],
    src: &'a [f32],
    inner: usize,
    column: usize,
}

struct Sums<'a>(Columns<'a>);

impl Kernel for Sums<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        self.0.reduce(0.0, |sum, x| sum + x);
    }
}

struct Maxima<'a>(Columns<'a>);

impl Kernel for Maxima<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        self.0.reduce(f32::NEG_INFINITY, largest);
    }
}

impl Columns<'_> {
    #[inline(always)]
    fn reduce(self, none: f32, merge: impl Fn(V, V) -> V) {
        if self.src.len() <= BLOCK * self.inner {
            let block = self.block(self.src, none, &merge);
            return self.dst.copy_from_slice(&block[..self.dst.len()]);
        }
        let mut waiting = [[0.0f32; STRIP]; LEVELS];
        let mut count = 0usize;
        for rows in self.src.chunks(BLOCK * self.inner) {
            let mut block = self.block(rows, none, &merge);
            let mut level = 0;
            while count >> level & 1 == 1 {
                block = merged(&waiting[level], &block, &merge);
                level += 1;
            }
            waiting[level] = block;
            count += 1;
        }
        let mut result = [none; STRIP];
        let mut smallest = true;
        for level in 0..LEVELS {
            if count >> level & 1 == 1 {
                result = if smallest { waiting[level] } else { merged(&waiting[level], &result, &merge) };
                smallest = false;
            }
        }
        self.dst.copy_from_slice(&result[..self.dst.len()]);
    }

    #[inline(always)]
    fn block(&self, rows: &[f32], none: f32, merge: &impl Fn(V, V) -> V) -> [f32; STRIP] {
        let mut block = [none; STRIP];
        let width = self.dst.len();
        let mut padded = [0.0; STRIP];
        for row in rows.chunks_exact(self.inner) {
            soon(row.as_ptr().wrapping_add(AHEAD * self.inner + self.column), width);
            let part = &row[self.column..self.column + width];
            let row = part.first_chunk().unwrap_or_else(|| {
                padded[..width].copy_from_slice(part);
                &padded
            });
            block = merged(&block, row, merge);
        }
        block
    }
}
