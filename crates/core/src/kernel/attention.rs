//! Attention, head by head, without ever holding the scores of all queries with all keys: blocks of QUERIES queries go over
//! blocks of KEYS keys, and what was summed with an earlier maximum is scaled when a larger one comes (online softmax,
//! Milakov and Gimelshein 2018; Dao et al. 2022, FlashAttention, algorithms 1 and 4). The order of sums is that of the
//! blocks and, in them, of `gemm` and `tree`: threads share whole heads, so no bit depends on them. Refuses nothing.

use super::elementwise::{map_row, update_row};
use super::gemm::{Epilogue, Mat, gemm, scratch_len};
use super::hand_out::hand_out;
use super::math;
use super::pool::Shared;
use super::random::{Place, dropout_part};
use super::simd::{Kernel, dispatch};
use super::tree::{Add, LANES, Max, contiguous};
use super::vector::{V, floats};

/// Queries of a block.
pub const QUERIES: usize = 64;
/// Keys of a block: up to so many, all scores of a query are summed at once.
pub const KEYS: usize = 128;

/// Heads in rows: element (sample, step, head, i) of the queries is `q[((sample · steps + step) · heads + head) · depth + i]`.
#[derive(Clone, Copy, Debug)]
pub struct Heads<'a> {
    pub samples: usize,
    pub heads: usize,
    pub queries: usize,
    pub keys: usize,
    /// Of a query and of a key.
    pub depth: usize,
    /// Of a value.
    pub width: usize,
    /// Scores are products times this; above 0.
    pub scale: f32,
    /// Whether query i sees keys 0 … i alone.
    pub causal: bool,
    /// Bytes, 0 for a key that is not seen, and their steps by sample, query and key.
    pub mask: Option<(&'a [u8], [usize; 3])>,
    /// The share of weights set to 0, where its numbers stand, and the global number of the first sample.
    pub dropout: Option<(f64, Place, u64)>,
}

/// What the gradient is made of: `lse` from the forward pass, `delta` = Σ dout · out less the gradient of `lse`.
#[derive(Clone, Copy, Debug)]
pub struct Back<'a> {
    pub qkv: [&'a [f32]; 3],
    pub lse: &'a [f32],
    pub delta: &'a [f32],
    pub dout: &'a [f32],
}

/// A block of scores.
#[derive(Clone, Copy)]
struct Block {
    sample: usize,
    head: usize,
    query: usize,
    rows: usize,
    key: usize,
    columns: usize,
    causal: bool,
}

impl Block {
    /// Keys of it that row i sees, but for a mask.
    #[inline(always)]
    fn seen(&self, i: usize) -> usize {
        if self.causal { (self.query + i + 1).saturating_sub(self.key).min(self.columns) } else { self.columns }
    }

    /// Scores of row i to weights by `f`, none of those that it does not see, whose weights would be denormals on the way to 0
    /// and so cost hundreds of cycles. `shift` is what `f` subtracts: where it is NaN all are.
    #[inline(always)]
    fn weigh(&self, i: usize, row: &mut [f32], shift: f32, f: impl Fn(V) -> V + Copy + Sync) {
        let seen = self.seen(i);
        // Whole vectors: the end of a loop takes as long as a few of them.
        let upto = seen.next_multiple_of(LANES).min(row.len());
        let first = row[0];
        row[seen..upto].fill(first);
        map_row(&mut row[..upto], f);
        row[seen..].fill(if shift.is_nan() { shift } else { 0.0 });
    }
}

