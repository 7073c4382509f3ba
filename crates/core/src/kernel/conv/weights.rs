//! The gradient of a convolution by its kernel: a product summed over all output rows, in order inside blocks of 256,
//! blocks by the binary counter of `gemm`. Blocks are multiplied one by one; aligned powers of two of them, and parts of the
//! kernel, are shared among threads.

use super::super::gemm::{self, Epilogue, KC, Mat, gemm};
use super::super::pool::{Shared, split};
use super::super::run::{add, add_neighbours};
use super::super::window;
use super::{Conv, Gather, depthwise, share};
use std::ops::Range;

/// Elements of the gradient that one unit sums up: with those waiting they stay in the cache.
const AT_ONCE: usize = 1 << 16;
/// Pieces of the rows at most, and their elements together.
const PIECES: usize = 16;
const ELEMENTS: usize = 1 << 20;

/// How the work is divided.
struct Plan {
    /// Groups, columns of the gathered panel per tap, filters of a group.
    groups: usize,
    inputs: usize,
    n: usize,
    /// Parts of the taps.
    parts: usize,
    /// Pieces of the rows, and how many there may be with fewer samples.
    pieces: usize,
    most: usize,
    /// log₂ of the blocks of a piece.
    levels: usize,
}

impl Plan {
    fn new(conv: &Conv) -> Self {
        let (groups, inputs, n) = match conv.depthwise() {
            true => (1, 1, conv.filters),
            false => (conv.groups, conv.inputs(), conv.outputs()),
        };
        let len = conv.window.taps() * inputs * n;
        let most = (ELEMENTS / (len * groups).max(1)).clamp(1, PIECES);
        let blocks = conv.rows().div_ceil(KC);
        let levels = blocks.div_ceil(most).max(1).next_power_of_two().ilog2() as usize;
        let parts = len.div_ceil(AT_ONCE).clamp(1, conv.window.taps());
        Plan { groups, inputs, n, parts, pieces: blocks.div_ceil(1 << levels), most: most.min(blocks), levels }
    }

    /// Columns of the panel of a unit, at most.
    fn columns(&self, conv: &Conv) -> usize {
        conv.window.taps().div_ceil(self.parts) * self.inputs
    }

    /// Floats of scratch per thread: sums that wait, the present one, the panel, and what its product needs.
    fn each(&self, conv: &Conv) -> [usize; 4] {
        let (columns, sum) = (self.columns(conv), self.columns(conv).saturating_mul(self.n));
        let (panel, product) = match conv.depthwise() {
            true => (0, 0),
            false => (columns.saturating_mul(KC), gemm::scratch_len(columns, self.n, KC, 1)),
        };
        [sum.saturating_mul(self.levels + 1), sum, panel, product]
    }
}

/// Floats of scratch that [`by_weights`] needs for so many threads.
pub fn by_weights_scratch_len(conv: &Conv, threads: usize) -> usize {
    let plan = Plan::new(conv);
    let each = plan.each(conv).iter().fold(0usize, |sum, len| sum.saturating_add(*len));
    let pieces = (conv.k() * conv.filters).saturating_mul(plan.most);
    pieces.saturating_add(each.saturating_mul(threads.max(1)))
}

