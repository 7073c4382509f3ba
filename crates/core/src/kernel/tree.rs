//! The shape of sums, which depends on their length alone.
//!
//! Blocks of [`BLOCK`] elements (the last may be shorter); inside a block, lane j of [`LANES`] starts
//! at 0 and adds elements j, j + 16, … in order, then lanes are halved (lane j += lane j + 8, then 4, 2, 1). Blocks go
//! into a binary counter: two neighbouring subtrees of equal size merge at once, and what is left at the end merges
//! from the smallest to the largest. So any aligned power of two of blocks may be summed elsewhere.

use super::pool::{SPLIT_FROM, Shared, parallel, threads};
use super::vector::{D, V, WIDTH, at_least, doubles, equal, floats, load, pick, widened};
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

/// A sum-like operation: how lanes take elements, and how two results merge.
pub trait Rule: Copy {
    /// What is summed up.
    type T: Merge;
    /// As many lanes as [`V`] has.
    type Lanes: Copy;
    /// Lanes that have taken nothing.
    fn none(self) -> Self::Lanes;
    /// One more element for each lane; `y` is the other vector's, for rules of two.
    fn take(self, lanes: Self::Lanes, x: V, y: V) -> Self::Lanes;
    /// The lanes one by one.
    fn each(lanes: Self::Lanes) -> [Self::T; WIDTH];
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

/// A rule that sums in f32: what it adds to a lane.
macro_rules! sum {
    ($rule:ident, |$self:ident, $x:ident, $y:ident| $term:expr) => {
        impl Rule for $rule {
            type T = f32;
            type Lanes = V;
            #[inline(always)]
            fn none(self) -> V {
                V::from(0.0)
            }
            #[inline(always)]
            fn take($self, lanes: V, $x: V, $y: V) -> V {
                lanes + $term
            }
            #[inline(always)]
            fn each(lanes: V) -> [f32; WIDTH] {
                floats(lanes)
            }
        }
    };
}

/// Σ x.
#[derive(Clone, Copy)]
pub struct Add;
sum!(Add, |self, x, _y| x);

/// Σ exp(x − shift).
#[derive(Clone, Copy)]
pub struct AddExp {
    pub shift: f32,
}

sum!(AddExp, |self, x, _y| super::math::exp(x - self.shift));

/// Σ x·y.
#[derive(Clone, Copy)]
pub struct Dot;

sum!(Dot, |self, x, y| x * y);

/// Σ x² in f64.
#[derive(Clone, Copy)]
pub struct Squares;

impl Rule for Squares {
    type T = f64;
    type Lanes = D;
    #[inline(always)]
    fn none(self) -> D {
        D::from(0.0)
    }
    #[inline(always)]
    fn take(self, lanes: D, x: V, _: V) -> D {
        let x = widened(x);
        lanes + x * x
    }
    #[inline(always)]
    fn each(lanes: D) -> [f64; WIDTH] {
        doubles(lanes)
    }
}

/// The largest x, NaN if there is one.
#[derive(Clone, Copy)]
pub struct Max;

impl Rule for Max {
    type T = Largest;
    type Lanes = V;
    #[inline(always)]
    fn none(self) -> V {
        V::from(f32::NEG_INFINITY)
    }
    #[inline(always)]
    fn take(self, lanes: V, x: V, _: V) -> V {
        largest(lanes, x)
    }
    #[inline(always)]
    fn each(lanes: V) -> [Largest; WIDTH] {
        floats(lanes).map(Largest)
    }
}

/// [`Largest::merge`] of vectors.
#[inline(always)]
pub fn largest(a: V, b: V) -> V {
    pick(at_least(a, b), a, pick(equal(a, a), b, a))
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
    pub fn push(&mut self, block: T) {
        self.push_tree(0, block);
    }

    /// Takes the next 2^`first` blocks in one: no more than the number taken so far is a multiple of.
    #[inline(always)]
    fn push_tree(&mut self, first: usize, mut block: T) {
        let mut level = first;
        while self.count >> level & 1 == 1 {
            block = self.waiting[level].merge(block);
            level += 1;
        }
        self.waiting[level] = block;
        self.count += 1 << first;
    }

    /// Takes blocks that change nothing until there are `count`.
    pub fn skip_to(&mut self, count: usize) {
        while self.count < count {
            let most = (count - self.count).ilog2() as usize;
            self.push_tree(most.min(self.count.trailing_zeros() as usize), T::NONE);
        }
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

/// A whole contiguous range. Natively inlined, for its caller's instruction set; WASM has one, and is shipped.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub fn contiguous<R: Rule>(x: &[f32], y: &[f32], rule: R) -> R::T {
    if cfg!(target_family = "wasm") {
        // One call in all, and no counter for a block alone.
        let mut counter = None;
        for (part, y) in x.chunks(BLOCK).zip(y.chunks(BLOCK)) {
            let block = block(part, y, rule);
            if x.len() <= BLOCK {
                return block;
            }
            counter.get_or_insert_with(Counter::new).push(block);
        }
        return counter.map_or(R::T::NONE, |counter| counter.finish());
    }
    if x.len() <= BLOCK {
        return block(x, y, rule);
    }
    let mut counter = Counter::new();
    // Two blocks side by side: their chains of additions overlap. (As one array, for of two LLVM makes odd vectors.)
    let (x_pairs, x_rest) = x.as_chunks::<{ 2 * BLOCK }>();
    let (y_pairs, y_rest) = y.as_chunks::<{ 2 * BLOCK }>();
    for (x, y) in x_pairs.iter().zip(y_pairs) {
        let (x, y) = (x.as_chunks::<LANES>().0, y.as_chunks::<LANES>().0);
        let mut lanes = [[rule.none(); VECTORS]; 2];
        for i in 0..ROWS {
            for (side, lanes) in lanes.iter_mut().enumerate() {
                add_row(lanes, &x[side * ROWS + i], &y[side * ROWS + i], rule);
            }
        }
        lanes.into_iter().for_each(|lanes| counter.push(halve(spread(lanes, rule))));
    }
    for (x, y) in x_rest.chunks(BLOCK).zip(y_rest.chunks(BLOCK)) {
        counter.push(block(x, y, rule));
    }
    counter.finish()
}

/// Vectors that hold all lanes.
const VECTORS: usize = LANES / WIDTH;

#[inline(always)]
fn block<R: Rule>(x: &[f32], y: &[f32], rule: R) -> R::T {
    let mut lanes = [rule.none(); VECTORS];
    let (x_rows, x_rest) = x.as_chunks::<LANES>();
    let (y_rows, y_rest) = y.as_chunks::<LANES>();
    for (x, y) in x_rows.iter().zip(y_rows) {
        add_row(&mut lanes, x, y, rule);
    }
    let mut result = spread(lanes, rule);
    if !x_rest.is_empty() {
        // Padded, so that the rule's code stands here once more and not for every length of rest.
        let row = padded(x_rest);
        let other = if x.as_ptr() == y.as_ptr() { row } else { padded(y_rest) };
        add_row(&mut lanes, &row, &other, rule);
        let last = spread(lanes, rule);
        for j in 0..LANES {
            result[j] = if j < x_rest.len() { last[j] } else { result[j] };
        }
    }
    halve(result)
}

/// What is left of a row and zeros. Element by element: a copy of some length is a call, and takes longer than a small sum.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn padded(rest: &[f32]) -> [f32; LANES] {
    std::array::from_fn(|j| rest.get(j).copied().unwrap_or(0.0))
}

#[inline(always)]
fn add_row<R: Rule>(lanes: &mut [R::Lanes; VECTORS], x: &[f32; LANES], y: &[f32; LANES], rule: R) {
    for j in 0..VECTORS {
        // SAFETY: both rows have VECTORS · WIDTH floats.
        let [x, y] = [x, y].map(|row| unsafe { load(row.as_ptr().add(j * WIDTH)) });
        lanes[j] = rule.take(lanes[j], x, y);
    }
}

/// The lanes one by one.
#[inline(always)]
fn spread<R: Rule>(lanes: [R::Lanes; VECTORS], _: R) -> [R::T; LANES] {
    let mut all = [R::T::NONE; LANES];
    for j in 0..VECTORS {
        all[j * WIDTH..(j + 1) * WIDTH].copy_from_slice(&R::each(lanes[j]));
    }
    all
}

#[inline(always)]
pub fn halve<T: Merge>(mut lanes: [T; LANES]) -> T {
    for half in [8, 4, 2, 1] {
        for j in 0..half {
            lanes[j] = lanes[j].merge(lanes[j + half]);
        }
    }
    lanes[0]
}