impl Heads<'_> {
    /// Floats of scratch that a thread needs.
    pub fn scratch_len(&self) -> usize {
        let (rows, columns) = (self.queries.min(QUERIES), self.keys.min(KEYS));
        let wide = self.depth.max(self.width).max(1);
        let sides = rows.max(columns);
        let product = [(columns, wide), (wide, columns), (wide, rows)].map(|(n, k)| scratch_len(QUERIES, n, k, 0));
        3 * rows * columns + 2 * sides * wide + 3 * rows + product.into_iter().max().unwrap_or(0)
    }

    /// Matrix `head` of a sample, from a step on, of rows of `size` per head.
    fn view<'b>(&self, x: &'b [f32], sample: usize, steps: usize, step: usize, head: usize, size: usize) -> Mat<'b> {
        let start = ((sample * steps + step) * self.heads + head) * size;
        Mat { data: &x[start..], row_stride: self.heads * size, col_stride: 1 }
    }

    /// Hands whole heads to threads, each with scratch of its own.
    fn share(&self, scratch: &mut [f32], work: &(dyn Fn(usize, usize, &mut [f32]) + Sync)) {
        let worth = (1usize << 13).div_ceil(self.queries.saturating_mul(self.keys).max(1));
        let head = |unit: usize, scratch: &mut [f32]| work(unit / self.heads, unit % self.heads, scratch);
        hand_out(self.samples * self.heads, worth, self.scratch_len(), scratch, &head);
    }

    /// Blocks of keys that a block of queries sees.
    fn blocks(&self, sample: usize, head: usize, query: usize) -> impl Iterator<Item = Block> + use<> {
        let rows = QUERIES.min(self.queries - query);
        let seen = if self.causal { self.keys.min(query + rows) } else { self.keys };
        let causal = self.causal;
        let block = move |key| Block { sample, head, query, rows, key, columns: KEYS.min(seen - key), causal };
        (0..seen).step_by(KEYS).map(block)
    }

    /// The products of a block, −∞ where a key is not seen.
    fn scores(&self, q: &[f32], k: &[f32], b: Block, s: &mut [f32], scratch: &mut [f32]) {
        let queries = self.view(q, b.sample, self.queries, b.query, b.head, self.depth);
        let keys = turned(self.view(k, b.sample, self.keys, b.key, b.head, self.depth));
        gemm(b.rows, b.columns, self.depth, queries, keys, s, Epilogue::default(), scratch);
        for (i, row) in s.chunks_exact_mut(b.columns).enumerate() {
            let at = b.query + i;
            row[b.seen(i)..].fill(f32::NEG_INFINITY);
            if let Some((seen, [by_sample, by_query, by_key])) = self.mask {
                let start = b.sample * by_sample + at * by_query + b.key * by_key;
                let hidden = row.iter_mut().enumerate().filter(|(j, _)| seen[start + j * by_key] == 0);
                hidden.for_each(|(_, x)| *x = f32::NEG_INFINITY);
            }
        }
    }

    /// Drops weights of a block, or the gradients of the same.
    fn drop(&self, b: Block, s: &mut [f32]) {
        let Some((rate, place, first)) = self.dropout else { return };
        for (i, row) in s.chunks_exact_mut(b.columns).enumerate() {
            let start = (b.head * self.queries + b.query + i) * self.keys + b.key;
            dropout_part(row, rate, place, first + b.sample as u64, start);
        }
    }

    /// out = softmax(q · kᵀ · scale) · v; `lse` (by sample, head and query) the logarithms of what the softmax divides by.
    /// A query that sees nothing gets 0 in both.
    pub fn forward(&self, [q, k, v]: [&[f32]; 3], out: &mut [f32], lse: &mut [f32], scratch: &mut [f32]) {
        let (out, lse) = (Shared::new(out), Shared::new(lse));
        self.share(scratch, &|sample, head, scratch| {
            for query in (0..self.queries).step_by(QUERIES) {
                let rows = QUERIES.min(self.queries - query);
                let (acc, rest) = scratch.split_at_mut(rows * self.width);
                let (new, rest) = rest.split_at_mut(rows * self.width);
                let (stats, rest) = rest.split_at_mut(3 * rows);
                let (max, others) = stats.split_at_mut(rows);
                let (sum, factor) = others.split_at_mut(rows);
                acc.fill(0.0);
                max.fill(f32::NEG_INFINITY);
                sum.fill(0.0);
                for b in self.blocks(sample, head, query) {
                    let (s, scratch) = rest.split_at_mut(rows * b.columns);
                    self.scores(q, k, b, s, scratch);
                    dispatch(Soften { s, block: b, scale: self.scale, max, sum, factor });
                    self.drop(b, s);
                    let weights = Mat::rows(s, b.columns);
                    let values = self.view(v, sample, self.keys, b.key, head, self.width);
                    gemm(rows, self.width, b.columns, weights, values, new, Epilogue::default(), scratch);
                    dispatch(Gather { acc, new, width: self.width, factor });
                }
                // SAFETY: a head and block of queries has its own places.
                let lse = unsafe {
                    let start = (sample * self.heads + head) * self.queries + query;
                    lse.range(start..start + rows)
                };
                for i in 0..rows {
                    let start = ((sample * self.queries + query + i) * self.heads + head) * self.width;
                    // SAFETY: as above.
                    let to = unsafe { out.range(start..start + self.width) };
                    let share = if sum[i] == 0.0 { 0.0 } else { 1.0 / sum[i] };
                    to.iter_mut().zip(&acc[i * self.width..]).for_each(|(y, x)| *y = x * share);
                    lse[i] = if sum[i] == 0.0 { 0.0 } else { max[i] + floats(math::ln(V::from(sum[i])))[0] };
                }
            }
        });
    }

    /// The gradients by queries, keys and values: the weights of a block are computed again.
    pub fn backward(&self, back: Back<'_>, [dq, dk, dv]: [&mut [f32]; 3], scratch: &mut [f32]) {
        let ([q, k, v], dout) = (back.qkv, back.dout);
        let (dq, dk, dv) = (Shared::new(dq), Shared::new(dk), Shared::new(dv));
        self.share(scratch, &|sample, head, scratch| {
            // SAFETY: every head has its own places, in each of the three.
            let rows_of = |to: &Shared<'_, f32>, steps: usize, from: usize, size: usize, new: Option<&[f32]>| unsafe {
                let count = new.map_or(steps, |new| new.len() / size.max(1));
                for i in 0..count {
                    let start = ((sample * steps + from + i) * self.heads + head) * size;
                    let to = to.range(start..start + size);
                    match new {
                        Some(new) => to.iter_mut().zip(&new[i * size..]).for_each(|(sum, x)| *sum += x),
                        None => to.fill(0.0),
                    }
                }
            };
            rows_of(&dq, self.queries, 0, self.depth, None);
            rows_of(&dk, self.keys, 0, self.depth, None);
            rows_of(&dv, self.keys, 0, self.width, None);
            for b in (0..self.queries).step_by(QUERIES).flat_map(|query| self.blocks(sample, head, query)) {
                let size = b.rows * b.columns;
                let (p, rest) = scratch.split_at_mut(size);
                let (dp, rest) = rest.split_at_mut(size);
                let (dropped, rest) = rest.split_at_mut(size);
                let (new, scratch) = rest.split_at_mut(b.rows.max(b.columns) * self.depth.max(self.width));
                let stats = (sample * self.heads + head) * self.queries + b.query;
                let (lse, delta) = (&back.lse[stats..][..b.rows], &back.delta[stats..][..b.rows]);
                let none = Epilogue::default();
                self.scores(q, k, b, p, scratch);
                dispatch(Weights { s: p, block: b, scale: self.scale, lse });
                let by_out = self.view(dout, sample, self.queries, b.query, head, self.width);
                let values = turned(self.view(v, sample, self.keys, b.key, head, self.width));
                gemm(b.rows, b.columns, self.width, by_out, values, dp, none, scratch);
                self.drop(b, dp);
                let dropped = if self.dropout.is_some() {
                    dropped.copy_from_slice(p);
                    self.drop(b, dropped);
                    &*dropped
                } else {
                    &*p
                };
                let by_values = &mut new[..b.columns * self.width];
                let weights = Mat::transposed(dropped, b.columns);
                gemm(b.columns, self.width, b.rows, weights, by_out, by_values, none, scratch);
                rows_of(&dv, self.keys, b.key, self.width, Some(by_values));
                dispatch(Slopes { ds: dp, p, columns: b.columns, scale: self.scale, delta });
                let by_queries = &mut new[..b.rows * self.depth];
                let keys = self.view(k, sample, self.keys, b.key, head, self.depth);
                gemm(b.rows, self.depth, b.columns, Mat::rows(dp, b.columns), keys, by_queries, none, scratch);
                rows_of(&dq, self.queries, b.query, self.depth, Some(by_queries));
                let by_keys = &mut new[..b.columns * self.depth];
                let queries = self.view(q, sample, self.queries, b.query, head, self.depth);
                gemm(b.columns, self.depth, b.rows, Mat::transposed(dp, b.columns), queries, by_keys, none, scratch);
                rows_of(&dk, self.keys, b.key, self.depth, Some(by_keys));
            }
        });
    }
}

