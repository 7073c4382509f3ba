//! Loops that apply one function to every element: the function is inlined and compiled for the best instruction set,
//! and large slices are shared among threads. Refuses slices of unequal lengths.

use super::pool::{SPLIT_FROM, Shared, split};
use super::simd::{Kernel, dispatch};
use super::turn;
use super::vector::{V, WIDTH, load, store};
use std::ops::Range;

/// The highest rank that broadcasting takes.
pub const MAX_RANK: usize = 16;

/// Operand 0: the destination itself (in place), or another slice.
#[derive(Clone, Copy, Debug)]
pub enum First<'a> {
    /// The destination's own elements.
    Same,
    /// Another slice, as long as the destination.
    Other(&'a [f32]),
}

impl First<'_> {
    /// The part of the operand that belongs to a range of the destination.
    #[inline]
    pub fn range(&self, range: Range<usize>) -> Self {
        match self {
            First::Same => First::Same,
            First::Other(slice) => First::Other(&slice[range]),
        }
    }

    pub(super) fn check(&self, len: usize) {
        if let First::Other(slice) = self {
            assert_eq!(slice.len(), len, "operand 0 and the destination differ in length");
        }
    }
}

/// Elements that go through a formula together. What does not fill a row is padded, so that no formula is compiled
/// twice, once for the rows and once for the rest.
pub(super) const ROW: usize = if cfg!(target_family = "wasm") { WIDTH } else { 16 };

/// An operand of a formula: where its first row lies, and how far on the next one; 0: one row stands for all.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    pub(super) row: *const f32,
    pub(super) step: usize,
}

/// A function of N numbers. Mark `at` `#[inline(always)]`: a large formula that is called keeps the baseline instruction set
/// and one element at a time, at twenty times the cost; of closures only small ones are inlined.
pub trait Function<const N: usize>: Sync {
    fn at(&self, x: [V; N]) -> V;
}

/// The function that a closure is.
pub struct Each<F>(pub F);

impl<const N: usize, F: Fn([V; N]) -> V + Sync> Function<N> for Each<F> {
    #[inline(always)]
    fn at(&self, x: [V; N]) -> V {
        (self.0)(x)
    }
}

/// A function as a loop over rows: compiled once, wherever the operands lie.
pub trait Formula<const N: usize>: Sync {
    /// # Safety
    /// `dst` holds `count` rows that nothing else touches meanwhile, every source as many, or one where its step is 0. A
    /// source may be `dst` itself.
    unsafe fn rows(&self, dst: *mut f32, sources: [Source; N], count: usize);
}

impl<const N: usize, F: Function<N>> Formula<N> for F {
    unsafe fn rows(&self, dst: *mut f32, sources: [Source; N], count: usize) {
        dispatch(Rows { f: self, dst, sources, count });
    }
}

struct Rows<'a, const N: usize, F> {
    f: &'a F,
    dst: *mut f32,
    sources: [Source; N],
    count: usize,
}

impl<const N: usize, F: Function<N>> Kernel for Rows<'_, N, F> {
    type Out = ();
    const WIDE: bool = true;
    #[inline(always)]
    fn run(self) {
        for i in 0..self.count {
            // Read before anything is written, for a source may be the destination.
            // SAFETY: whoever calls `Formula::rows` vouches for `count` rows behind every address.
            let at = |s: Source, j: usize| unsafe { load(s.row.add(i * s.step + j * WIDTH)) };
            let x: [[V; N]; ROW / WIDTH] = std::array::from_fn(|j| std::array::from_fn(|s| at(self.sources[s], j)));
            let mut y = [V::from(0.0); ROW / WIDTH];
            for j in 0..ROW / WIDTH {
                y[j] = self.f.at(x[j]);
            }
            for j in 0..ROW / WIDTH {
                // SAFETY: as above.
                unsafe { store(self.dst.add(i * ROW + j * WIDTH), y[j]) };
            }
        }
    }
}

