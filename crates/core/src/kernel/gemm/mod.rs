//! C = A·B in f32, any strides for A and B (so all transposes), with bias and an elementwise function at the end.
//!
//! The bits of C depend on A, B, k and whether products are fused alone (see `micro`): not on the instruction set, the
//! number of threads, tile sizes or packing. Allocates nothing; refuses views that reach outside their data.

/// Calls a method that has the tiles of the instruction set in use for its parameter.
macro_rules! for_level {
    ($object:ident.$method:ident($($argument:expr),*)) => {{
        #[cfg(target_arch = "x86_64")]
        match level() {
            Level::Avx512 => $object.$method::<micro::Avx512Shape>($($argument),*),
            Level::Avx2 => $object.$method::<micro::Avx2Shape>($($argument),*),
            Level::Baseline => $object.$method::<micro::PortableShape>($($argument),*),
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        $object.$method::<micro::WasmShape>($($argument),*);
        #[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
        $object.$method::<micro::PortableShape>($($argument),*);
    }};
}

mod across;
mod batch;
mod deep;
mod few;
mod lanes;
mod micro;
mod pack;
mod packed;

use super::ahead::soon;
use super::pool::{Shared, parallel, split, threads};
use super::settled::Settled;
#[cfg(not(target_arch = "wasm32"))]
use super::simd::fused;
#[cfg(target_arch = "x86_64")]
use super::simd::{Level, level};
use super::turn;
pub use across::across_scratch_len;
pub use batch::{batch_scratch_len, gemm_batch};
pub use deep::{SHALLOW, deep_scratch_len, gemm_deep, is_deep};
pub use few::Few;
pub use micro::KC;
use micro::{LEVELS, MAX_TILE, MAX_WIDTH, Shape, Tile};
pub(super) use packed::{Packed, packed_len};
use std::mem::MaybeUninit;
use std::ops::Range;

/// Products with fewer floating-point operations stay on the calling thread.
const SPLIT_FROM: usize = 2_000_000;
/// From this many rows of A on, B is packed even where it could be read in place.
const PACK_FROM: usize = 96;
/// Products of so few multiplications are made one by one.
const FEW: usize = 512;
/// Floats of B that one turn packs: about a millisecond.
const PACK_AT_ONCE: usize = 1 << 20;
/// Floating-point operations that a turn is worth, for as long as A stays in the cache: so that B passes by less often.
const FLOPS_AT_ONCE: usize = 1 << 25;
/// Floats of A that stay in the second-level cache while all of B passes by.
pub(super) const CACHED: usize = 1 << 16;

/// A matrix view: element (i, j) is `data[i · row_stride + j · col_stride]`.
#[derive(Clone, Copy, Debug)]
pub struct Mat<'a> {
    /// What it views.
    pub data: &'a [f32],
    /// Step from row to row.
    pub row_stride: usize,
    /// Step from column to column.
    pub col_stride: usize,
}

impl<'a> Mat<'a> {
    /// Row-major with `columns` columns.
    pub fn rows(data: &'a [f32], columns: usize) -> Self {
        Mat { data, row_stride: columns, col_stride: 1 }
    }

    /// The transpose of a row-major matrix with `columns` columns.
    pub fn transposed(data: &'a [f32], columns: usize) -> Self {
        Mat { data, row_stride: 1, col_stride: columns }
    }

    fn check(&self, rows: usize, columns: usize) {
        // In u128, for a product of sizes that wraps around would let a view outside its data through.
        let end = |count: usize, stride: usize| (count.max(1) - 1) as u128 * stride as u128;
        let last = end(rows, self.row_stride) + end(columns, self.col_stride);
        let inside = rows == 0 || columns == 0 || last < self.data.len() as u128;
        assert!(inside, "a matrix reaches outside its data");
    }
}

/// What happens to finished rows of C while they are in cache.
#[derive(Clone, Copy, Debug, Default)]
pub struct Epilogue<'a> {
    /// Added to every row; n numbers.
    pub bias: Option<&'a [f32]>,
    /// Then an elementwise function, called on one or more whole rows at a time.
    pub map: Option<fn(&mut [f32])>,
}

/// Floats of scratch that [`gemm`] needs at most for these sizes and strides, on any instruction set.
pub fn scratch_len(m: usize, n: usize, k: usize, b_col_stride: usize) -> usize {
    let columns = if packs(m, b_col_stride) { n.next_multiple_of(MAX_WIDTH) } else { MAX_WIDTH };
    columns.saturating_mul(k).saturating_add(16)
}

fn packs(m: usize, b_col_stride: usize) -> bool {
    b_col_stride != 1 || m >= PACK_FROM
}

