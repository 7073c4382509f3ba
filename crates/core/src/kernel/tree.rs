//! The shape of sums, which depends on their length alone.
//!
//! Blocks of [`BLOCK`] elements (the last may be shorter); inside a block, lane j of [`LANES`] starts
//! at 0 and adds elements j, j + 16, … in order, then lanes are halved (lane j += lane j + 8, then 4, 2, 1). Blocks go
//! into a binary counter: two neighbouring subtrees of equal size merge at once, and what is left at the end merges
//! from the smallest to the largest. So any aligned power of two of blocks may be summed elsewhere.

use super::pool::{SPLIT_FROM, Shared, parallel, threads};
use std::ops::Range;

/// Elements per block of a contiguous sum, rows per block of a sum over rows.
pub const BLOCK: usize = 256;
/// Strided accumulators inside a block of a contiguous sum.
pub const LANES: usize = 16;
/// Additions to each lane in a whole block.
const ROWS: usize = BLOCK / LANES;
/// Levels of the counter: enough for 2⁴⁰ elements.
pub const LEVELS: usize = 32;
/// Threads share a sum in at most this many pieces, each a power of two of blocks.
const PIECES: usize = 64;

/// A sum-like operation: 16 lanes of `T`, how they take an element, and how two results merge.
pub trait Rule: Copy {
    /// What is summed up.
    type T: Merge;
    /// One more element; `y` is the other vector's, for rules of two.
    fn take(self, lane: Self::T, x: f32, y: f32) -> Self::T;
}

/// Results that merge, with the one that changes nothing.
pub trait Merge: Copy + Send {
    /// The result of nothing.
    const NONE: Self;
    /// The result of both parts, `self` being the left one.
    fn merge(self, other: Self) -> Self;
}

impl Merge for f32 {
    const NONE: f32 = 0.0;
    #[inline(always)]
    fn merge(self, other: f32) -> f32 {
        self + other
    }
}

impl Merge for f64 {
    const NONE: f64 = 0.0;
    #[inline(always)]
    fn merge(self, other: f64) -> f64 {
        self + other
    }
}

/// The maximum so far.
#[derive(Clone, Copy)]
pub struct Largest(pub f32);

impl Merge for Largest {
    const NONE: Largest = Largest(f32::NEG_INFINITY);
    #[inline(always)]
    fn merge(self, other: Largest) -> Largest {
        // Keeps a NaN of either side.
        Largest(if self.0 >= other.0 || self.0.is_nan() { self.0 } else { other.0 })
    }
}

/// Σ x.
#[derive(Clone, Copy)]
pub struct Add;

impl Rule for Add {
    type T = f32;
    #[inline(always)]
    fn take(self, lane: f32, x: f32, _: f32) -> f32 {
        lane + x
    }
}

/// Σ exp(x − shift).
#[derive(Clone, Copy)]
pub struct AddExp {
    pub shift: f32,
}

impl Rule for AddExp {
    type T = f32;
    #[inline(always)]
    fn take(self, lane: f32, x: f32, _: f32) -> f32 {
        lane + super::math::exp(x - self.shift)
    }
}

/// Σ x·y.
#[derive(Clone, Copy)]
pub struct Dot;

impl Rule for Dot {
    type T = f32;
    #[inline(always)]
    fn take(self, lane: f32, x: f32, y: f32) -> f32 {
        lane + x * y
    }
}

/// Σ x² in f64.
#[derive(Clone, Copy)]
pub struct Squares;

impl Rule for Squares {
    type T = f64;
    #[inline(always)]
    fn take(self, lane: f64, x: f32, _: f32) -> f64 {
        lane + f64::from(x) * f64::from(x)
    }
}

/// The largest x, NaN if there is one.
#[derive(Clone, Copy)]
pub struct Max;

impl Rule for Max {
    type T = Largest;
    #[inline(always)]
    fn take(self, lane: Largest, x: f32, _: f32) -> Largest {
        lane.merge(Largest(x))
    }
}

/// The binary counter: bit l of `count` says whether a subtree of 2ˡ blocks waits in `waiting[l]`.
pub struct Counter<T> {
    count: usize,
    waiting: [T; LEVELS],
}

impl<T: Merge> Counter<T> {
    /// Nothing yet.
    #[inline(always)]
    pub fn new() -> Self {
        Counter { count: 0, waiting: [T::NONE; LEVELS] }
    }