/// dst = f(sources) for `len` elements.
///
/// # Safety
/// As [`Formula::rows`], for `len` elements.
unsafe fn apply<const N: usize>(formula: &dyn Formula<N>, dst: *mut f32, sources: [Source; N], len: usize) {
    let (whole, rest) = (len / ROW * ROW, len % ROW);
    if whole > 0 {
        // SAFETY: the caller vouches for `len` elements.
        unsafe { formula.rows(dst, sources, whole / ROW) };
    }
    if rest > 0 {
        let (mut padded, mut out) = ([[0.0; ROW]; N], [0.0; ROW]);
        let mut tails = sources;
        for (tail, row) in tails.iter_mut().zip(&mut padded).filter(|(tail, _)| tail.step > 0) {
            // SAFETY: `rest` elements follow the whole rows; the copy is another place.
            unsafe { tail.row.add(whole).copy_to_nonoverlapping(row.as_mut_ptr(), rest) };
            tail.row = row.as_ptr();
        }
        // SAFETY: every tail is a row of its own, and so is `out`; its first elements belong behind the whole rows.
        unsafe {
            formula.rows(out.as_mut_ptr(), tails, 1);
            dst.add(whole).copy_from_nonoverlapping(out.as_ptr(), rest);
        }
    }
}

/// dst = f(operands) where every address is the start of a cache line that belongs to the value to its end, as those of a
/// plan's values are: then there is no rest. An operand is as long as the destination, or a single element.
///
/// # Safety
/// The addresses hold `len` elements (an operand of length 1 one) and the rest of their last cache line, which nothing else
/// uses meanwhile. An operand of `len` elements may be the destination.
pub(super) unsafe fn whole_lines<const N: usize>(
    dst: *mut f32,
    operands: [(*const f32, usize); N],
    len: usize,
    formula: &dyn Formula<N>,
) {
    let mut repeated = [[0.0; ROW]; N];
    let mut sources = [Source { row: dst, step: ROW }; N];
    for ((source, row), (address, own)) in sources.iter_mut().zip(&mut repeated).zip(operands) {
        source.row = address;
        if own != len {
            assert!(own == 1, "an operand is as long as the destination, or one element");
            // SAFETY: it holds one.
            *row = [unsafe { *address }; ROW];
            *source = Source { row: row.as_ptr(), step: 0 };
        }
    }
    if len < SPLIT_FROM && turn::idle() {
        // SAFETY: as promised; a cache line is a whole number of rows.
        return unsafe { formula.rows(dst, sources, len.div_ceil(ROW)) };
    }
    let lines = Lines { dst, sources };
    split(len.div_ceil(ROW), ROW, 1, |rows| {
        // SAFETY: as promised; a cache line is a whole number of rows.
        unsafe { lines.apply(rows, formula) };
    });
}

/// Where a formula reads and writes whole rows, on several threads.
struct Lines<const N: usize> {
    dst: *mut f32,
    sources: [Source; N],
}

// SAFETY: threads have rows of their own.
unsafe impl<const N: usize> Sync for Lines<N> {}

impl<const N: usize> Lines<N> {
    /// # Safety
    /// As [`Formula::rows`], of these rows.
    unsafe fn apply(&self, rows: Range<usize>, formula: &dyn Formula<N>) {
        // SAFETY: by the caller's promise.
        unsafe {
            let at = |source: Source| Source { row: source.row.add(rows.start * source.step), ..source };
            formula.rows(self.dst.add(rows.start * ROW), self.sources.map(at), rows.len());
        }
    }
}

/// dst = f(operands), shared among threads.
pub fn each<const N: usize>(dst: &mut [f32], operands: [First; N], formula: &dyn Formula<N>) {
    operands.iter().for_each(|operand| operand.check(dst.len()));
    let (len, dst) = (dst.len(), Shared::new(dst));
    split(len, 1, ROW, |range| {
        // SAFETY: `split` hands out disjoint ranges, and the operands are as long as the destination.
        unsafe {
            let to = dst.range(range.clone()).as_mut_ptr();
            let source = |operand: First| match operand {
                First::Same => Source { row: to, step: ROW },
                First::Other(slice) => Source { row: slice[range.clone()].as_ptr(), step: ROW },
            };
            apply(formula, to, operands.map(source), range.len());
        }
    });
}

/// dst[i] = f(a[i]).
pub fn unary(dst: &mut [f32], a: First, f: impl Fn(V) -> V + Copy + Sync) {
    each(dst, [a], &Each(move |[a]: [V; 1]| f(a)));
}

