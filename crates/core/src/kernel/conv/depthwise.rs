//! Convolutions in which each channel has one filter of its own: products added tap by tap, in order from 0, for all channels
//! of a place at once. There is no product of matrices in it.

use super::super::gemm::Epilogue;
use super::super::pool::{Shared, split};
use super::super::run::{Into, Runs, Size, add_products, add_runs};
use super::super::window::Band;
use super::Conv;
use std::ops::Range;

pub(super) fn forward(conv: &Conv, x: &[f32], w: &[f32], y: &mut [f32], epilogue: Epilogue) {
    let (window, width, y) = (&conv.window, conv.filters, Shared::new(y));
    let step = window.stride[2] * width;
    split(conv.rows(), conv.k() * width * 2, 1, |rows| {
        let first = rows.start;
        // SAFETY: `split` hands out disjoint ranges.
        let y = unsafe { y.range(first * width..rows.end * width) };
        y.fill(0.0);
        window.lines(rows, &mut |row, line| {
            let y = &mut y[(row - first) * width..][..line.len * width];
            window.seen_by(line, false, &mut |seen| {
                let size = Size { count: seen.count, len: width };
                let to = Into { to: &mut y[seen.first * width..], step: width };
                let x = Runs { from: &x[seen.place * width..], step };
                add_products(size, to, x, Runs { from: &w[seen.tap * width..], step: 0 });
            });
            if let Some(bias) = epilogue.bias {
                let size = Size { count: line.len, len: width };
                add_runs(size, Into { to: y, step: width }, Runs { from: bias, step: 0 });
            }
        });
        if let Some(map) = epilogue.map {
            map(y);
        }
    });
}

/// Adds what some rows of dy give to a band of dx.
pub(super) fn by_input(conv: &Conv, band: &mut Band<'_>, dy: &[f32], w: &[f32], rows: Range<usize>) {
    let (window, width) = (&conv.window, conv.filters);
    let (places, stride) = (band.places(width), window.stride[2]);
    window.lines(rows, &mut |row, line| {
        window.seen_by(line, true, &mut |seen| {
            let seen = seen.within(&places, stride);
            if seen.count > 0 {
                let to = &mut band.elements[(seen.place - places.start) * width..];
                let (to, size) = (Into { to, step: stride * width }, Size { count: seen.count, len: width });
                let dy = Runs { from: &dy[(row + seen.first) * width..], step: width };
                add_products(size, to, dy, Runs { from: &w[seen.tap * width..], step: 0 });
            }
        });
    });
}

/// The gradient by some taps of the kernel that some rows give.
pub(super) fn by_weights(
    conv: &Conv,
    x: &[f32],
    dy: &[f32],
    taps: Range<usize>,
    rows: Range<usize>,
    block: &mut [f32],
) {
    let (window, width) = (&conv.window, conv.filters);
    block.fill(0.0);
    window.lines(rows, &mut |row, line| {
        window.seen_by(line, false, &mut |seen| {
            if taps.contains(&seen.tap) {
                let to = Into { to: &mut block[(seen.tap - taps.start) * width..][..width], step: 0 };
                let x = Runs { from: &x[seen.place * width..], step: window.stride[2] * width };
                let dy = Runs { from: &dy[(row + seen.first) * width..], step: width };
                add_products(Size { count: seen.count, len: width }, to, x, dy);
            }
        });
    });
}