fn turned(x: Mat<'_>) -> Mat<'_> {
    Mat { row_stride: x.col_stride, col_stride: x.row_stride, ..x }
}

/// Scores to weights before the division: largest score so far, their sum, and by how much earlier ones shrink.
struct Soften<'a> {
    s: &'a mut [f32],
    block: Block,
    scale: f32,
    max: &'a mut [f32],
    sum: &'a mut [f32],
    factor: &'a mut [f32],
}

impl Kernel for Soften<'_> {
    type Out = ();
    const WIDE: bool = true;
    #[inline(always)]
    fn run(self) {
        let scale = self.scale;
        for (i, row) in self.s.chunks_exact_mut(self.block.columns).enumerate() {
            map_row(row, |x| x * scale);
            let (before, here) = (self.max[i], contiguous(row, row, Max).0);
            let max = if here > before || here.is_nan() { here } else { before };
            // Of nothing but −∞ the weights are 0.
            let shift = if max == f32::NEG_INFINITY { 0.0 } else { max };
            self.block.weigh(i, row, shift, |x| math::exp(x - shift));
            // Before the first block there is nothing to shrink, and no denormal to meet on the way to 0.
            let nothing = before == f32::NEG_INFINITY;
            let factor = if nothing { 0.0 } else { floats(math::exp(V::from(before - shift)))[0] };
            self.sum[i] = self.sum[i] * factor + contiguous(row, row, Add);
            (self.max[i], self.factor[i]) = (max, factor);
        }
    }
}

