//! Attention in f64, as the formula says it: all scores, their softmax, the weighted values; and the gradients of these.

use super::Attention;
use crate::kernel::elementwise::First;
use crate::kernel::random;
use crate::op::oracle::{Array, Oracle};
use crate::op::random_uniform::{Rows, place};

/// The scores of one sample and head, and what the kept weights are multiplied by, both (queries, keys).
struct Scores {
    scores: Vec<f64>,
    kept: Vec<f64>,
}

/// Rows of one head: `x` is (B, steps, heads · size).
fn row(x: &Array, heads: usize, sample: usize, step: usize, head: usize) -> &[f64] {
    let size = x.dims[2] / heads;
    &x.data[(sample * x.dims[1] + step) * x.dims[2] + head * size..][..size]
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The scores of every sample and head; input `mask` is the mask, where there is one.
fn scores(of: &Attention, x: &Oracle<'_>, mask: usize) -> Vec<Scores> {
    let (q, k) = (&x.inputs[0], &x.inputs[1]);
    let (samples, queries, keys) = (q.dims[0], q.dims[1], k.dims[1]);
    let mut kept = vec![1.0f32; samples * of.heads * queries * keys];
    if of.rate > 0.0 && !kept.is_empty() {
        let first = Rows::of(&x.types[0].shape, x.batch, x.step).first;
        let place = place(x.step, of.stream);
        random::dropout(&mut kept, First::Same, of.rate, place, first, of.heads * queries * keys);
    }
    let scale = 1.0 / (1.0 - of.rate);
    let score = |sample: usize, head: usize, i: usize, j: usize| {
        let hidden = x.inputs.get(mask).is_some_and(|mask| mask.get(&[sample, i, j]) == 0.0);
        match hidden || (of.causal && j > i) {
            true => f64::NEG_INFINITY,
            false => dot(row(q, of.heads, sample, i, head), row(k, of.heads, sample, j, head)) * of.scale,
        }
    };
    let pairs = (0..samples).flat_map(|sample| (0..of.heads).map(move |head| (sample, head)));
    pairs
        .map(|(sample, head)| {
            let start = (sample * of.heads + head) * queries * keys;
            let kept = kept[start..start + queries * keys].iter();
            Scores {
                scores: (0..queries * keys).map(|at| score(sample, head, at / keys, at % keys)).collect(),
                kept: kept.map(|&kept| if kept > 0.0 { scale } else { 0.0 }).collect(),
            }
        })
        .collect()
}

pub(super) fn forward(of: &Attention, x: &mut Oracle<'_>) {
    let v = &x.inputs[2];
    let (queries, keys) = (x.inputs[0].dims[1], v.dims[1]);
    let mut out = vec![0.0; x.dims[0].iter().product()];
    let mut sums = Vec::new();
    for (unit, Scores { scores, kept }) in scores(of, x, 3).into_iter().enumerate() {
        let (sample, head, size) = (unit / of.heads, unit % of.heads, v.dims[2] / of.heads);
        for i in 0..queries {
            let own = &scores[i * keys..(i + 1) * keys];
            let max = own.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = own.iter().map(|s| (s - max).exp()).sum();
            let lse = if max == f64::NEG_INFINITY { 0.0 } else { max + sum.ln() };
            let to = &mut out[(sample * queries + i) * v.dims[2] + head * size..][..size];
            for j in 0..keys {
                let weight = (own[j] - lse).exp() * kept[i * keys + j];
                to.iter_mut().zip(row(v, of.heads, sample, j, head)).for_each(|(y, v)| *y += weight * v);
            }
            sums.push(lse);
        }
    }
    x.set(out);
    x.set(sums);
}

pub(super) fn backward(of: &Attention, x: &mut Oracle<'_>) {
    let [q, k, v, lse, delta, dout] = [0, 1, 2, 3, 4, 5].map(|i| &x.inputs[i]);
    let (queries, keys) = (q.dims[1], k.dims[1]);
    let mut by = [q, k, v].map(|x| Array::filled(x.dims.clone(), 0.0));
    let add = |to: &mut Array, sample: usize, step: usize, head: usize, factor: f64, from: &[f64]| {
        let start = (sample * to.dims[1] + step) * to.dims[2] + head * from.len();
        to.data[start..].iter_mut().zip(from).for_each(|(sum, x)| *sum += factor * x);
    };
    for (unit, Scores { scores, kept }) in scores(of, x, 6).into_iter().enumerate() {
        let (sample, head) = (unit / of.heads, unit % of.heads);
        for at in 0..queries * keys {
            let (i, j) = (at / keys, at % keys);
            let of_query = unit * queries + i;
            let [query, key, value] = [(q, i), (k, j), (v, j)].map(|(x, step)| row(x, of.heads, sample, step, head));
            let out = row(dout, of.heads, sample, i, head);
            let weight = (scores[at] - lse.data[of_query]).exp();
            let by_weight = dot(out, value) * kept[at];
            let by_score = weight * (by_weight - delta.data[of_query]) * of.scale;
            add(&mut by[0], sample, i, head, by_score, key);
            add(&mut by[1], sample, j, head, by_score, query);
            add(&mut by[2], sample, j, head, weight * kept[at], out);
        }
    }
    by.into_iter().for_each(|array| x.set(array.data));
}
