//! The micro-kernel: one tile of C, all of k, in registers; one source for every instruction set.
//!
//! Its order of operations is the numeric contract of the product: inside a block of [`KC`] values of k products are added in order
//! from 0, multiplied and added with two roundings (fused: one); blocks merge in a binary counter, and what is left at the
//! end merges from the smallest to the largest.

use super::super::ahead::soon_written;
use super::lanes::Lanes;
use std::mem::MaybeUninit;

/// Values of k per block.
pub const KC: usize = 256;
/// Levels of the counter: enough for k < 2³².
pub const LEVELS: usize = 24;
/// No tile has more floats than this.
pub const MAX_TILE: usize = 512;
/// No tile is wider than this.
pub const MAX_WIDTH: usize = 64;

/// Where one tile finds its operands.
#[derive(Clone, Copy)]
pub struct Tile {
    /// Length of the sums.
    pub k: usize,
    /// First element of the tile's rows of A, which are read one float at a time.
    pub a: *const f32,
    /// Step from row to row of A.
    pub a_row: usize,
    /// Step from k to k of A.
    pub a_col: usize,
    /// First element of the tile's columns of B: neighbours in memory, the whole width readable.
    pub b: *const f32,
    /// Step from k to k of B.
    pub b_row: usize,
    /// First element of the tile in C.
    pub c: *mut f32,
    /// Step from row to row of C.
    pub c_row: usize,
    /// Added to every row unless null; as many as `columns`.
    pub bias: *const f32,
    /// Columns to write: at most the width.
    pub columns: usize,
    /// Room for `LEVELS` tiles.
    pub waiting: *mut f32,
    /// Whether a product and its sum are rounded once.
    #[cfg(not(target_arch = "wasm32"))]
    pub fused: bool,
}

/// The tiles of one instruction set.
pub trait Shape {
    /// The most rows of a tile.
    const ROWS: usize;
    /// Columns of a tile.
    const WIDTH: usize;
    /// Columns of a narrow tile.
    const NARROW: usize;

    /// Computes a tile of `rows` rows (1 to `ROWS`).
    ///
    /// # Safety
    /// The tile's pointers are good for its sizes, and this machine has the instruction set.
    unsafe fn tile(rows: usize, narrow: bool, tile: &Tile);
}

/// One block of k for one tile.
#[inline(always)]
unsafe fn block<L: Lanes, const MR: usize, const NV: usize>(t: &Tile, from: usize, to: usize) -> [[L; NV]; MR] {
    #[cfg(not(target_arch = "wasm32"))]
    if t.fused {
        // SAFETY: by the caller's promise, here and below.
        return unsafe { sums::<L, MR, NV>(t, from, to, |sum, x, y| x.fused(y, sum)) };
    }
    // SAFETY: as above.
    unsafe { sums::<L, MR, NV>(t, from, to, |sum, x, y| sum.add(x.mul(y))) }
}

/// The same, `plus` adding a product to a sum.
#[inline(always)]
unsafe fn sums<L: Lanes, const MR: usize, const NV: usize>(
    t: &Tile,
    from: usize,
    to: usize,
    plus: impl Fn(L, L, L) -> L,
) -> [[L; NV]; MR] {
    // SAFETY: the caller's tile covers MR rows of A and NV vectors of every row of B.
    unsafe {
        let mut sums = [[L::splat(0.0); NV]; MR];
        let (mut a, mut b) = (t.a.add(from * t.a_col), t.b.add(from * t.b_row));
        for _ in from..to {
            let mut row = [L::splat(0.0); NV];
            for v in 0..NV {
                row[v] = L::load(b.add(v * L::N));
            }
            for i in 0..MR {
                let x = L::splat(*a.add(i * t.a_row));
                for v in 0..NV {
                    sums[i][v] = plus(sums[i][v], x, row[v]);
                }
            }
            a = a.wrapping_add(t.a_col);
            b = b.wrapping_add(t.b_row);
        }
        sums
    }
}

/// sums = waiting[level] + sums.
#[inline(always)]
unsafe fn merge<L: Lanes, const MR: usize, const NV: usize>(waiting: *const f32, sums: &mut [[L; NV]; MR]) {
    for i in 0..MR {
        for v in 0..NV {
            // SAFETY: a level has MR · NV vectors.
            sums[i][v] = unsafe { L::load(waiting.add((i * NV + v) * L::N)).add(sums[i][v]) };
        }
    }
}

