//! Long work in turns: an op whose work would hold its thread for long is called again and again, and each call does the
//! next part of it. What a part is, is what threads share already: a range of the units of `pool::split`. Refuses nothing.
//!
//! A call makes its splits in the same order every time. Those before the present one are done and skipped, of the
//! present one a part is done, those after it wait. So whatever an op does besides, it does in every call.

use std::cell::Cell;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How far the work of one op has come.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Parts that each split is cut into; 0: no turns, everything at once.
    parts: usize,
    /// The present split, and its next part.
    split: usize,
    part: usize,
    /// Splits that this call has come to, whether one of them got its part, and whether something is left.
    seen: usize,
    given: bool,
    more: bool,
    /// Whether a part is at work: what that calls is done at once.
    working: bool,
}

/// Everything at once.
const WHOLE: Turn = Turn { parts: 0, split: 0, part: 0, seen: 0, given: false, more: false, working: false };

/// Turns being taken, on whichever thread: while there are none, a split costs a look at this.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static TURN: Cell<Turn> = const { Cell::new(WHOLE) };
}

impl Turn {
    /// The first turn of work whose splits are cut into `parts`.
    pub fn first(parts: usize) -> Self {
        Turn { parts, ..WHOLE }
    }

    /// Calls `work` for the next part. Returns its result, and whether more is to be done.
    pub fn take<T>(&mut self, work: impl FnOnce() -> T) -> (T, bool) {
        /// Leaves no turn behind, not even where `work` panics.
        struct Reset;
        impl Drop for Reset {
            fn drop(&mut self) {
                TURN.set(WHOLE);
                TAKEN.fetch_sub(1, Relaxed);
            }
        }
        TAKEN.fetch_add(1, Relaxed);
        let _reset = Reset;
        TURN.set(Turn { seen: 0, given: false, more: false, ..*self });
        let result = work();
        *self = TURN.get();
        (result, self.more)
    }

    /// The units of the next split that this call may do.
    fn give(&mut self, units: usize, align: usize, least: usize) -> Range<usize> {
        let this = self.seen;
        self.seen += 1;
        if this < self.split {
            return 0..0;
        }
        if self.given {
            self.more = true;
            return 0..0;
        }
        self.given = true;
        let size = units.div_ceil(self.parts).max(least).max(1).next_multiple_of(align);
        let start = (self.part * size).min(units);
        let end = (start + size).min(units);
        if end < units {
            (self.part, self.more) = (self.part + 1, true);
        } else {
            (self.split, self.part) = (self.split + 1, 0);
        }
        start..end
    }
}

/// Units to do now, perhaps none. To live until they are done.
#[derive(Debug)]
pub struct Part {
    pub start: usize,
    pub end: usize,
    of_turn: bool,
}

impl Drop for Part {
    #[inline]
    fn drop(&mut self) {
        if self.of_turn {
            done();
        }
    }
}

#[inline(never)]
fn done() {
    TURN.set(Turn { working: false, ..TURN.get() });
}

/// Whether no work is being done in turns: then what is small need not ask for its part.
#[inline]
pub fn idle() -> bool {
    TAKEN.load(Relaxed) == 0
}

/// Which of `0..units` the caller is to do now: a multiple of `align` of them, and `least` where there are as many.
#[inline]
pub fn part(units: usize, align: usize, least: usize) -> Part {
    if idle() {
        return Part { start: 0, end: units, of_turn: false };
    }
    part_of_turn(units, align, least)
}

#[inline(never)]
fn part_of_turn(units: usize, align: usize, least: usize) -> Part {
    let mut turn = TURN.get();
    if turn.parts == 0 || turn.working {
        return Part { start: 0, end: units, of_turn: false };
    }
    let Range { start, end } = turn.give(units, align, least);
    TURN.set(Turn { working: true, ..turn });
    Part { start, end, of_turn: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two splits, the second of which splits again inside; each unit counts its visits.
    fn work(first: &mut [u8], second: &mut [u8]) {
        for units in [first, second] {
            let part = super::part(units.len(), 4, 0);
            for i in part.start..part.end {
                units[i] += 1;
                for _ in 0..2 {
                    let inner = super::part(3, 1, 0);
                    assert_eq!(inner.start..inner.end, 0..3, "inside a part everything is done at once");
                }
            }
        }
    }

    #[test]
    fn every_unit_gets_its_turn_once() {
        for (a, b) in [(0, 0), (0, 5), (1, 0), (7, 33), (64, 1)] {
            for parts in [1, 2, 3, 100] {
                let (mut first, mut second, mut calls) = (vec![0; a], vec![0; b], 0);
                let mut turn = Turn::first(parts);
                while turn.take(|| work(&mut first, &mut second)).1 {
                    calls += 1;
                    assert!(second.iter().all(|&n| n == 0) || first.iter().all(|&n| n == 1), "in order");
                }
                assert!(first.iter().chain(&second).all(|&n| n == 1), "{a} and {b} units in {parts} parts");
                assert!(calls < 2 * parts, "{a} and {b} units in {parts} parts took {calls} calls");
            }
        }
        assert_eq!(part(9, 1, 0).end, 9, "no turn is left behind");
    }
}
