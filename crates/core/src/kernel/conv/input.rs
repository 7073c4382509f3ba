//! The gradient of a convolution by its input, which is the transposed convolution: each output position's product with
//! the kernel, added to the places it sees in order of the positions, from 0.

use super::super::gemm::{Mat, Packed, packed_len};
use super::super::pool::Shared;
use super::super::run::{Into, Runs, Size, add, add_runs};
use super::super::window::{AXES, Band, Bands, Line, Window};
use super::gather::input_line;
use super::{Conv, depthwise, pack, share};
use std::ops::Range;

/// Work above which a sample is cut into bands, in floating-point operations.
const BAND: usize = 1 << 26;
/// Rows multiplied at once.
const ROWS: usize = 96;

/// Floats of scratch that [`by_input`] needs for so many threads.
pub fn by_input_scratch_len(conv: &Conv, threads: usize) -> usize {
    if conv.depthwise() {
        return 0;
    }
    let packed = packed_len(conv.k(), conv.outputs()).saturating_mul(conv.groups);
    packed.saturating_add(ROWS.saturating_mul(conv.k()).saturating_mul(threads.max(1)))
}

/// dx: the gradient by x, given dy, that by y. `scratch` as for `forward`, of [`by_input_scratch_len`].
pub fn by_input(conv: &Conv, dy: &[f32], w: &[f32], dx: &mut [f32], scratch: &mut [f32]) {
    conv.check(dx.len(), w.len(), dy.len());
    if dx.is_empty() {
        return;
    }
    let (k, n) = (conv.k(), conv.outputs());
    let each = if conv.depthwise() { 0 } else { packed_len(k, n) };
    let (packed, scratch) = scratch.split_at_mut(each * conv.groups);
    if each > 0 {
        pack(conv.groups, k * n, each, packed, &|group, to| {
            let b = Mat { data: &w[(group * n).min(w.len())..], row_stride: 1, col_stride: conv.filters };
            Packed::pack(b, k, n, to);
        });
    }
    let flops = conv.flops(conv.window.positions());
    let bands = Bands::new(&conv.window, conv.channels, flops.div_ceil(BAND));
    let (packed, dx) = (&*packed, Shared::new(dx));
    let panel_len = if conv.depthwise() { 0 } else { ROWS * k };
    share(conv.batch * bands.count(), flops / bands.count(), panel_len, scratch, &|unit, panel| {
        let (elements, rows) = bands.get(unit);
        // SAFETY: every unit has its own elements.
        let mut to = Band { start: elements.start, elements: unsafe { dx.range(elements) } };
        to.elements.fill(0.0);
        if conv.depthwise() {
            return depthwise::by_input(conv, &mut to, dy, w, rows);
        }
        for rows in rows.clone().step_by(ROWS).map(|start| start..rows.end.min(start + ROWS)) {
            for group in 0..conv.groups {
                let a =
                    Mat { data: &dy[rows.start * conv.filters + group * n..], row_stride: conv.filters, col_stride: 1 };
                let panel = &mut panel[..rows.len() * k];
                Packed::new(k, n, &packed[group * each..][..each]).multiply(rows.len(), a, panel, k, None);
                scatter(conv, &mut to, rows.clone(), group, panel);
            }
        }
    });
}

/// Adds the products of some rows to the places they see.
fn scatter(conv: &Conv, to: &mut Band<'_>, rows: Range<usize>, group: usize, panel: &[f32]) {
    let (window, k) = (&conv.window, conv.k());
    let width = conv.inputs() * window.kernel[2];
    window.lines(rows.clone(), &mut |row, line| {
        let panel = &panel[(row - rows.start) * k..];
        for nth in 0..window.kernel[0] * window.kernel[1] {
            let Some(start) = input_line(window, line, nth / window.kernel[1], nth % window.kernel[1]) else {
                continue;
            };
            let panel = &panel[nth * width..];
            let (lines, end) = (to.places(conv.channels), start + window.input[2]);
            let inside = window.outer_axis() < AXES - 1 || (lines.start <= start && end <= lines.end);
            let whole = if conv.groups == 1 && inside { whole(window, line) } else { 0..0 };
            let alone = |to: &mut Band<'_>, rows: Range<usize>| {
                for i in rows {
                    add_row(conv, to, &panel[i * k..][..width], line.at[2] + i, start, group);
                }
            };
            // In order of the positions.
            alone(to, 0..whole.start);
            add_whole(conv, to, Runs { from: panel, step: k }, line, whole.clone(), start);
            alone(to, whole.end..line.len);
        }
    });
}

/// Positions of a line that see places through all taps, at once; those before and behind them go one by one.
fn whole(window: &Window, line: Line) -> Range<usize> {
    let last = window.kernel[2] - 1;
    if window.dilation[2] != 1 {
        return 0..0;
    }
    let limit = line.at[2] + line.len;
    let start = window.seen(0, limit).start.clamp(line.at[2], limit);
    start - line.at[2]..window.seen(last, limit).end.max(start) - line.at[2]
}

/// Adds rows `rows` of a line, all taps of a kernel line as one run.
fn add_whole(conv: &Conv, to: &mut Band<'_>, panel: Runs<'_>, line: Line, rows: Range<usize>, start: usize) {
    let window = &conv.window;
    if rows.is_empty() {
        return;
    }
    let place = start + (line.at[2] + rows.start) * window.stride[2] - window.low[2];
    // A line of places lies in the band as a whole, or not at all.
    let (to, _) = to.part(place * conv.channels, (start + window.input[2] - place) * conv.channels);
    if !to.is_empty() {
        let size = Size { count: rows.len(), len: window.kernel[2] * conv.channels };
        let from = Runs { from: &panel.from[rows.start * panel.step..], ..panel };
        add_runs(size, Into { to, step: window.stride[2] * conv.channels }, from);
    }
}

/// Adds what one row says of one line of the kernel.
fn add_row(conv: &Conv, to: &mut Band<'_>, from: &[f32], position: usize, start: usize, group: usize) {
    let (window, width) = (&conv.window, conv.inputs());
    if window.dilation[2] == 1 && conv.groups == 1 {
        let padded = position * window.stride[2];
        let low = window.low[2].saturating_sub(padded).min(window.kernel[2]);
        let high = (window.input[2] + window.low[2]).saturating_sub(padded).clamp(low, window.kernel[2]);
        if high > low {
            let place = start + padded + low - window.low[2];
            let (to, skip) = to.part(place * width, (high - low) * width);
            add(to, &from[low * width + skip..]);
        }
        return;
    }
    for (tap, from) in from.chunks_exact(width).enumerate() {
        if let Some(place) = window.place(2, position, tap) {
            let (to, skip) = to.part((start + place) * conv.channels + group * width, width);
            add(to, &from[skip..]);
        }
    }
}