    /// Takes the next block.
    #[inline(always)]
    pub fn push(&mut self, mut block: T) {
        let mut level = 0;
        while self.count >> level & 1 == 1 {
            block = self.waiting[level].merge(block);
            level += 1;
        }
        self.waiting[level] = block;
        self.count += 1;
    }

    /// Everything taken so far.
    #[inline(always)]
    pub fn finish(&self) -> T {
        let mut result = None;
        for level in 0..LEVELS {
            if self.count >> level & 1 == 1 {
                result = Some(result.map_or(self.waiting[level], |small| self.waiting[level].merge(small)));
            }
        }
        result.unwrap_or(T::NONE)
    }
}

/// Reduces 0..len by `piece` (which reduces one aligned range by the rule's own tree), on several threads if that pays.
pub fn fold<T: Merge>(len: usize, piece: &(dyn Fn(Range<usize>) -> T + Sync)) -> T {
    if len < SPLIT_FROM || threads() == 1 {
        return piece(0..len);
    }
    // Aligned powers of two of blocks are subtrees of the one tree.
    let size = len.div_ceil(PIECES).max(SPLIT_FROM / 4).next_power_of_two();
    let pieces = len.div_ceil(size);
    let mut results = [T::NONE; PIECES];
    let shared = Shared::new(&mut results);
    parallel(pieces, &|part| {
        let result = piece(part * size..((part + 1) * size).min(len));
        // SAFETY: each part writes its own element.
        let slot = unsafe { shared.range(part..part + 1) };
        slot[0] = result;
    });
    let mut counter = Counter::new();
    results[..pieces].iter().for_each(|&result| counter.push(result));
    counter.finish()
}

/// A whole contiguous range.
#[inline(always)]
pub fn contiguous<R: Rule>(x: &[f32], y: &[f32], rule: R) -> R::T {
    if x.len() <= BLOCK {
        return block(x, y, rule);
    }
    let mut counter = Counter::new();
    // Two blocks side by side: their chains of additions overlap. (As one array, for of two LLVM makes odd vectors.)
    let (x_pairs, x_rest) = x.as_chunks::<{ 2 * BLOCK }>();
    let (y_pairs, y_rest) = y.as_chunks::<{ 2 * BLOCK }>();
    for (x, y) in x_pairs.iter().zip(y_pairs) {
        let (x, y) = (x.as_chunks::<LANES>().0, y.as_chunks::<LANES>().0);
        let mut lanes = [[R::T::NONE; LANES]; 2];
        for i in 0..ROWS {
            for (side, lanes) in lanes.iter_mut().enumerate() {
                add_row(lanes, &x[side * ROWS + i], &y[side * ROWS + i], rule);
            }
        }
        lanes.into_iter().for_each(|lanes| counter.push(halve(lanes)));
    }
    for (x, y) in x_rest.chunks(BLOCK).zip(y_rest.chunks(BLOCK)) {
        counter.push(block(x, y, rule));
    }
    counter.finish()
}

#[inline(always)]
fn block<R: Rule>(x: &[f32], y: &[f32], rule: R) -> R::T {
    let mut lanes = [R::T::NONE; LANES];
    let (x_rows, x_rest) = x.as_chunks::<LANES>();
    let (y_rows, y_rest) = y.as_chunks::<LANES>();
    for (x, y) in x_rows.iter().zip(y_rows) {
        add_row(&mut lanes, x, y, rule);
    }
    for (lane, (&x, &y)) in lanes.iter_mut().zip(x_rest.iter().zip(y_rest)) {
        *lane = rule.take(*lane, x, y);
    }
    halve(lanes)
}

#[inline(always)]
fn add_row<R: Rule>(lanes: &mut [R::T; LANES], x: &[f32; LANES], y: &[f32; LANES], rule: R) {
    for j in 0..LANES {
        lanes[j] = rule.take(lanes[j], x[j], y[j]);
    }
}

#[inline(always)]
fn halve<T: Merge>(mut lanes: [T; LANES]) -> T {
    for half in [8, 4, 2, 1] {
        for j in 0..half {
            lanes[j] = lanes[j].merge(lanes[j + half]);
        }
    }
    lanes[0]
}