/// acc = acc · factor + new, row by row.
struct Gather<'a> {
    acc: &'a mut [f32],
    new: &'a [f32],
    width: usize,
    factor: &'a [f32],
}

impl Kernel for Gather<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let rows = self.acc.chunks_exact_mut(self.width.max(1)).zip(self.new.chunks_exact(self.width.max(1)));
        for ((acc, new), &factor) in rows.zip(self.factor) {
            update_row(acc, new, |acc, new| acc * factor + new);
        }
    }
}

/// Scores to weights.
struct Weights<'a> {
    s: &'a mut [f32],
    block: Block,
    scale: f32,
    lse: &'a [f32],
}

impl Kernel for Weights<'_> {
    type Out = ();
    const WIDE: bool = true;
    #[inline(always)]
    fn run(self) {
        let scale = self.scale;
        for (i, (row, &lse)) in self.s.chunks_exact_mut(self.block.columns).zip(self.lse).enumerate() {
            self.block.weigh(i, row, lse, |x| math::exp(x * scale - lse));
        }
    }
}

/// ds = p · (ds − delta) · scale.
struct Slopes<'a> {
    ds: &'a mut [f32],
    p: &'a [f32],
    columns: usize,
    scale: f32,
    delta: &'a [f32],
}

impl Kernel for Slopes<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let scale = self.scale;
        let rows = self.ds.chunks_exact_mut(self.columns).zip(self.p.chunks_exact(self.columns));
        for ((ds, p), &delta) in rows.zip(self.delta) {
            update_row(ds, p, |ds, p| p * (ds - delta) * scale);
        }
    }
}
