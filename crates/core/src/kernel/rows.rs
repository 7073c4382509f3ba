//! Loops over the rows of a destination: the rule for one row is inlined and compiled for the best instruction set, and
//! many rows are shared among threads. A row is never split, so rules may sum along it.

use super::pool::{Shared, split};
use super::simd::{Kernel, dispatch};

/// What is done to one row. Mark `row` `#[inline(always)]`, or it will keep the baseline instruction set.
pub trait RowRule: Sync {
    /// Computes row `index` of the destination in place.
    fn row(&self, index: usize, row: &mut [f32]);
}

/// Applies `rule` to each row of `width` elements. `cost`: what a row costs, in elements of simple work.
pub fn rows(dst: &mut [f32], width: usize, cost: usize, rule: &impl RowRule) {
    share(dst, width, cost, &|first, part| dispatch(Rows { dst: part, first, width, rule }));
}

/// Hands threads whole rows, with the index of the first.
fn share(dst: &mut [f32], width: usize, cost: usize, work: &(dyn Fn(usize, &mut [f32]) + Sync)) {
    if dst.is_empty() {
        return;
    }
    assert!(dst.len().is_multiple_of(width), "the destination is whole rows");
    let (count, dst) = (dst.len() / width, Shared::new(dst));
    split(count, cost.max(1), 1, |range| {
        // SAFETY: `split` hands out disjoint ranges.
        let part = unsafe { dst.range(range.start * width..range.end * width) };
        work(range.start, part);
    });
}

struct Rows<'a, R> {
    dst: &'a mut [f32],
    first: usize,
    width: usize,
    rule: &'a R,
}

impl<R: RowRule> Kernel for Rows<'_, R> {
    type Out = ();
    const WIDE: bool = true;
    #[inline(always)]
    fn run(self) {
        for (i, row) in self.dst.chunks_exact_mut(self.width).enumerate() {
            self.rule.row(self.first + i, row);
        }
    }
}