/// dw: the gradient by w, given dy, that by y. `scratch` as for `forward`, of [`by_weights_scratch_len`].
pub fn by_weights(conv: &Conv, x: &[f32], dy: &[f32], dw: &mut [f32], scratch: &mut [f32]) {
    conv.check(x.len(), dw.len(), dy.len());
    if dw.is_empty() || conv.rows() == 0 {
        return dw.fill(0.0);
    }
    let plan = Plan::new(conv);
    let (pieces, scratch) = scratch.split_at_mut(plan.pieces * dw.len());
    let (len, pieces) = (dw.len(), Shared::new(pieces));
    let each = plan.each(conv);
    let units = plan.pieces * plan.groups * plan.parts;
    let flops = conv.flops(conv.rows()) / units;
    share(units, flops, each.iter().sum(), scratch, &|unit, scratch| {
        let (rest, part) = (unit / plan.parts, unit % plan.parts);
        let (piece, group) = (rest / plan.groups, rest % plan.groups);
        let taps = window::share(conv.window.taps(), plan.parts, part);
        let start = piece * len + (group * conv.window.taps() + taps.start) * plan.inputs * plan.n;
        // SAFETY: every unit has its own place.
        let to = unsafe { pieces.range(start..start + taps.len() * plan.inputs * plan.n) };
        let first = piece << plan.levels;
        let blocks = first..(first + (1 << plan.levels)).min(conv.rows().div_ceil(KC));
        Unit { conv, x, dy, group, taps, n: plan.n }.sum(blocks, to, each, scratch);
    });
    merge(&plan, conv.filters, dw, &pieces);
}

/// Some rows' sum for some taps of a group.
struct Unit<'a> {
    conv: &'a Conv,
    x: &'a [f32],
    dy: &'a [f32],
    group: usize,
    taps: Range<usize>,
    n: usize,
}

impl Unit<'_> {
    /// The sum of `blocks`, which begin at a multiple of the power of two that they are at most.
    fn sum(&self, blocks: Range<usize>, to: &mut [f32], each: [usize; 4], scratch: &mut [f32]) {
        let (waiting, rest) = scratch.split_at_mut(each[0]);
        let (sum, rest) = rest.split_at_mut(each[1]);
        let (panel, product) = rest.split_at_mut(each[2]);
        let (len, sum) = (to.len(), &mut sum[..to.len()]);
        for (count, block) in blocks.clone().enumerate() {
            self.block(block * KC..((block + 1) * KC).min(self.conv.rows()), sum, panel, product);
            let mut level = 0;
            while count >> level & 1 == 1 {
                add(sum, &waiting[level * len..]);
                level += 1;
            }
            waiting[level * len..][..len].copy_from_slice(sum);
        }
        let mut left = blocks.len();
        to.copy_from_slice(&waiting[left.trailing_zeros() as usize * len..][..len]);
        left &= left - 1;
        while left != 0 {
            add(to, &waiting[left.trailing_zeros() as usize * len..]);
            left &= left - 1;
        }
    }

    fn block(&self, rows: Range<usize>, sum: &mut [f32], panel: &mut [f32], product: &mut [f32]) {
        let Unit { conv, x, dy, group, n, .. } = *self;
        if conv.depthwise() {
            return depthwise::by_weights(conv, x, dy, self.taps.clone(), rows, sum);
        }
        let gather = Gather { conv, x, group, taps: self.taps.clone() };
        let a = gather.panel(rows.clone(), panel);
        let a = Mat { row_stride: a.col_stride, col_stride: a.row_stride, ..a };
        let b = Mat { data: &dy[rows.start * conv.filters + group * n..], row_stride: conv.filters, col_stride: 1 };
        gemm(gather.columns(), n, rows.len(), a, b, sum, Epilogue::default(), product);
    }
}

/// Adds up the pieces, neighbours first, and puts the sums where they belong in dw.
fn merge(plan: &Plan, filters: usize, dw: &mut [f32], pieces: &Shared<'_, f32>) {
    let (len, n) = (dw.len(), plan.n);
    let (rows, dw) = (len / n, Shared::new(dw));
    let per_group = rows / plan.groups;
    split(rows, n * plan.pieces, 1, |range| {
        // SAFETY: `split` hands out disjoint rows, and these are their places in the pieces and in dw.
        let piece = |nth: usize| unsafe { pieces.range(nth * len + range.start * n..nth * len + range.end * n) };
        add_neighbours(plan.pieces, piece);
        for (row, sum) in range.clone().zip(piece(0).chunks_exact(n)) {
            let start = row % per_group * filters + row / per_group * n;
            // SAFETY: as above.
            unsafe { dw.range(start..start + n) }.copy_from_slice(sum);
        }
    });
}
