//! Units of work that threads take one by one, so that one which the system slows down holds nobody up; each thread has
//! scratch of its own. Which thread does which unit is left to chance, so units must not depend on it. Refuses nothing.

use super::pool::{Shared, parallel, threads};
use super::turn;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Calls `work` for every unit of `0..units` (in a [turn]: for a part of them) with `each` floats of scratch, on as many
/// threads as there is scratch for, where at least `worth` units are to be done.
pub fn hand_out(
    units: usize,
    worth: usize,
    each: usize,
    scratch: &mut [f32],
    work: &(dyn Fn(usize, &mut [f32]) + Sync),
) {
    if units == 0 {
        return;
    }
    let part = turn::part(units, 1, threads());
    let todo = part.end - part.start;
    let most = threads().min(todo).min(scratch.len() / each.max(1));
    let workers = if todo < worth { 1 } else { most.max(1) };
    let (scratch, next) = (Shared::new(scratch), AtomicUsize::new(part.start));
    parallel(workers, &|worker| {
        // SAFETY: every worker has its own scratch.
        let scratch = unsafe { scratch.range(worker * each..(worker + 1) * each) };
        loop {
            let unit = next.fetch_add(1, Relaxed);
            if unit >= part.end {
                return;
            }
            work(unit, scratch);
        }
    });
}