/// C (m × n, row-major, overwritten) = A (m × k) · B (k × n), then the epilogue. `scratch` has at least
/// [`scratch_len`] floats, whose values do not matter.
pub fn gemm(m: usize, n: usize, k: usize, a: Mat, b: Mat, c: &mut [f32], epilogue: Epilogue, scratch: &mut [f32]) {
    if let Some(few) = few(m, n, k, a, b, c, epilogue) {
        return few.run();
    }
    assert!(scratch.len() >= scratch_len(m, n, k, b.col_stride), "the scratch is too short");
    if m * n == 0 {
        return;
    }
    let scratch = &mut scratch[..];
    let aligned = scratch.as_ptr().align_offset(64).min(16);
    let (scratch, spare) = scratch[aligned..].split_at_mut(scratch_len(m, n, k, b.col_stride) - 16);
    let (c, scratch, spare) = (Shared::new(c), Shared::new(scratch), Shared::new(spare));
    let product = Product { m, n, k, a, b, c, c_row: n, epilogue, scratch, spare };
    for_level!(product.run());
}

/// The product on its places, which only live as long as the arguments, where it is one of a few multiplications.
///
/// # Panics
/// As [`gemm`].
fn few(m: usize, n: usize, k: usize, a: Mat, b: Mat, c: &mut [f32], epilogue: Epilogue) -> Option<Few> {
    assert_eq!(Some(c.len()), m.checked_mul(n), "C has other than m · n elements");
    assert!(k as u64 <= u64::from(u32::MAX), "k is at most 2^32 - 1");
    a.check(m, k);
    b.check(k, n);
    assert!(epilogue.bias.is_none_or(|bias| bias.len() == n), "the bias has other than n elements");
    let few = m.saturating_mul(n).saturating_mul(k) <= FEW && k <= KC;
    few.then(|| Few::new([m, n, k], a, b, c, epilogue))
}

/// The same as an op settled once.
pub fn settled<'a>(
    m: usize,
    n: usize,
    k: usize,
    a: Mat<'a>,
    b: Mat<'a>,
    c: &'a mut [f32],
    epilogue: Epilogue<'a>,
) -> Option<Settled<'a>> {
    few(m, n, k, a, b, c, epilogue).map(Settled::product)
}

/// Where the packed panels of B begin, and which is the first of them: those before it are read in place.
#[derive(Clone, Copy)]
struct Panels {
    start: *const f32,
    first: usize,
}

struct Product<'a> {
    m: usize,
    n: usize,
    k: usize,
    a: Mat<'a>,
    b: Mat<'a>,
    c: Shared<'a, f32>,
    /// Step from row to row of C; `n` where the epilogue has a map.
    c_row: usize,
    epilogue: Epilogue<'a>,
    scratch: Shared<'a, f32>,
    /// What was given besides.
    spare: Shared<'a, f32>,
}

