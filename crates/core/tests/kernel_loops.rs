//! Elementwise loops, broadcasting, reductions and randomness against naive versions, on every instruction set and number
//! of threads.

use descend_core::kernel::elementwise::{First, binary, broadcast2, copy, fill, ternary, unary};
use descend_core::kernel::random::{Place, dropout, permutation, philox, uniform, uniform01};
use descend_core::kernel::reduce::{BLOCK, LANES, Reduction, all_finite, dot, max, reduce_axis, sum, sum_squares_f64};
use descend_core::kernel::{math, pool, simd};
use std::sync::{Mutex, PoisonError};

/// Instruction set and threads are process-wide: one test at a time.
static SETTINGS: Mutex<()> = Mutex::new(());

const SIZES: [usize; 16] = [0, 1, 2, 7, 15, 16, 17, 31, 33, 63, 255, 256, 257, 1000, 70_001, 200_003];

/// Runs `check` at every level with 1, 2 and 3 threads.
fn everywhere(check: impl Fn()) {
    let _alone = SETTINGS.lock().unwrap_or_else(PoisonError::into_inner);
    for level in simd::levels() {
        simd::force_level(Some(level));
        for threads in [1, 2, 3] {
            pool::set_threads(threads).unwrap();
            check();
        }
    }
    simd::force_level(None);
    pool::set_threads(0).unwrap();
}

fn numbers(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state as f32 / 2_147_483_648.0 - 1.0) * ((state & 7) as f32 - 3.0).exp2()
    };
    (0..len).map(|_| next()).collect()
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn loops_apply_the_function_to_every_element() {
    let cases: Vec<_> = SIZES.iter().map(|&n| (numbers(n, 1), numbers(n, 2), numbers(n, 3))).collect();
    let one: Vec<Vec<f32>> = cases.iter().map(|(a, ..)| a.iter().map(|&a| math::tanh(a)).collect()).collect();
    everywhere(|| {
        for ((a, b, c), tanh) in cases.iter().zip(&one) {
            let mut out = vec![f32::NAN; a.len()];
            unary(&mut out, First::Other(a), math::tanh);
            assert_eq!(bits(&out), bits(tanh));
            copy(&mut out, a);
            assert_eq!(bits(&out), bits(a));
            unary(&mut out, First::Same, math::tanh);
            assert_eq!(bits(&out), bits(tanh));
            let f = |x: f32, y: f32| x * 2.0 - y;
            binary(&mut out, First::Other(a), b, f);
            let want: Vec<f32> = a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect();
            assert_eq!(bits(&out), bits(&want));
            out.copy_from_slice(a);
            binary(&mut out, First::Same, b, f);
            assert_eq!(bits(&out), bits(&want));
            let g = |x: f32, y: f32, z: f32| x * y + z;
            let want: Vec<f32> = a.iter().zip(b).zip(c).map(|((&a, &b), &c)| g(a, b, c)).collect();
            ternary(&mut out, First::Other(a), b, c, g);
            assert_eq!(bits(&out), bits(&want));
            out.copy_from_slice(a);
            ternary(&mut out, First::Same, b, c, g);
            assert_eq!(bits(&out), bits(&want));
            fill(&mut out, 1.5);
            assert!(out.iter().all(|&x| x == 1.5));
        }
    });
}

/// Index into an operand of `dims` for the place `at` (same rank) of the result.
fn place(at: &[usize], dims: &[usize]) -> usize {
    let at = &at[at.len() - dims.len()..];
    at.iter().zip(dims).fold(0, |index, (&i, &d)| index * d + if d == 1 { 0 } else { i })
}

#[test]
fn broadcasting_follows_numpy() {
    let cases: &[[&[usize]; 3]] = &[
        [&[], &[], &[]],
        [&[5], &[5], &[]],
        [&[5], &[], &[5]],
        [&[0, 3], &[0, 3], &[3]],
        [&[7, 10], &[7, 10], &[10]],
        [&[7, 10], &[7, 1], &[7, 10]],
        [&[7, 10], &[7, 1], &[10]],
        [&[7, 10], &[1, 1], &[1]],
        [&[3, 4, 5], &[3, 1, 5], &[4, 1]],
        [&[3, 4, 5], &[3, 4, 5], &[3, 4, 1]],
        [&[2, 3, 4, 5], &[1, 3, 1, 5], &[2, 1, 4, 1]],
        [&[2, 1, 4, 1, 17], &[1, 17], &[2, 1, 4, 1, 1]],
        [&[300, 1001], &[1001], &[300, 1]],
        [&[3, 100_000], &[3, 1], &[100_000]],
        [&[50, 40, 60], &[50, 1, 60], &[40, 60]],
    ];
    let f = |x: f32, y: f32| x * 3.0 - y;
    everywhere(|| {
        for [dims, a_dims, b_dims] in cases {
            let len: usize = dims.iter().product();
            let (a, b) = (numbers(a_dims.iter().product(), 5), numbers(b_dims.iter().product(), 6));
            let mut out = vec![f32::NAN; len];
            broadcast2(&mut out, dims, &a, a_dims, &b, b_dims, f);
            let mut at = vec![0; dims.len()];
            for (i, out) in out.iter().enumerate() {
                let mut rest = i;
                for (at, &dim) in at.iter_mut().zip(*dims).rev() {
                    (*at, rest) = (rest % dim, rest / dim);
                }
                assert_eq!(
                    *out,
                    f(a[place(&at, a_dims)], b[place(&at, b_dims)]),
                    "{dims:?} {a_dims:?} {b_dims:?} at {i}"
                );
            }
        }
    });
    assert!(std::panic::catch_unwind(|| broadcast2(&mut [0.0; 6], &[6], &[0.0; 3], &[3], &[0.0; 6], &[6], f)).is_err());
}

