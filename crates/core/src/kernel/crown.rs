//! The gradient of maxima whose windows lie apart and inside: each place belongs to one position at most, so nothing is added
//! up or remembered, and one pass reads x and writes dx. The largest is that of `pooling`. Refuses what reaches outside.

use super::pool::Shared;
use super::simd::{Kernel, dispatch};
use super::tree::largest;
use super::vector::{V, WIDTH, at_least, equal, load, pick, store};

/// Channels that are looked at together.
pub const CHANNELS: usize = 16;
const VECTORS: usize = CHANNELS / WIDTH;

/// Positions next to each other: `taps` says how far their places lie behind the first, and how far on the next position's.
#[derive(Clone, Copy)]
pub struct Crown<'a> {
    pub count: usize,
    /// A multiple of [`CHANNELS`].
    pub channels: usize,
    pub step: usize,
    pub taps: &'a [usize],
    pub x: &'a [f32],
    /// A row for each position.
    pub dy: &'a [f32],
}

impl Crown<'_> {
    /// dx = dy in the place of the largest, 0 in the others that positions see, the first of which is at `place`.
    ///
    /// # Safety
    /// Nothing else may read or write those places of dx meanwhile.
    pub unsafe fn scatter(self, dx: &Shared<'_, f32>, place: usize) {
        let reach = (self.count.max(1) - 1) * self.step + self.taps.iter().max().map_or(0, |tap| tap + self.channels);
        assert!(place + reach <= self.x.len() && place + reach <= dx.len(), "places inside x and dx");
        assert!(
            self.count * self.channels <= self.dy.len() && self.channels.is_multiple_of(CHANNELS),
            "whole positions"
        );
        dispatch(Scatter { crown: self, dx: dx.as_mut_ptr(), place });
    }
}

struct Scatter<'a> {
    crown: Crown<'a>,
    dx: *mut f32,
    place: usize,
}

impl Kernel for Scatter<'_> {
    type Out = ();
    const WIDE: bool = true;
    #[inline(always)]
    fn run(self) {
        let Crown { count, channels, step, taps, x, dy } = self.crown;
        for i in 0..count {
            for channel in (0..channels).step_by(CHANNELS) {
                let (place, row) = (self.place + i * step + channel, i * channels + channel);
                let (mut best, mut at) = ([V::from(f32::NEG_INFINITY); VECTORS], [V::from(-1.0); VECTORS]);
                for (nth, tap) in taps.iter().enumerate() {
                    let nth = V::from(nth as f32);
                    for j in 0..VECTORS {
                        // SAFETY: `scatter` has checked that all places lie inside.
                        let x = unsafe { load(x.as_ptr().add(place + tap + j * WIDTH)) };
                        let larger = largest(best[j], x);
                        // The first of equals, and a NaN that is there.
                        let keeps = equal(larger, best[j]);
                        let kept = pick(at_least(at[j], V::from(0.0)), at[j], nth);
                        at[j] = pick(keeps, kept, pick(equal(best[j], best[j]), nth, at[j]));
                        best[j] = larger;
                    }
                }
                for (nth, tap) in taps.iter().enumerate() {
                    for j in 0..VECTORS {
                        // SAFETY: as above, and dy has a row for each position.
                        unsafe {
                            // As one that is added to 0.
                            let dy = V::from(0.0) + load(dy.as_ptr().add(row + j * WIDTH));
                            let own = pick(equal(at[j], V::from(nth as f32)), dy, V::from(0.0));
                            store(self.dx.add(place + tap + j * WIDTH), own);
                        }
                    }
                }
            }
        }
    }
}