/// dst[i] = f(a[i], b[i]).
pub fn binary(dst: &mut [f32], a: First, b: &[f32], f: impl Fn(V, V) -> V + Copy + Sync) {
    each(dst, [a, First::Other(b)], &Each(move |[a, b]: [V; 2]| f(a, b)));
}

/// dst[i] = f(a[i], b[i], c[i]).
pub fn ternary(dst: &mut [f32], a: First, b: &[f32], c: &[f32], f: impl Fn(V, V, V) -> V + Copy + Sync) {
    each(dst, [a, First::Other(b), First::Other(c)], &Each(move |[a, b, c]: [V; 3]| f(a, b, c)));
}

/// row[i] = f(row[i]) inside a kernel; see [`update_row`].
#[inline(always)]
pub fn map_row(row: &mut [f32], f: impl Fn(V) -> V + Copy + Sync) {
    #[cfg(target_family = "wasm")]
    // SAFETY: the row is borrowed mutably.
    unsafe {
        apply(&Each(move |[x]: [V; 1]| f(x)), row.as_mut_ptr(), [Source { row: row.as_ptr(), step: ROW }], row.len());
    }
    #[cfg(not(target_family = "wasm"))]
    {
        let (rows, rest) = row.as_chunks_mut::<ROW>();
        rows.iter_mut().flatten().for_each(|x| *x = f(*x));
        if let Some(&first) = rest.first() {
            // Padded with what is there, for element by element the rest would take longer than the rows.
            let mut padded = [first; ROW];
            padded[..rest.len()].copy_from_slice(rest);
            padded.iter_mut().for_each(|x| *x = f(*x));
            rest.copy_from_slice(&padded[..rest.len()]);
        }
    }
}

/// row[i] = f(row[i], x[i]) inside a kernel, with its instruction set. (WASM has one: there the call is the smaller code.)
#[inline(always)]
pub fn update_row(row: &mut [f32], x: &[f32], f: impl Fn(V, V) -> V + Copy + Sync) {
    assert_eq!(row.len(), x.len(), "the rows differ in length");
    #[cfg(target_family = "wasm")]
    {
        let sources = [row.as_ptr(), x.as_ptr()].map(|row| Source { row, step: ROW });
        // SAFETY: both are of one length, and the row is borrowed mutably.
        unsafe { apply(&Each(move |[row, x]: [V; 2]| f(row, x)), row.as_mut_ptr(), sources, row.len()) };
    }
    #[cfg(not(target_family = "wasm"))]
    row.iter_mut().zip(x).for_each(|(row, &x)| *row = f(*row, x));
}

/// Sets every element to `value`.
pub fn fill(dst: &mut [f32], value: f32) {
    let (len, dst) = (dst.len(), Shared::new(dst));
    // SAFETY: `split` hands out disjoint ranges.
    split(len, 1, 16, |range| unsafe { dst.range(range) }.fill(value));
}

/// Copies `src` to `dst`.
pub fn copy(dst: &mut [f32], src: &[f32]) {
    assert_eq!(src.len(), dst.len(), "source and destination differ in length");
    let (len, dst) = (dst.len(), Shared::new(dst));
    // SAFETY: `split` hands out disjoint ranges.
    split(len, 1, 16, |range| unsafe { dst.range(range.clone()) }.copy_from_slice(&src[range]));
}

/// dst = f(a, b) with NumPy's broadcasting: dimensions are aligned at the right, and each of `a_dims`, `b_dims` is that of
/// `dst_dims`, or 1 or missing (repeated).
pub fn broadcast2(
    dst: &mut [f32],
    dst_dims: &[usize],
    a: &[f32],
    a_dims: &[usize],
    b: &[f32],
    b_dims: &[usize],
    f: impl Fn(V, V) -> V + Copy + Sync,
) {
    broadcast(dst, dst_dims, [a, b], [a_dims, b_dims], &Each(move |[a, b]: [V; 2]| f(a, b)));
}

