//! Rows of A that are read across it, packed tile by tile: where its columns lie a multiple of some cache lines apart, those
//! of one tile would push each other out of the cache. Packing moves numbers and changes none.

use super::super::ahead::soon;
use super::micro::Shape;
use super::{CACHED, Cut, Product};
use std::ops::Range;

/// Most rows of a tile of any instruction set.
const MAX_ROWS: usize = 12;
/// Floats between columns of A, a multiple of which makes it worth packing.
const APART: usize = 64;
/// Columns that are asked for before they are needed: no prefetcher foresees such strides.
const AHEAD: usize = 12;
/// From this many columns on.
const FROM: usize = 256;

/// Floats of memory that the rows in the cache take.
fn region(k: usize) -> usize {
    CACHED.saturating_add(MAX_ROWS.saturating_mul(k)).next_multiple_of(16)
}

/// Floats of scratch that a product with A transposed makes good use of, besides those it needs.
pub fn across_scratch_len(k: usize, a_col_stride: usize, threads: usize) -> usize {
    if pays(k, a_col_stride) { region(k).saturating_mul(super::most_parts(threads)) } else { 0 }
}

fn pays(k: usize, a_col_stride: usize) -> bool {
    k >= FROM && a_col_stride > 1 && a_col_stride.is_multiple_of(APART)
}

impl Product<'_> {
    /// Where one part of the product packs the rows it works on, if that pays and there is room.
    pub(super) fn room(&self, part: usize, panels: &Range<usize>) -> Option<Range<usize>> {
        let len = region(self.k);
        let room = part * len..(part + 1) * len;
        (pays(self.k, self.a.col_stride) && panels.len() > 1 && room.end <= self.spare.len()).then_some(room)
    }

    /// Packs rows from `start` on, tile by tile: the rows of each stand together, k by k.
    pub(super) fn pack_rows<S: Shape>(&self, start: usize, tiles: Cut, count: usize, room: Range<usize>) -> *const f32 {
        const { assert!(S::ROWS <= MAX_ROWS) };
        // SAFETY: each part has a room of its own.
        let to = unsafe { self.spare.range(room) };
        let height = tiles.range(count - 1).end;
        for p in 0..self.k {
            let from = &self.a.data[start * self.a.row_stride + p * self.a.col_stride..];
            soon(from.as_ptr().wrapping_add(AHEAD * self.a.col_stride), height);
            for rows in (0..count).map(|index| tiles.range(index)) {
                let to = &mut to[rows.start * self.k + p * rows.len()..][..rows.len()];
                match self.a.row_stride {
                    1 => copy(to, &from[..height][rows]),
                    step => to.iter_mut().zip(rows).for_each(|(to, row)| *to = from[row * step]),
                }
            }
        }
        to.as_ptr()
    }
}

/// Copies a few floats: eight at a time, the last eight once more.
#[inline(always)]
fn copy(to: &mut [f32], from: &[f32]) {
    match (to.first_chunk_mut::<8>(), from.first_chunk::<8>()) {
        (Some(first), Some(from)) => *first = *from,
        _ => return to.copy_from_slice(from),
    }
    if let (Some(last), Some(from)) = (to.last_chunk_mut::<8>(), from.last_chunk::<8>()) {
        *last = *from;
    }
}