/// Merges results of blocks as the contract says.
fn tree<T: Copy>(blocks: impl Iterator<Item = T>, none: T, merge: impl Fn(T, T) -> T) -> T {
    let mut waiting: Vec<(usize, T)> = Vec::new();
    for block in blocks {
        let mut block = (1, block);
        while waiting.last().is_some_and(|left| left.0 == block.0) {
            let left = waiting.pop().unwrap();
            block = (2 * block.0, merge(left.1, block.1));
        }
        waiting.push(block);
    }
    let mut result = waiting.pop().map_or(none, |last| last.1);
    while let Some(left) = waiting.pop() {
        result = merge(left.1, result);
    }
    result
}

/// The contract of a contiguous sum, word for word.
fn sum_of<T: Copy + std::ops::Add<Output = T>>(terms: &[T], zero: T) -> T {
    let blocks = terms.chunks(BLOCK).map(|block| {
        let mut lanes = [zero; LANES];
        for (i, &x) in block.iter().enumerate() {
            lanes[i % LANES] = lanes[i % LANES] + x;
        }
        for half in [8, 4, 2, 1] {
            for j in 0..half {
                lanes[j] = lanes[j] + lanes[j + half];
            }
        }
        lanes[0]
    });
    tree(blocks, zero, |a, b| a + b)
}

