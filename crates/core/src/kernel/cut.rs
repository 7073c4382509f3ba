//! What a sweep does of one segment, cut into pieces that a rule can run on: all of it, or the rows that have a gradient,
//! with or without the others; where state is coded, chunk by chunk with the state as floats in between.

use super::coded::{CHUNK, Coded, Format, Scratch};
use super::segment::{Rows, STATES, Segment};
use super::sweep::{ARRAYS, LANES, Piece, Stage};
use crate::part;
use std::ops::Range;

/// Elements of rows without a gradient that share their zeros.
const ZEROS: usize = 1024;

/// A segment under a sweep.
pub(super) struct Cut<'a> {
    pub(super) segment: &'a Segment<'a>,
    /// States of the rule.
    pub(super) states: usize,
    pub(super) stage: Stage,
    pub(super) pass: &'a (dyn Fn(&Piece) + Sync),
}

/// Where the states' elements lie: from which element on the addresses count.
#[derive(Clone, Copy)]
struct From<'a> {
    states: &'a [*mut f32; STATES],
    first: usize,
}

impl Cut<'_> {
    /// Elements `range` of those that the sweep visits, by threads that have disjoint ranges.
    pub(super) fn range(&self, range: Range<usize>) {
        match (self.segment.rows, self.coded()) {
            (None, false) => self.piece(&self.from(), range, self.segment.gradient, 0),
            _ => part::gate(|| self.pieces(range)),
        }
    }

    fn from(&self) -> From<'_> {
        From { states: &self.segment.state, first: 0 }
    }

    /// The same of rows and of coded state, which have the second part of the WASM module.
    fn pieces(&self, range: Range<usize>) {
        let from = self.from();
        match (self.segment.rows, self.coded()) {
            (None, false) => {}
            (Some(rows), false) if rows.all => self.elements(&rows, &from, range),
            (Some(rows), false) if !range.is_empty() => {
                let place = |i: usize| rows.start(i / rows.width) + i % rows.width;
                self.elements(&rows, &from, place(range.start)..place(range.end - 1) + 1);
            }
            (Some(_), false) => {}
            (_, true) => self.chunks(range),
        }
    }

    fn coded(&self) -> bool {
        self.segment.format != Format::Float && self.segment.coded & ((1 << self.states) - 1) != 0
    }

    /// Elements of the parameter, whose gradient is that of `first` and so on from an address on.
    fn piece(&self, from: &From<'_>, range: Range<usize>, gradient: *const f32, first: usize) {
        let (segment, states) = (self.segment, self.states);
        let mut arrays = [std::ptr::null_mut(); ARRAYS];
        // SAFETY: the range lies inside the segment, and the states' and the gradient's elements begin before it.
        unsafe {
            for (array, state) in arrays[..states].iter_mut().zip(from.states) {
                *array = state.add(range.start - from.first);
            }
            arrays[states] = segment.param.add(range.start);
            arrays[states + 1] = gradient.add(range.start - first).cast_mut();
        }
        // What lies behind the last element belongs to the segment as well: whole blocks are less work than a rest.
        let len =
            if segment.lines && range.end == segment.len() { range.len().next_multiple_of(LANES) } else { range.len() };
        // Threads have disjoint ranges, and the memory of a segment is exclusive while a sweep holds the list
        // mutably: that is what a piece promises.
        (self.pass)(&Piece { arrays, len, stage: self.stage, scale: segment.gradient_scale });
    }

    /// Those of the elements `range` of the parameter that are in rows with a gradient and, if they count, the others.
    fn elements(&self, rows: &Rows, from: &From<'_>, range: Range<usize>) {
        let zeros = [0.0; ZEROS];
        let (mut at, mut k) = (range.start, rows.next(range.start));
        while at < range.end {
            let row = if k < rows.count { rows.start(k) } else { range.end };
            if at < row {
                let gap = at..row.min(range.end);
                at = gap.end;
                for start in gap.clone().step_by(ZEROS).take(if rows.all { usize::MAX } else { 0 }) {
                    self.piece(from, start..gap.end.min(start + ZEROS), zeros.as_ptr(), start);
                }
                continue;
            }
            let end = range.end.min(row + rows.width);
            // SAFETY: the k-th row of the gradient.
            let gradient = unsafe { self.segment.gradient.add(k * rows.width) };
            self.piece(from, at..end, gradient, row);
            (at, k) = (end, k + 1);
        }
    }

    /// The chunks that begin in `range` or, where only rows count, those in which one of the rows of `range` is the first.
    #[inline(never)]
    fn chunks(&self, range: Range<usize>) {
        let mut scratch: Scratch = [[0.0; CHUNK]; STATES];
        let Some(rows) = self.segment.rows.filter(|rows| !rows.all) else {
            for chunk in range.start.div_ceil(CHUNK)..range.end.div_ceil(CHUNK) {
                self.chunk(chunk, &mut scratch);
            }
            return;
        };
        let (first, end) = (range.start.div_ceil(rows.width), range.end.div_ceil(rows.width));
        let last = |row: usize| (rows.start(row) + rows.width - 1) / CHUNK;
        let mut next = if first > 0 { last(first - 1) + 1 } else { 0 };
        for row in first..end {
            for chunk in (rows.start(row) / CHUNK).max(next)..=last(row) {
                self.chunk(chunk, &mut scratch);
            }
            next = next.max(last(row) + 1);
        }
    }

    fn chunk(&self, chunk: usize, scratch: &mut Scratch) {
        let (segment, first) = (self.segment, chunk * CHUNK);
        let range = first..segment.len().min(first + CHUNK);
        let (mut coded, mut count) = ([std::ptr::null_mut(); STATES], 0);
        let mut states = segment.state;
        for (slot, state) in states[..self.states].iter_mut().enumerate() {
            if segment.coded >> slot & 1 == 1 {
                coded[count] = state.cast();
                *state = scratch[count].as_mut_ptr();
                count += 1;
            } else {
                *state = state.wrapping_add(first);
            }
        }
        let (states_of, len) = (&coded[..count], range.len());
        let coded =
            Coded { states: states_of, format: segment.format, total: segment.len(), first, len, key: segment.key };
        let from = From { states: &states, first };
        // SAFETY: `code` promised the memory; chunks are disjoint, and each is one thread's.
        unsafe { coded.read(scratch) };
        match segment.rows {
            Some(rows) => self.elements(&rows, &from, range),
            None => self.piece(&from, range, segment.gradient, 0),
        }
        // SAFETY: as above.
        unsafe { coded.write(scratch) };
    }
}

impl Rows {
    /// The first element of row number `k` of those with a gradient.
    fn start(&self, k: usize) -> usize {
        assert!(k < self.count, "one of the rows");
        // SAFETY: one of the indices, of which `set_rows` has seen that none is negative.
        unsafe { self.index.add(k).read() as usize * self.width }
    }

    /// The first of them that ends after element `at`.
    fn next(&self, at: usize) -> usize {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = (low + high) / 2;
            if self.start(middle) + self.width <= at { low = middle + 1 } else { high = middle }
        }
        low
    }
}