impl Product<'_> {
    fn run<S: Shape>(&self) {
        let panels = self.n.div_ceil(S::WIDTH);
        let packs = packs(self.m, self.b.col_stride);
        let first_packed = if packs { 0 } else { self.n / S::WIDTH };
        if first_packed < panels {
            let part = turn::part(panels - first_packed, 1, PACK_AT_ONCE / (S::WIDTH * self.k).max(1));
            let (start, count) = (first_packed + part.start, part.end - part.start);
            let pack = |panel: usize| self.pack::<S>(start + panel, first_packed);
            if self.threads(self.m) == 1 {
                (0..count).for_each(pack);
            } else {
                parallel(count, &pack);
            }
        }
        let at_once = (FLOPS_AT_ONCE / self.flops(1).max(1)).clamp(1, self.height::<S>());
        let part = turn::part(self.m, S::ROWS, at_once);
        if part.start < part.end {
            self.rows::<S>(part.start..part.end, panels, first_packed);
        }
    }

    /// Rows of A that stay in the cache.
    fn height<S: Shape>(&self) -> usize {
        (CACHED / self.k.max(1)).max(1).next_multiple_of(S::ROWS)
    }

    fn flops(&self, rows: usize) -> usize {
        rows.saturating_mul(self.n).saturating_mul(2 * self.k)
    }

    /// Threads that some rows are worth.
    fn threads(&self, rows: usize) -> usize {
        if self.flops(rows) < SPLIT_FROM { 1 } else { threads() }
    }

    /// Computes whole rows of C, on as many threads as they are worth.
    fn rows<S: Shape>(&self, rows: Range<usize>, panels: usize, first_packed: usize) {
        let (m, threads) = (rows.len(), self.threads(rows.len()));
        let (bands, groups) = grid(threads, self.flops(m), m.div_ceil(S::ROWS), panels, m, self.n);
        let part = |part: usize| {
            let (band, group) = (part / groups, part % groups);
            let (band, panels) = (Cut::new(m, bands).range(band), Cut::new(panels, groups).range(group));
            let packed = Panels { start: self.scratch.as_mut_ptr().cast_const(), first: first_packed };
            let room = self.room(part, &panels);
            self.band::<S>(rows.start + band.start..rows.start + band.end, panels, packed, room, groups == 1);
        };
        if threads == 1 {
            part(0)
        } else {
            parallel(bands * groups, &part)
        }
        if let (Some(map), true) = (self.epilogue.map, groups > 1) {
            split(m, self.n, 1, |part| {
                let (start, end) = (rows.start + part.start, rows.start + part.end);
                // SAFETY: `split` hands out disjoint rows, and the product is finished.
                map(unsafe { self.c.range(start * self.n..end * self.n) });
            });
        }
    }

    /// Width of a panel as it is packed: the last one may do with one vector.
    fn width<S: Shape>(&self, panel: usize) -> usize {
        if self.n - panel * S::WIDTH <= S::NARROW { S::NARROW } else { S::WIDTH }
    }

    fn pack<S: Shape>(&self, panel: usize, first_packed: usize) {
        let width = self.width::<S>(panel);
        let start = (panel - first_packed) * S::WIDTH * self.k;
        // SAFETY: every panel has its own range.
        let to = unsafe { self.scratch.range(start..start + width * self.k) };
        pack::panel(to, width, &self.b, panel * S::WIDTH, self.n, self.k);
    }

    /// Computes some rows of some panels, with `room` to pack rows; applies the map too when these are whole rows.
    fn band<S: Shape>(
        &self,
        rows: Range<usize>,
        panels: Range<usize>,
        packed: Panels,
        room: Option<Range<usize>>,
        whole: bool,
    ) {
        let mut waiting = MaybeUninit::<[f32; LEVELS * MAX_TILE]>::uninit();
        let height = self.height::<S>();
        let c = self.c.as_mut_ptr();
        // Whether rows of A come one after another, from further away than the second-level cache.
        let streams = self.a.col_stride == 1 && self.m.saturating_mul(self.k) > CACHED;
        let mut start = rows.start;
        while start < rows.end {
            let end = rows.end.min(start + height);
            let tiles = (end - start).div_ceil(S::ROWS);
            let cut = Cut::new(end - start, tiles);
            let across = room.as_ref().map(|room| self.pack_rows::<S>(start, cut, tiles, room.clone()));
            for panel in panels.clone() {
                let column = panel * S::WIDTH;
                let width = self.width::<S>(panel);
                let (b, b_row) = if panel >= packed.first {
                    (packed.start.wrapping_add((panel - packed.first) * S::WIDTH * self.k), width)
                } else {
                    (self.b.data.as_ptr().wrapping_add(column), self.b.row_stride)
                };
                let mut tile = Tile {
                    k: self.k,
                    a: std::ptr::null(),
                    a_row: self.a.row_stride,
                    a_col: self.a.col_stride,
                    b,
                    b_row,
                    c: std::ptr::null_mut(),
                    c_row: self.c_row,
                    bias: self.epilogue.bias.map_or(std::ptr::null(), |bias| bias[column..].as_ptr()),
                    columns: width.min(self.n - column),
                    waiting: waiting.as_mut_ptr().cast(),
                    #[cfg(not(target_arch = "wasm32"))]
                    fused: fused(),
                };
                for rows in (0..tiles).map(|index| cut.range(index)) {
                    let row = start + rows.start;
                    tile.a = self.a.data.as_ptr().wrapping_add(row * self.a.row_stride);
                    if let Some(packed) = across {
                        tile.a = packed.wrapping_add(rows.start * self.k);
                        (tile.a_row, tile.a_col) = (1, rows.len());
                    }
                    tile.c = c.wrapping_add(row * self.c_row + column);
                    if across.is_none() && streams && panel == panels.start {
                        // The next rows, which no panel has read yet.
                        for next in 0..rows.len() {
                            soon(tile.a.wrapping_add((rows.len() + next) * self.a.row_stride), self.k);
                        }
                    }
                    // SAFETY: `gemm` has checked that rows and columns are inside A, B and C, no other part writes the same
                    // elements of C, and `level` vouches for the instruction set.
                    unsafe { S::tile(rows.len(), width == S::NARROW, &tile) };
                }
            }
            if let (Some(map), true) = (self.epilogue.map, whole) {
                // SAFETY: whole rows of this band, finished.
                map(unsafe { self.c.range(start * self.n..end * self.n) });
            }
            start = end;
        }
    }
}

/// `0..len` cut into `parts` nearly equal ranges.
#[derive(Clone, Copy)]
struct Cut {
    size: usize,
    more: usize,
}

impl Cut {
    fn new(len: usize, parts: usize) -> Self {
        Cut { size: len / parts, more: len % parts }
    }

    #[inline(always)]
    fn range(self, index: usize) -> Range<usize> {
        let start = index * self.size + index.min(self.more);
        start..start + self.size + usize::from(index < self.more)
    }
}

/// Parts of a product at most.
fn most_parts(threads: usize) -> usize {
    if threads > 1 { 4 * threads } else { 1 }
}

/// Bands of rows and groups of panels, about one part per thread (four where there is work enough), each part reading
/// as little of A and B as may be.
fn grid(threads: usize, flops: usize, row_tiles: usize, panels: usize, m: usize, n: usize) -> (usize, usize) {
    if threads == 1 {
        return (1, 1);
    }
    let wanted = if flops < 8 * SPLIT_FROM { threads } else { most_parts(threads) };
    let cost = |bands: usize, groups: usize| (usize::MAX - bands * groups, m / bands + n / groups);
    (1..=wanted.min(row_tiles))
        .map(|bands| (bands, (wanted / bands).min(panels)))
        .min_by_key(|&(bands, groups)| cost(bands, groups))
        .unwrap_or((1, 1))
}
