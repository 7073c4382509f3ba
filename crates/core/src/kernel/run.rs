//! Runs of neighbours (the channels of a place) at regular distances, on the calling thread: what a window does along a line.
//! Refuses what reaches outside its slices.

use super::simd::{Kernel, dispatch};
use super::tree::largest;
use super::vector::{V, WIDTH, at_least, equal, floats, load, pick, store};

/// Floats that go through a formula together.
const ROW: usize = if cfg!(target_family = "wasm") { WIDTH } else { 16 };

/// An operand: its runs begin `step` apart, from the first element on. 0: one run for all.
#[derive(Clone, Copy)]
pub struct Runs<'a> {
    pub from: &'a [f32],
    pub step: usize,
}

/// The destination, which is the first number of every formula; its runs may overlap, and are written in order.
pub struct Into<'a> {
    pub to: &'a mut [f32],
    pub step: usize,
}

/// How many runs there are, and of how many elements.
#[derive(Clone, Copy)]
pub struct Size {
    pub count: usize,
    pub len: usize,
}

impl Size {
    /// Elements from the first of the first run to the last of the last.
    fn reach(&self, step: usize) -> u128 {
        (self.count as u128 - 1) * step as u128 + self.len as u128
    }
}

struct Loop<'a, const M: usize, F> {
    size: Size,
    to: *mut f32,
    step: usize,
    from: [Runs<'a>; M],
    f: F,
}

impl<const M: usize, F: Fn(V, [V; M]) -> V> Kernel for Loop<'_, M, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let Size { count, len } = self.size;
        for i in 0..count {
            // SAFETY: `update` has checked that all runs lie inside their slices.
            let (to, from) =
                unsafe { (self.to.add(i * self.step), self.from.map(|x| x.from.as_ptr().add(i * x.step))) };
            let mut at = 0;
            while at + ROW <= len {
                // SAFETY: ROW more elements are in each run.
                unsafe {
                    let y: [V; ROW / WIDTH] = std::array::from_fn(|j| {
                        let j = at + j * WIDTH;
                        (self.f)(load(to.add(j)), from.map(|x| load(x.add(j))))
                    });
                    (0..ROW / WIDTH).for_each(|j| store(to.add(at + j * WIDTH), y[j]));
                }
                at += ROW;
            }
            while at < len {
                // SAFETY: the element is in each run.
                unsafe {
                    let y = (self.f)(V::from(*to.add(at)), from.map(|x| V::from(*x.add(at))));
                    *to.add(at) = floats(y)[0];
                }
                at += 1;
            }
        }
    }
}

/// to = f(to, from …), element by element, run by run.
#[inline(always)]
fn update<const M: usize>(size: Size, into: Into<'_>, from: [Runs<'_>; M], f: impl Fn(V, [V; M]) -> V) {
    if size.count == 0 || size.len == 0 {
        return;
    }
    let inside = |len: usize, step: usize| assert!(size.reach(step) <= len as u128, "a run reaches outside its slice");
    inside(into.to.len(), into.step);
    from.iter().for_each(|x| inside(x.from.len(), x.step));
    dispatch(Loop { size, to: into.to.as_mut_ptr(), step: into.step, from, f });
}

/// to += x.
pub fn add_runs(size: Size, to: Into<'_>, x: Runs<'_>) {
    update(size, to, [x], |to, [x]| to + x);
}

/// to += x · y.
pub fn add_products(size: Size, to: Into<'_>, x: Runs<'_>, y: Runs<'_>) {
    update(size, to, [x, y], |to, [x, y]| to + x * y);
}

/// to = the larger of both; NaN if one is.
pub fn larger(size: Size, to: Into<'_>, x: Runs<'_>) {
    update(size, to, [x], |to, [x]| largest(to, x));
}

/// `at` = `value` where it is negative, and where x is larger than `best`, or NaN where that is none.
pub fn note_larger(size: Size, at: Into<'_>, best: Runs<'_>, x: Runs<'_>, value: f32) {
    update(size, at, [best, x], |at, [best, x]| {
        // `largest` keeps the first of equals, and a NaN that is there.
        let keeps = equal(largest(best, x), best);
        let first = at_least(at, V::from(0.0));
        pick(keeps, pick(first, at, V::from(value)), pick(equal(best, best), V::from(value), at))
    });
}

/// to += x where `at` is `value`.
pub fn add_where(size: Size, to: Into<'_>, at: Runs<'_>, x: Runs<'_>, value: f32) {
    update(size, to, [at, x], |to, [at, x]| pick(equal(at, V::from(value)), to + x, to));
}

/// to += x, of one run as long as `to`.
pub fn add(to: &mut [f32], x: &[f32]) {
    let size = Size { count: 1, len: to.len() };
    add_runs(size, Into { to, step: 0 }, Runs { from: x, step: 0 });
}

/// Adds up pieces, neighbours first, then pairs of neighbours and so on: the first is then the sum of all.
pub fn add_neighbours<'a>(count: usize, piece: impl Fn(usize) -> &'a mut [f32]) {
    let mut step = 1;
    while step < count {
        for nth in (0..count - step).step_by(2 * step) {
            add(piece(nth), piece(nth + step));
        }
        step *= 2;
    }
}

/// to /= x.
pub fn divide(to: &mut [f32], x: f32) {
    let size = Size { count: 1, len: to.len() };
    update(size, Into { to, step: 0 }, [], |to, []: [V; 0]| to / x);
}
