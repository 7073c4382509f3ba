//! Convolutions of up to three axes, channels last: the product of a matrix that is never made with the kernel. Panels of
//! it, as large as a cache, are gathered and multiplied; each has the bits of the whole product, which `gemm` states.
//!
//! x: [batch, places…, channels]; w: [taps…, channels / groups, filters]; y: [batch, positions…, filters].

mod depthwise;
mod gather;
mod input;
mod weights;

use super::gemm::{CACHED, Epilogue, Mat, Packed, packed_len};
use super::hand_out::hand_out;
use super::pool::{Shared, split};
use super::window::Window;
use gather::Gather;
pub use input::{by_input, by_input_scratch_len};
pub use weights::{by_weights, by_weights_scratch_len};

/// Rows of a panel: what keeps the tiles of the product busy, and what shares work evenly.
const LEAST_ROWS: usize = 48;
const MOST_ROWS: usize = 480;
/// Work that one part is worth, in floating-point operations; below that threads are not asked.
const SPLIT_FROM: usize = 2_000_000;

/// A convolution of one batch.
#[derive(Clone, Copy, Debug)]
pub struct Conv {
    pub window: Window,
    pub batch: usize,
    /// Of the input.
    pub channels: usize,
    /// Channels of the output.
    pub filters: usize,
    /// Parts that channels and filters are divided into, each convolved by itself. Divides both.
    pub groups: usize,
}

impl Conv {
    /// Channels of a group.
    fn inputs(&self) -> usize {
        self.channels / self.groups
    }

    /// Filters of a group.
    fn outputs(&self) -> usize {
        self.filters / self.groups
    }

    /// Output rows of all samples.
    fn rows(&self) -> usize {
        self.batch * self.window.positions()
    }

    /// Length of the sums.
    fn k(&self) -> usize {
        self.window.taps() * self.inputs()
    }

    /// Each channel by itself, with one filter.
    fn depthwise(&self) -> bool {
        self.groups > 1 && self.groups == self.channels && self.groups == self.filters
    }

    /// Multiplications and additions for so many rows.
    pub fn flops(&self, rows: usize) -> usize {
        rows.saturating_mul(self.filters).saturating_mul(self.k()).saturating_mul(2)
    }

    fn check(&self, x: usize, w: usize, y: usize) {
        let Conv { window, batch, channels, filters, groups } = self;
        assert!(*groups > 0 && channels.is_multiple_of(*groups) && filters.is_multiple_of(*groups), "whole groups");
        assert_eq!(
            x,
            batch * window.places() * channels,
            "the input has other than batch · places · channels elements"
        );
        assert_eq!(w, self.k() * filters, "the kernel has other than taps · channels · filters elements");
        assert_eq!(y, self.rows() * filters, "the output has other than batch · positions · filters elements");
    }

    /// Rows gathered at once.
    fn height(&self) -> usize {
        (CACHED / self.k().max(1)).clamp(LEAST_ROWS, MOST_ROWS).min(self.rows().div_ceil(8).max(LEAST_ROWS))
    }
}

/// Floats of scratch that [`forward`] needs for so many threads.
pub fn forward_scratch_len(conv: &Conv, threads: usize) -> usize {
    if conv.depthwise() {
        return 0;
    }
    let packed = packed_len(conv.outputs(), conv.k()).saturating_mul(conv.groups);
    packed.saturating_add(conv.height().saturating_mul(conv.k()).saturating_mul(threads.max(1)))
}

/// y = x ∗ w, then the epilogue. `scratch` has at least [`forward_scratch_len`] floats for one thread, whose values do not
/// matter; with more of it more threads help.
pub fn forward(conv: &Conv, x: &[f32], w: &[f32], y: &mut [f32], epilogue: Epilogue, scratch: &mut [f32]) {
    conv.check(x.len(), w.len(), y.len());
    if y.is_empty() {
        return;
    }
    if conv.depthwise() {
        return depthwise::forward(conv, x, w, y, epilogue);
    }
    let (k, n) = (conv.k(), conv.outputs());
    let each = packed_len(n, k);
    let (packed, scratch) = scratch.split_at_mut(each * conv.groups);
    pack(conv.groups, k * n, each, packed, &|group, to| {
        let b = Mat { data: &w[(group * n).min(w.len())..], row_stride: conv.filters, col_stride: 1 };
        Packed::pack(b, n, k, to);
    });
    let (packed, height, y) = (&*packed, conv.height(), Shared::new(y));
    let units = conv.rows().div_ceil(height);
    share(units, conv.flops(height), height * k, scratch, &|unit, panel| {
        let rows = unit * height..conv.rows().min((unit + 1) * height);
        // SAFETY: every unit has its own rows.
        let y = unsafe { y.range(rows.start * conv.filters..rows.end * conv.filters) };
        for group in 0..conv.groups {
            let a = Gather { conv, x, group, taps: 0..conv.window.taps() }.panel(rows.clone(), panel);
            let bias = epilogue.bias.map(|bias| &bias[group * n..][..n]);
            let packed = Packed::new(n, k, &packed[group * each..][..each]);
            packed.multiply(rows.len(), a, &mut y[group * n..], conv.filters, bias);
        }
        if let Some(map) = epilogue.map {
            map(y);
        }
    });
}

/// Packs one factor per group.
fn pack(groups: usize, cost: usize, each: usize, packed: &mut [f32], one: &(dyn Fn(usize, &mut [f32]) + Sync)) {
    let packed = Shared::new(packed);
    split(groups, cost, 1, |range| {
        for group in range {
            // SAFETY: every group has its own place.
            one(group, unsafe { packed.range(group * each..(group + 1) * each) });
        }
    });
}

/// Hands units of so many floating-point operations, in turns, to as many threads as they are worth, and each thread
/// `each` floats of scratch.
fn share(units: usize, flops: usize, each: usize, scratch: &mut [f32], work: &(dyn Fn(usize, &mut [f32]) + Sync)) {
    hand_out(units, SPLIT_FROM.div_ceil(flops.max(1)), each, scratch, work);
}