/// As [`broadcast2`].
pub fn broadcast(
    dst: &mut [f32],
    dst_dims: &[usize],
    [a, b]: [&[f32]; 2],
    dims: [&[usize]; 2],
    formula: &dyn Formula<2>,
) {
    let [a_dims, b_dims] = dims;
    let len = dst_dims.iter().product::<usize>();
    assert_eq!(dst.len(), len, "the destination has other than the product of its dimensions");
    assert_eq!(a.len(), a_dims.iter().product(), "operand 0 has other than the product of its dimensions");
    assert_eq!(b.len(), b_dims.iter().product(), "operand 1 has other than the product of its dimensions");
    let axes = Axes::collapse(dst_dims, a_dims, b_dims);
    if len == 0 {
        return;
    }
    let dst = Shared::new(dst);
    split(len, 1, ROW, |range| {
        // SAFETY: `split` hands out disjoint ranges.
        let part = unsafe { dst.range(range.clone()) };
        broadcast_part(part, range.start, &axes, [a, b], formula);
    });
}

/// Dimensions of a broadcast, innermost first, with neighbours that both operands walk alike merged into one.
struct Axes {
    rank: usize,
    size: [usize; MAX_RANK],
    /// Steps of a and of b per step of the axis; 0 where the operand is repeated.
    step: [[usize; 2]; MAX_RANK],
}

impl Axes {
    fn collapse(dst_dims: &[usize], a_dims: &[usize], b_dims: &[usize]) -> Self {
        assert!(dst_dims.len() <= MAX_RANK, "broadcasting takes at most {MAX_RANK} dimensions");
        assert!(a_dims.len().max(b_dims.len()) <= dst_dims.len(), "an operand has more dimensions than the result");
        let mut axes = Axes { rank: 1, size: [1; MAX_RANK], step: [[0; 2]; MAX_RANK] };
        let mut strides = [1usize; 2];
        for i in 0..dst_dims.len() {
            let size = dst_dims[dst_dims.len() - 1 - i];
            let step: [usize; 2] = std::array::from_fn(|operand| {
                let dims = [a_dims, b_dims][operand];
                let own = if i < dims.len() { dims[dims.len() - 1 - i] } else { 1 };
                assert!(own == size || own == 1, "dimensions do not broadcast");
                let step = if own == 1 { 0 } else { strides[operand] };
                strides[operand] *= own;
                step
            });
            let last = axes.rank - 1;
            let goes_on = (0..2).all(|operand| step[operand] == axes.step[last][operand] * axes.size[last]);
            if size == 1 {
            } else if axes.size[last] == 1 {
                (axes.size[last], axes.step[last]) = (size, step);
            } else if goes_on {
                axes.size[last] *= size;
            } else {
                (axes.size[axes.rank], axes.step[axes.rank]) = (size, step);
                axes.rank += 1;
            }
        }
        axes
    }
}

/// The elements of a broadcast from `start` on: row by row of the innermost axis.
fn broadcast_part(dst: &mut [f32], start: usize, axes: &Axes, operands: [&[f32]; 2], formula: &dyn Formula<2>) {
    let Axes { rank, size, step } = axes;
    // The place of the first element on every axis, and what it means in the operands.
    let (mut at, mut left) = ([0usize; MAX_RANK], start);
    let mut from = [0; 2];
    for axis in 0..*rank {
        at[axis] = left % size[axis];
        left /= size[axis];
        if axis > 0 {
            (0..2).for_each(|o| from[o] += at[axis] * step[axis][o]);
        }
    }
    let mut rest = dst;
    let mut column = at[0];
    loop {
        let count = (size[0] - column).min(rest.len());
        let (row, after) = rest.split_at_mut(count);
        let mut repeated = [[0.0; ROW]; 2];
        for o in 0..2 {
            repeated[o] = [operands[o][from[o] + column * step[0][o]]; ROW];
        }
        let sources: [Source; 2] = std::array::from_fn(|o| match step[0][o] {
            0 => Source { row: repeated[o].as_ptr(), step: 0 },
            _ => Source { row: operands[o][from[o] + column..][..count].as_ptr(), step: ROW },
        });
        // SAFETY: the operands hold `count` elements, or one for all; the row is borrowed mutably.
        unsafe { apply(formula, row.as_mut_ptr(), sources, count) };
        if after.is_empty() {
            return;
        }
        (rest, column) = (after, 0);
        for axis in 1..*rank {
            at[axis] += 1;
            (0..2).for_each(|o| from[o] += step[axis][o]);
            if at[axis] < size[axis] {
                break;
            }
            (0..2).for_each(|o| from[o] -= size[axis] * step[axis][o]);
            at[axis] = 0;
        }
    }
}
