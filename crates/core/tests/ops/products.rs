//! Lines of the table for products of matrices and for attention.

use super::run::B;
use super::table::{Line, NASTY, Options};
use descend_core::graph::Attr;

pub fn matmul_lines() -> Vec<Line> {
    let flags = |ta: i64, tb: i64| vec![("ta", Attr::Int(ta)), ("tb", Attr::Int(tb))];
    let mut lines = Vec::new();
    for (ta, tb) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let mut add = |m: usize, n: usize, k: usize| {
            let a = if ta == 1 { vec![k, m] } else { vec![m, k] };
            let b = if tb == 1 { vec![n, k] } else { vec![k, n] };
            lines.push((flags(ta, tb), vec![a, b]));
        };
        NASTY.iter().for_each(|&n| add(n, 17, 15));
        NASTY.iter().for_each(|&n| add(5, n, 16));
        NASTY.iter().for_each(|&n| add(3, 4, n));
        add(B, 5, 17);
        add(3, 5, B);
    }
    lines.push((flags(0, 0), vec![vec![2, 3, 4], vec![4, 5]]));
    lines.push((flags(0, 1), vec![vec![B, 3, 4], vec![5, 4]]));
    lines
}

pub fn batch_matmul_lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for (ta, tb) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let mut add = |a: &[usize], b: &[usize], m: usize, n: usize, k: usize| {
            let flags = vec![("ta", Attr::Int(ta)), ("tb", Attr::Int(tb))];
            let a = [a, &if ta == 1 { [k, m] } else { [m, k] }].concat();
            let b = [b, &if tb == 1 { [n, k] } else { [k, n] }].concat();
            lines.push((flags, vec![a, b]));
        };
        NASTY.iter().for_each(|&n| add(&[3], &[3], n, 5, 4));
        NASTY.iter().for_each(|&n| add(&[2], &[], 3, 4, n));
        add(&[2, 1], &[3], 3, 4, 5);
        add(&[], &[2, 2], 15, 2, 3);
        add(&[B], &[B], 4, 3, 17);
        add(&[2], &[B, 1], 3, B, 4);
        add(&[0], &[1], 3, 2, 4);
    }
    lines
}

pub fn attention(heads: i64, causal: i64, rate: f64) -> Options {
    let numbers = [("scale", 0.4), ("rate", rate)].map(|(name, x)| (name, Attr::Float(x)));
    let flags = [("heads", heads), ("causal", causal), ("stream", 5)].map(|(name, x)| (name, Attr::Int(x)));
    numbers.into_iter().chain(flags).collect()
}

pub fn attention_lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for &n in &NASTY {
        lines.push((attention(1, 0, 0.0), vec![vec![2, n, 3], vec![2, 5, 3], vec![2, 5, 2]]));
        lines.push((attention(1, 1, 0.0), vec![vec![1, 3, 2], vec![1, n, 2], vec![1, n, 3]]));
    }
    lines.push((attention(3, 1, 0.0), vec![vec![B, 7, 6], vec![B, 7, 6], vec![B, 7, 3]]));
    lines.push((attention(2, 0, 0.4), vec![vec![B, 4, 4], vec![B, 6, 4], vec![B, 6, 2]]));
    let masks = [vec![B, 1, 5], vec![1, 4, 5], vec![B, 4, 5], vec![1, 4, 1]];
    let masked = masks.into_iter().zip([(0, 0.0), (1, 0.0), (0, 0.3), (0, 0.0)]);
    lines.extend(masked.map(|(mask, (causal, rate))| {
        (attention(2, causal, rate), vec![vec![B, 4, 4], vec![B, 5, 4], vec![B, 5, 4], mask])
    }));
    lines
}
