//! What some output rows see of the input, as a matrix: a row per position, a column per tap and channel. With few
//! channels its transpose, for there the runs of neighbours lie along the positions.

use super::super::gemm::Mat;
use super::super::window::{Line, Window};
use super::Conv;
use std::ops::Range;

/// From so many channels on, a row of the matrix is gathered at once.
const BY_ROWS_FROM: usize = 8;

/// The panel's columns: taps `taps` of all channels of a group.
#[derive(Clone)]
pub(super) struct Gather<'a> {
    pub conv: &'a Conv,
    pub x: &'a [f32],
    pub group: usize,
    pub taps: Range<usize>,
}

impl Gather<'_> {
    pub fn columns(&self) -> usize {
        self.taps.len() * self.conv.inputs()
    }

    /// Gathers rows `rows`; `to` has as many elements as the matrix.
    pub fn panel<'p>(&self, rows: Range<usize>, to: &'p mut [f32]) -> Mat<'p> {
        let (count, columns) = (rows.len(), self.columns());
        let to = &mut to[..count * columns];
        if columns == 0 {
            return Mat::rows(to, 0);
        }
        let by_rows = self.conv.inputs() >= BY_ROWS_FROM;
        let first = rows.start;
        self.conv.window.lines(rows, &mut |row, line| {
            self.lines_of_kernel(line, &mut |start, taps, column| match by_rows {
                true => self.rows(line, start, taps, &mut to[(row - first) * columns..], column),
                false => self.transposed(line, start, taps, &mut to[column * count + row - first..], count),
            });
        });
        match by_rows {
            true => Mat::rows(to, columns),
            false => Mat::transposed(to, count),
        }
    }

    /// Calls `f` for the taps of each line of the kernel: where the input's line begins, if there is one, the taps on the last
    /// axis, the column of the first.
    fn lines_of_kernel(&self, line: Line, f: &mut dyn FnMut(Option<usize>, Range<usize>, usize)) {
        let window = &self.conv.window;
        let width = window.kernel[2].max(1);
        for nth in self.taps.start / width..self.taps.end.div_ceil(width) {
            let (kd, kh) = (nth / window.kernel[1], nth % window.kernel[1]);
            let taps = self.taps.start.max(nth * width)..self.taps.end.min((nth + 1) * width);
            let column = (taps.start - self.taps.start) * self.conv.inputs();
            f(input_line(window, line, kd, kh), taps.start - nth * width..taps.end - nth * width, column);
        }
    }

    /// Some columns of the rows of one line.
    fn rows(&self, line: Line, start: Option<usize>, taps: Range<usize>, to: &mut [f32], column: usize) {
        let (conv, window) = (self.conv, &self.conv.window);
        let (width, stride) = (conv.inputs(), self.columns());
        let channel = self.group * width;
        for i in 0..line.len {
            let row = &mut to[i * stride + column..][..taps.len() * width];
            let Some(start) = start else {
                row.fill(0.0);
                continue;
            };
            let from = |place: usize| (start + place) * conv.channels + channel;
            let position = line.at[2] + i;
            if window.dilation[2] == 1 && conv.groups == 1 {
                // One run, cut off where the input ends.
                let padded = position * window.stride[2];
                let low = window.low[2].saturating_sub(padded).clamp(taps.start, taps.end);
                let high = (window.input[2] + window.low[2]).saturating_sub(padded).clamp(low, taps.end);
                let (before, rest) = row.split_at_mut((low - taps.start) * width);
                let (run, after) = rest.split_at_mut((high - low) * width);
                before.fill(0.0);
                after.fill(0.0);
                if high > low {
                    copy(run, &self.x[from(padded + low - window.low[2])..]);
                }
                continue;
            }
            for (tap, to) in taps.clone().zip(row.chunks_exact_mut(width)) {
                match window.place(2, position, tap) {
                    Some(place) => copy(to, &self.x[from(place)..]),
                    None => to.fill(0.0),
                }
            }
        }
    }

    /// The same columns with the positions next to each other; columns begin `count` apart.
    fn transposed(&self, line: Line, start: Option<usize>, taps: Range<usize>, to: &mut [f32], count: usize) {
        let (conv, window) = (self.conv, &self.conv.window);
        let (width, step) = (conv.inputs(), window.stride[2] * conv.channels);
        for (nth, tap) in taps.enumerate() {
            let seen = start.map_or(0..0, |_| window.seen(tap, line.at[2] + line.len));
            let seen = seen.start.max(line.at[2])..seen.end.max(line.at[2]);
            for channel in 0..width {
                let column = &mut to[(nth * width + channel) * count..][..line.len];
                if seen.is_empty() {
                    column.fill(0.0);
                    continue;
                }
                let (low, high) = (seen.start - line.at[2], seen.end - line.at[2]);
                column[..low].fill(0.0);
                column[high..].fill(0.0);
                let place = seen.start * window.stride[2] + tap * window.dilation[2] - window.low[2];
                let from = (start.unwrap_or(0) + place) * conv.channels + self.group * width + channel;
                let (column, from) = (&mut column[low..high], &self.x[from..]);
                match step {
                    1 => copy(column, from),
                    _ => column.iter_mut().zip(from.iter().step_by(step)).for_each(|(to, &x)| *to = x),
                }
            }
        }
    }
}

/// The first place, among those of all samples, of the input line that a kernel line sees.
pub(super) fn input_line(window: &Window, line: Line, kd: usize, kh: usize) -> Option<usize> {
    let (d, h) = (window.place(0, line.at[0], kd)?, window.place(1, line.at[1], kh)?);
    Some(((line.sample * window.input[0] + d) * window.input[1] + h) * window.input[2])
}

#[inline(always)]
fn copy(to: &mut [f32], from: &[f32]) {
    to.copy_from_slice(&from[..to.len()]);
}
