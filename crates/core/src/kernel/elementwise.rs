//! Loops that apply one function to every element: the function is inlined and compiled for the best instruction set,
//! and large slices are shared among threads. Refuses slices of unequal lengths.

use super::pool::{Shared, split};
use super::simd::{Kernel, dispatch};
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

/// dst[i] = f(a[i]).
pub fn unary(dst: &mut [f32], a: First, f: impl Fn(f32) -> f32 + Copy + Sync) {
    a.check(dst.len());
    let (len, dst) = (dst.len(), Shared::new(dst));
    split(len, 1, 16, |range| {
        // SAFETY: `split` hands out disjoint ranges.
        let part = unsafe { dst.range(range.clone()) };
        dispatch(Unary { dst: part, a: a.range(range), f });
    });
}

/// dst[i] = f(a[i], b[i]).
pub fn binary(dst: &mut [f32], a: First, b: &[f32], f: impl Fn(f32, f32) -> f32 + Copy + Sync) {
    a.check(dst.len());
    assert_eq!(b.len(), dst.len(), "operand 1 and the destination differ in length");
    let (len, dst) = (dst.len(), Shared::new(dst));
    split(len, 1, 16, |range| {
        // SAFETY: `split` hands out disjoint ranges.
        let part = unsafe { dst.range(range.clone()) };
        dispatch(Binary { dst: part, a: a.range(range.clone()), b: &b[range], f });
    });
}

/// dst[i] = f(a[i], b[i], c[i]).
pub fn ternary(dst: &mut [f32], a: First, b: &[f32], c: &[f32], f: impl Fn(f32, f32, f32) -> f32 + Copy + Sync) {
    a.check(dst.len());
    assert_eq!(b.len(), dst.len(), "operand 1 and the destination differ in length");
    assert_eq!(c.len(), dst.len(), "operand 2 and the destination differ in length");
    let (len, dst) = (dst.len(), Shared::new(dst));
    split(len, 1, 16, |range| {
        // SAFETY: `split` hands out disjoint ranges.
        let part = unsafe { dst.range(range.clone()) };
        dispatch(Ternary { dst: part, a: a.range(range.clone()), b: &b[range.clone()], c: &c[range], f });
    });
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
    f: impl Fn(f32, f32) -> f32 + Copy + Sync,
) {
    let len = dst_dims.iter().product::<usize>();
    assert_eq!(dst.len(), len, "the destination has other than the product of its dimensions");
    assert_eq!(a.len(), a_dims.iter().product(), "operand 0 has other than the product of its dimensions");
    assert_eq!(b.len(), b_dims.iter().product(), "operand 1 has other than the product of its dimensions");
    let axes = Axes::collapse(dst_dims, a_dims, b_dims);
    if len == 0 {
        return;
    }
    let dst = Shared::new(dst);
    split(len, 1, 16, |range| {
        // SAFETY: `split` hands out disjoint ranges.
        let part = unsafe { dst.range(range.clone()) };
        dispatch(Broadcast { dst: part, start: range.start, axes: &axes, a, b, f });
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
                assert!(own == size || own == 1, "dimensions do not broadcast: {a_dims:?}, {b_dims:?} to {dst_dims:?}");
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

struct Unary<'a, F> {
    dst: &'a mut [f32],
    a: First<'a>,
    f: F,
}

impl<F: Fn(f32) -> f32> Kernel for Unary<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        match self.a {
            First::Same => self.dst.iter_mut().for_each(|x| *x = (self.f)(*x)),
            First::Other(a) => self.dst.iter_mut().zip(a).for_each(|(x, &a)| *x = (self.f)(a)),
        }
    }
}

struct Binary<'a, F> {
    dst: &'a mut [f32],
    a: First<'a>,
    b: &'a [f32],
    f: F,
}

impl<F: Fn(f32, f32) -> f32> Kernel for Binary<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let pairs = self.dst.iter_mut().zip(self.b);
        match self.a {
            First::Same => pairs.for_each(|(x, &b)| *x = (self.f)(*x, b)),
            First::Other(a) => pairs.zip(a).for_each(|((x, &b), &a)| *x = (self.f)(a, b)),
        }
    }
}

struct Ternary<'a, F> {
    dst: &'a mut [f32],
    a: First<'a>,
    b: &'a [f32],
    c: &'a [f32],
    f: F,
}

impl<F: Fn(f32, f32, f32) -> f32> Kernel for Ternary<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let triples = self.dst.iter_mut().zip(self.b).zip(self.c);
        match self.a {
            First::Same => triples.for_each(|((x, &b), &c)| *x = (self.f)(*x, b, c)),
            First::Other(a) => triples.zip(a).for_each(|(((x, &b), &c), &a)| *x = (self.f)(a, b, c)),
        }
    }
}

struct Broadcast<'a, F> {
    dst: &'a mut [f32],
    /// Place of `dst` in the whole result.
    start: usize,
    axes: &'a Axes,
    a: &'a [f32],
    b: &'a [f32],
    f: F,
}

impl<F: Fn(f32, f32) -> f32> Kernel for Broadcast<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let Axes { rank, size, step } = self.axes;
        // The place of the first element on every axis, and what it means in a and b.
        let (mut at, mut left) = ([0usize; MAX_RANK], self.start);
        let (mut a, mut b) = (0, 0);
        for axis in 0..*rank {
            at[axis] = left % size[axis];
            left /= size[axis];
            if axis > 0 {
                a += at[axis] * step[axis][0];
                b += at[axis] * step[axis][1];
            }
        }
        let mut rest = self.dst;
        let mut column = at[0];
        loop {
            let count = (size[0] - column).min(rest.len());
            let (row, after) = rest.split_at_mut(count);
            let (a_step, b_step) = (step[0][0], step[0][1]);
            let (a_start, b_start) = (a + column * a_step, b + column * b_step);
            match (a_step, b_step) {
                (1, 1) => {
                    let pairs = self.a[a_start..a_start + count].iter().zip(&self.b[b_start..b_start + count]);
                    row.iter_mut().zip(pairs).for_each(|(x, (&a, &b))| *x = (self.f)(a, b));
                }
                (1, _) => {
                    let b = self.b[b_start];
                    row.iter_mut().zip(&self.a[a_start..a_start + count]).for_each(|(x, &a)| *x = (self.f)(a, b));
                }
                (_, 1) => {
                    let a = self.a[a_start];
                    row.iter_mut().zip(&self.b[b_start..b_start + count]).for_each(|(x, &b)| *x = (self.f)(a, b));
                }
                _ => row.fill((self.f)(self.a[a_start], self.b[b_start])),
            }
            if after.is_empty() {
                return;
            }
            (rest, column) = (after, 0);
            for axis in 1..*rank {
                at[axis] += 1;
                a += step[axis][0];
                b += step[axis][1];
                if at[axis] < size[axis] {
                    break;
                }
                a -= size[axis] * step[axis][0];
                b -= size[axis] * step[axis][1];
                at[axis] = 0;
            }
        }
    }
}