#[test]
fn sums_have_the_shape_of_the_contract() {
    let cases: Vec<_> = SIZES.iter().chain(&[512, 768, 1_000_003]).map(|&n| (numbers(n, 7), numbers(n, 8))).collect();
    let want: Vec<_> = cases
        .iter()
        .map(|(a, b)| {
            let products: Vec<f32> = a.iter().zip(b).map(|(a, b)| a * b).collect();
            let squares: Vec<f64> = a.iter().map(|&a| f64::from(a) * f64::from(a)).collect();
            (sum_of(a, 0.0).to_bits(), sum_of(&products, 0.0).to_bits(), sum_of(&squares, 0.0).to_bits())
        })
        .collect();
    everywhere(|| {
        for ((a, b), want) in cases.iter().zip(&want) {
            let got = (sum(a).to_bits(), dot(a, b).to_bits(), sum_squares_f64(a).to_bits());
            assert_eq!(got, *want, "{} elements", a.len());
            assert_eq!(max(a), a.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        }
    });
}

#[test]
fn nan_and_infinity_are_not_lost() {
    everywhere(|| {
        for n in [1, 16, 17, 300, 100_000] {
            for at in [0, n / 2, n - 1] {
                let mut x = numbers(n, 9);
                x[at] = f32::NAN;
                assert!(max(&x).is_nan() && sum(&x).is_nan() && sum_squares_f64(&x).is_nan() && !all_finite(&x));
                x[at] = f32::NEG_INFINITY;
                assert!(sum_squares_f64(&x) == f64::INFINITY && sum(&x) == f32::NEG_INFINITY && !all_finite(&x));
                x[at] = f32::MAX;
                assert!(sum_squares_f64(&x).is_finite() && max(&x) == f32::MAX && all_finite(&x));
            }
        }
    });
    assert_eq!((sum(&[]), max(&[]), dot(&[], &[])), (0.0, f32::NEG_INFINITY, 0.0));
}

#[test]
fn reductions_over_an_axis() {
    let shapes = [
        (0, 3, 4),
        (3, 0, 4),
        (3, 4, 0),
        (1, 1, 1),
        (5, 17, 1),
        (5, 700, 1),
        (1, 32, 128),
        (1, 33, 63),
        (3, 257, 65),
        (2, 1025, 7),
        (4, 31, 200),
        (1, 3000, 130),
        (900, 300, 1),
    ];
    everywhere(|| {
        for (outer, r, inner) in shapes {
            let src = numbers(outer * r * inner, 10);
            let (mut sums, mut maxima) = (vec![f32::NAN; outer * inner], vec![f32::NAN; outer * inner]);
            reduce_axis(&mut sums, &src, outer, r, inner, Reduction::Sum);
            reduce_axis(&mut maxima, &src, outer, r, inner, Reduction::Max);
            for at in 0..outer * inner {
                let (o, i) = (at / inner, at % inner);
                let column: Vec<f32> = (0..r).map(|row| src[(o * r + row) * inner + i]).collect();
                let blocks = column.chunks(BLOCK).map(|rows| rows.iter().fold(0.0, |sum, x| sum + x));
                let want = if inner == 1 { sum_of(&column, 0.0) } else { tree(blocks, 0.0, |a, b| a + b) };
                assert_eq!(sums[at].to_bits(), want.to_bits(), "({outer}, {r}, {inner}) at {at}");
                assert_eq!(maxima[at], column.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            }
        }
    });
}

#[test]
fn philox_gives_the_published_words() {
    // Random123, kat_vectors, philox4x32 10.
    assert_eq!(philox([0; 2], [0; 4]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    assert_eq!(philox([u32::MAX; 2], [u32::MAX; 4]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
    assert_eq!(philox([0xa409_3822, 0x299f_31d0], pi), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
}

const PLACE: Place = Place { key: 0x0123_4567_89ab_cdef, stream: 3, iteration: 0x1_0000_0002, scan_step: 5 };

#[test]
fn values_depend_on_row_and_element_alone() {
    // The layout as `random` states it.
    let words = philox([0x89ab_cdef, 0x0123_4567], [2, 1, 3, 0]);
    let word = |row: u64, e: usize| {
        let counter = [(e / 64 * 16 + e % 16) as u32, row as u32, (row >> 32) as u32, 5];
        philox([words[0], words[1]], counter)[e / 16 % 4]
    };
    let first = u64::from(u32::MAX) - 1;
    everywhere(|| {
        for row_len in [1, 10, 16, 63, 64, 65, 128, 70_000] {
            let rows = if row_len > 1000 { 2 } else { 5 };
            let mut x = vec![f32::NAN; rows * row_len];
            uniform(&mut x, PLACE, first, row_len, -2.0, 3.0);
            for (i, x) in x.iter().enumerate() {
                let u = uniform01(word(first + (i / row_len) as u64, i % row_len));
                assert_eq!(*x, -2.0 + 5.0 * u, "row of {row_len}, {i}");
            }
            // The same rows in two calls.
            let mut y = vec![f32::NAN; rows * row_len];
            let (head, tail) = y.split_at_mut(row_len);
            uniform(tail, PLACE, first + 1, row_len, -2.0, 3.0);
            uniform(head, PLACE, first, row_len, -2.0, 3.0);
            assert_eq!(x, y);
        }
    });
}

#[test]
fn dropout_uses_one_mask_for_values_and_gradients() {
    everywhere(|| {
        for rate in [0.0, 0.2, 0.5, 0.9] {
            let x = numbers(1000 * 130, 11);
            let mut y = vec![f32::NAN; x.len()];
            dropout(&mut y, First::Other(&x), rate, PLACE, 7, 130);
            let mut ones = vec![1.0; x.len()];
            dropout(&mut ones, First::Same, rate, PLACE, 7, 130);
            let scale = (1.0 / (1.0 - rate)) as f32;
            let mut kept = 0;
            for ((x, y), one) in x.iter().zip(&y).zip(&ones) {
                assert!(*one == 0.0 || *one == scale);
                assert_eq!(*y, if *one == 0.0 { 0.0 } else { x * scale });
                kept += usize::from(*one != 0.0);
            }
            let share = kept as f64 / x.len() as f64;
            assert!((share - (1.0 - rate)).abs() < 0.005, "rate {rate}: kept {share}");
        }
    });
}

#[test]
fn uniform_numbers_are_uniform() {
    let mut x = vec![0.0; 1 << 20];
    uniform(&mut x, PLACE, 0, 256, 0.0, 1.0);
    let mean = x.iter().map(|&x| f64::from(x)).sum::<f64>() / x.len() as f64;
    let variance = x.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / x.len() as f64;
    assert!((mean - 0.5).abs() < 1e-3 && (variance - 1.0 / 12.0).abs() < 5e-4, "{mean} {variance}");
    assert!(x.iter().all(|x| (0.0..1.0).contains(x)));
    let mut bins = [0u32; 64];
    x.iter().for_each(|x| bins[(x * 64.0) as usize] += 1);
    let chi2: f64 = bins.iter().map(|&n| (f64::from(n) - 16384.0).powi(2) / 16384.0).sum();
    assert!(chi2 < 120.0, "chi squared of 63 degrees: {chi2}");
}

#[test]
fn permutations_are_permutations_and_equally_likely() {
    for n in [0, 1, 2, 3, 17, 1000] {
        let mut order = vec![0; n];
        permutation(&mut order, 42, 1);
        let again = order.clone();
        permutation(&mut order, 42, 1);
        assert_eq!(order, again);
        permutation(&mut order, 42, 2);
        assert!(n < 17 || order != again);
        order.sort_unstable();
        assert!(order.iter().enumerate().all(|(i, &x)| i == x as usize));
    }
    let mut counts = [0u32; 24];
    for epoch in 0..24_000 {
        let mut order = [0; 4];
        permutation(&mut order, 9, epoch);
        let [a, b, c, _] = order;
        let rank = a * 6 + (b - u32::from(b > a)) * 2 + u32::from(c > order[3]);
        counts[rank as usize] += 1;
    }
    let chi2: f64 = counts.iter().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
    assert!(chi2 < 60.0, "chi squared of 23 degrees: {chi2} {counts:?}");
}