/// One whole tile.
///
/// # Safety
/// As for [`Shape::tile`].
#[inline(always)]
pub unsafe fn tile<L: Lanes, const MR: usize, const NV: usize>(t: &Tile) {
    const { assert!(MR * NV * L::N <= MAX_TILE && NV * L::N <= MAX_WIDTH) };
    let size = MR * NV * L::N;
    // Else each line of C would be waited for when it is stored; shorter sums end before it comes.
    for i in 0..if t.k < 64 { 0 } else { MR } {
        (0..NV).for_each(|v| soon_written(t.c.wrapping_add(i * t.c_row + v * L::N)));
    }
    // SAFETY: by the caller's promise; `waiting` has room for LEVELS tiles, and count < 2^LEVELS.
    unsafe {
        let (mut from, mut count) = (0, 0usize);
        let mut sums = loop {
            let to = t.k.min(from + KC);
            let mut sums = block::<L, MR, NV>(t, from, to);
            if to == t.k {
                break sums;
            }
            let mut level = 0;
            while count >> level & 1 == 1 {
                merge(t.waiting.add(level * size), &mut sums);
                level += 1;
            }
            for i in 0..MR {
                for v in 0..NV {
                    sums[i][v].store(t.waiting.add(level * size + (i * NV + v) * L::N));
                }
            }
            (from, count) = (to, count + 1);
        };
        while count != 0 {
            merge(t.waiting.add(count.trailing_zeros() as usize * size), &mut sums);
            count &= count - 1;
        }
        write(t, &sums);
    }
}

/// Adds the bias and stores the tile.
#[inline(always)]
unsafe fn write<L: Lanes, const MR: usize, const NV: usize>(t: &Tile, sums: &[[L; NV]; MR]) {
    // SAFETY: C has MR rows of `columns` there, the bias `columns` floats.
    unsafe {
        if t.columns == NV * L::N {
            for v in 0..NV {
                let bias = if t.bias.is_null() { None } else { Some(L::load(t.bias.add(v * L::N))) };
                for i in 0..MR {
                    let sum = bias.map_or(sums[i][v], |bias| sums[i][v].add(bias));
                    sum.store(t.c.add(i * t.c_row + v * L::N));
                }
            }
            return;
        }
        for i in 0..MR {
            let mut row = MaybeUninit::<[f32; MAX_WIDTH]>::uninit();
            let row: *mut f32 = row.as_mut_ptr().cast();
            for v in 0..NV {
                sums[i][v].store(row.add(v * L::N));
            }
            for j in 0..t.columns {
                let sum = *row.add(j);
                *t.c.add(i * t.c_row + j) = if t.bias.is_null() { sum } else { sum + *t.bias.add(j) };
            }
        }
    }
}

/// A [`Shape`]: vectors, vectors per wide tile, row counts, instruction set.
macro_rules! shape {
    ($name:ident, $lanes:ty, $vectors:literal, $rows:literal: $($mr:literal)*, $(#[$set:meta])*) => {
        /// Tiles for one instruction set.
        pub struct $name;
        impl Shape for $name {
            const ROWS: usize = $rows;
            const WIDTH: usize = $vectors * <$lanes as Lanes>::N;
            const NARROW: usize = <$lanes as Lanes>::N;
            unsafe fn tile(rows: usize, narrow: bool, t: &Tile) {
                // By itself: engines of WASM compile by the function, and this one is hot long before all around it.
                #[inline(never)]
                $(#[$set])*
                unsafe fn one<const MR: usize, const NV: usize>(t: &Tile) {
                    // SAFETY: by the promise of the caller of `tile`.
                    unsafe { tile::<$lanes, MR, NV>(t) }
                }
                // SAFETY: by this function's own promise.
                unsafe {
                    match (rows, narrow) {
                        $(($mr, false) => one::<$mr, $vectors>(t), ($mr, true) => one::<$mr, 1>(t),)*
                        _ => unreachable!("a tile has 1 to {} rows", $rows),
                    }
                }
            }
        }
    };
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
shape!(PortableShape, super::lanes::Portable, 1, 4: 1 2 3 4,);
#[cfg(target_arch = "x86_64")]
shape!(Avx2Shape, std::arch::x86_64::__m256, 2, 6: 1 2 3 4 5 6, #[target_feature(enable = "avx2,fma")]);
#[cfg(target_arch = "x86_64")]
shape!(Avx512Shape, std::arch::x86_64::__m512, 2, 12: 1 2 3 4 5 6 7 8 9 10 11 12,
    #[target_feature(enable = "avx512f,avx512vl")]);
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
shape!(WasmShape, std::arch::wasm32::v128, 2, 4: 1 2 3 4,);
