//! Maxima and means of what a window sees, channel by channel, and their gradients. The largest is the first of equals, as in
//! TensorFlow, and a NaN before all numbers; a mean counts only places there are. Taps are visited in order, and a place adds
//! up what positions give it in order of these, from 0.

use super::crown::{CHANNELS, Crown};
use super::elementwise::fill;
use super::pool::{Shared, split};
use super::run::{Into, Runs, Size, add_runs, add_where, divide, larger, note_larger};
use super::window::{AXES, Band, Bands, Line, Seen, Window};
use std::ops::Range;

/// Elements of a line that are worked on at once, where something is remembered of each.
const ELEMENTS: usize = 1024;
/// Taps of windows that lie apart, at most.
const TAPS: usize = 16;
/// Visits of a place that a band of a sample is worth.
const BAND: usize = 1 << 22;

/// Values of so many channels under a window.
#[derive(Clone, Copy, Debug)]
pub struct Pool<'a> {
    pub window: &'a Window,
    pub channels: usize,
}

/// Positions next to each other, and the channels of them to look at.
struct Part {
    row: usize,
    line: Line,
    channels: Range<usize>,
}

impl Part {
    fn size(&self) -> usize {
        self.line.len * self.channels.len()
    }
}

impl Pool<'_> {
    /// Calls `f` for parts of a line with at most `ELEMENTS` elements.
    fn parts(&self, rows: Range<usize>, f: &mut dyn FnMut(Part)) {
        let most = (ELEMENTS / self.channels.max(1)).max(1);
        let mut row = rows.start;
        while row < rows.end {
            let line = self.window.line(row, most.min(rows.end - row));
            for start in (0..self.channels).step_by(ELEMENTS) {
                f(Part { row, line, channels: start..self.channels.min(start + ELEMENTS) });
            }
            row += line.len;
        }
    }

    /// Calls `f` with ranges of rows of y, a thread for each.
    fn rows(&self, y: &mut [f32], f: &(dyn Fn(Range<usize>, &mut [f32]) + Sync)) {
        if y.is_empty() {
            return;
        }
        let (count, channels, y) = (y.len() / self.channels, self.channels, Shared::new(y));
        split(count, self.window.taps() * (channels + 8), 1, |range| {
            // SAFETY: `split` hands out disjoint rows.
            let y = unsafe { y.range(range.start * channels..range.end * channels) };
            f(range, y);
        });
    }

    /// Calls `f` with bands of dx, which are zero, and the rows that add to them.
    fn bands(&self, dx: &mut [f32], f: &(dyn Fn(&mut Band<'_>, Range<usize>) + Sync)) {
        if dx.is_empty() {
            return;
        }
        let batch = dx.len() / (self.window.places() * self.channels);
        let visits = self.window.positions().saturating_mul(self.window.taps() * (self.channels + 8));
        let (bands, dx) = (Bands::new(self.window, self.channels, visits.div_ceil(BAND)), Shared::new(dx));
        split(batch * bands.count(), visits / bands.count(), 1, |range| {
            for nth in range {
                let (elements, rows) = bands.get(nth);
                // SAFETY: every band has its own elements.
                let mut band = Band { start: elements.start, elements: unsafe { dx.range(elements) } };
                band.elements.fill(0.0);
                f(&mut band, rows);
            }
        });
    }

    /// What the positions of a part see of a value of x's shape through a tap.
    fn seen<'a>(&self, of: &'a [f32], part: &Part, seen: Seen) -> Runs<'a> {
        let from = &of[seen.place * self.channels + part.channels.start..];
        Runs { from, step: self.window.stride[2] * self.channels }
    }

    /// Through which tap each position of a part sees the largest of each channel.
    fn largest<'b>(&self, x: &[f32], part: &Part, at: &'b mut [f32; ELEMENTS]) -> &'b [f32] {
        let (len, mut best) = (part.channels.len(), [f32::NEG_INFINITY; ELEMENTS]);
        let (best, at) = (&mut best[..part.size()], &mut at[..part.size()]);
        at.fill(-1.0);
        self.window.seen_by(part.line, false, &mut |seen| {
            let size = Size { count: seen.count, len };
            let (x, tap, first) = (self.seen(x, part, seen), seen.tap as f32, seen.first * len);
            let to = Into { to: &mut at[first..], step: len };
            note_larger(size, to, Runs { from: &best[first..], step: len }, x, tap);
            larger(size, Into { to: &mut best[first..], step: len }, x);
        });
        at
    }

    /// y = the largest that each position sees.
    pub fn max(&self, x: &[f32], y: &mut [f32]) {
        self.reduce(x, y, f32::NEG_INFINITY, larger);
    }

    /// y = `none`, and then `take` of each place that a position sees.
    fn reduce(&self, x: &[f32], y: &mut [f32], none: f32, take: fn(Size, Into<'_>, Runs<'_>)) {
        let (window, channels) = (self.window, self.channels);
        self.rows(y, &|rows, y| {
            let first = rows.start;
            y.fill(none);
            window.lines(rows, &mut |row, line| {
                let y = &mut y[(row - first) * channels..];
                window.seen_by(line, false, &mut |seen| {
                    let x = Runs { from: &x[seen.place * channels..], step: window.stride[2] * channels };
                    let to = Into { to: &mut y[seen.first * channels..], step: channels };
                    take(Size { count: seen.count, len: channels }, to, x);
                });
            });
        });
    }

    /// y = the element of `values` in the place of the largest of x.
    pub fn at_max(&self, x: &[f32], values: &[f32], y: &mut [f32]) {
        self.rows(y, &|rows, y| {
            let first = rows.start;
            y.fill(0.0);
            self.parts(rows, &mut |part| {
                let (mut at, len) = ([0.0; ELEMENTS], part.channels.len());
                let at = self.largest(x, &part, &mut at);
                let y = &mut y[(part.row - first) * self.channels + part.channels.start..];
                self.window.seen_by(part.line, false, &mut |seen| {
                    let to = Into { to: &mut y[seen.first * self.channels..], step: self.channels };
                    let at = Runs { from: &at[seen.first * len..], step: len };
                    let size = Size { count: seen.count, len };
                    add_where(size, to, at, self.seen(values, &part, seen), seen.tap as f32);
                });
            });
        });
    }

    /// How far each tap's place lies behind the first, where windows lie apart and inside, and the pass for those pays.
    fn apart<'t>(&self, taps: &'t mut [usize; TAPS]) -> Option<&'t [usize]> {
        let Window { input, kernel, output, stride, dilation, low } = self.window;
        let apart = |axis: usize| {
            let inside = (output[axis].max(1) - 1) * stride[axis] + kernel[axis] <= input[axis];
            inside && stride[axis] >= kernel[axis] && dilation[axis] == 1 && low[axis] == 0
        };
        let count = self.window.taps();
        if !(self.channels.is_multiple_of(CHANNELS) && (1..=TAPS).contains(&count) && (0..AXES).all(apart)) {
            return None;
        }
        for (nth, tap) in taps[..count].iter_mut().enumerate() {
            let (line, w) = (nth / kernel[2], nth % kernel[2]);
            *tap = ((line / kernel[1] * input[1] + line % kernel[1]) * input[2] + w) * self.channels;
        }
        Some(&taps[..count])
    }

    /// dx = each of dy in the place of the largest.
    pub fn max_gradient(&self, x: &[f32], dy: &[f32], dx: &mut [f32]) {
        if dx.is_empty() {
            return;
        }
        if let Some(taps) = self.apart(&mut [0; TAPS]) {
            return self.max_gradient_apart(x, dy, dx, taps);
        }
        self.bands(dx, &|band, rows| {
            self.parts(rows, &mut |part| {
                let (mut at, len) = ([0.0; ELEMENTS], part.channels.len());
                let at = self.largest(x, &part, &mut at);
                self.scatter(band, &part, &mut |size, to, seen| {
                    let dy = &dy[(part.row + seen.first) * self.channels + part.channels.start..];
                    let at = Runs { from: &at[seen.first * len..], step: len };
                    add_where(size, to, at, Runs { from: dy, step: self.channels }, seen.tap as f32);
                });
            });
        });
    }

    /// The same where every line of positions has places of its own.
    fn max_gradient_apart(&self, x: &[f32], dy: &[f32], dx: &mut [f32], taps: &[usize]) {
        let Window { input, kernel, output, stride, .. } = self.window;
        assert!(x.len() == dx.len() && !dx.is_empty(), "values of x's shape");
        if (0..AXES).any(|axis| stride[axis] != kernel[axis] || output[axis] * stride[axis] != input[axis]) {
            fill(dx, 0.0);
        }
        let (channels, width, dx) = (self.channels, output[2].max(1), Shared::new(dx));
        split(dy.len() / (width * channels), width * taps.len() * (channels + 8), 1, |lines| {
            for row in lines.map(|line| line * width) {
                let line = self.window.line(row, width);
                let [d, h, w] = std::array::from_fn(|axis| line.at[axis] * stride[axis]);
                let place = (((line.sample * input[0] + d) * input[1] + h) * input[2] + w) * channels;
                let dy = &dy[row * channels..];
                let crown = Crown { count: width, channels, step: stride[2] * channels, taps, x, dy };
                // SAFETY: windows lie apart, so no other line has these places.
                unsafe { crown.scatter(&dx, place) };
            }
        });
    }

    /// Calls `f` with the elements of a band that the positions of a part see through each tap, from the last to the first.
    fn scatter(&self, band: &mut Band<'_>, part: &Part, f: &mut dyn FnMut(Size, Into<'_>, Seen)) {
        let (places, stride) = (band.places(self.channels), self.window.stride[2]);
        self.window.seen_by(part.line, true, &mut |seen| {
            let seen = seen.within(&places, stride);
            if seen.count > 0 {
                let to = &mut band.elements[(seen.place - places.start) * self.channels + part.channels.start..];
                let size = Size { count: seen.count, len: part.channels.len() };
                f(size, Into { to, step: stride * self.channels }, seen);
            }
        });
    }

    /// Divides by the number of places that each position of a line sees.
    fn divide(&self, rows: Range<usize>, y: &mut [f32]) {
        for (row, y) in rows.zip(y.chunks_exact_mut(self.channels)) {
            let mut count = 0.0;
            self.window.visit(row, &mut |_, _| count += 1.0);
            divide(y, count);
        }
    }

    /// y = the mean of what each position sees.
    pub fn mean(&self, x: &[f32], y: &mut [f32]) {
        self.reduce(x, y, 0.0, add_runs);
        self.rows(y, &|rows, y| self.divide(rows, y));
    }

    /// dx = each of dy, shared equally by the places that its position sees.
    pub fn mean_gradient(&self, dy: &[f32], dx: &mut [f32]) {
        self.bands(dx, &|band, rows| {
            self.parts(rows, &mut |part| {
                let (mut each, len) = ([0.0; ELEMENTS], part.channels.len());
                let each = &mut each[..part.size()];
                for (i, each) in each.chunks_exact_mut(len).enumerate() {
                    each.copy_from_slice(&dy[(part.row + i) * self.channels + part.channels.start..][..len]);
                    let mut count = 0.0;
                    self.window.visit(part.row + i, &mut |_, _| count += 1.0);
                    divide(each, count);
                }
                self.scatter(band, &part, &mut |size, to, seen| {
                    add_runs(size, to, Runs { from: &each[seen.first * len..], step: len });
                });
            });
        });
    }
}
