//! The matrix product against a literal scalar version of its contract, bit for bit, on every instruction set and number
//! of threads.

use descend_core::kernel::gemm::{
    Epilogue, KC, Mat, across_scratch_len, deep_scratch_len, gemm, gemm_deep, scratch_len,
};
use descend_core::kernel::pool;
use descend_core::kernel::simd::{self, Level};
use std::sync::{Mutex, PoisonError};

/// Instruction set and threads are process-wide: one test at a time.
static SETTINGS: Mutex<()> = Mutex::new(());

fn numbers(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Magnitudes of many binades, so that any other order of additions shows.
        ((state >> 40) as f32 / 8_388_608.0 - 1.0) * ((state & 7) as f32 - 3.0).exp2()
    };
    (0..len).map(|_| next()).collect()
}

/// The contract, word for word: blocks of KC from 0 in order, then the binary counter. `plus` adds a product to a sum.
fn contract(a: impl Fn(usize) -> f32, b: impl Fn(usize) -> f32, k: usize, plus: impl Fn(f32, f32, f32) -> f32) -> f32 {
    let mut waiting: Vec<(usize, f32)> = Vec::new();
    for start in (0..k).step_by(KC) {
        let mut block = (1, 0.0f32);
        for p in start..k.min(start + KC) {
            block.1 = plus(block.1, a(p), b(p));
        }
        while waiting.last().is_some_and(|left| left.0 == block.0) {
            let left = waiting.pop().unwrap();
            block = (2 * block.0, left.1 + block.1);
        }
        waiting.push(block);
    }
    let mut sum = waiting.pop().map_or(0.0, |last| last.1);
    while let Some(left) = waiting.pop() {
        sum += left.1;
    }
    sum
}

/// Rounded twice, as on every engine.
fn plain(sum: f32, a: f32, b: f32) -> f32 {
    let product = a * b;
    sum + product
}

/// Rounded once.
fn fused(sum: f32, a: f32, b: f32) -> f32 {
    a.mul_add(b, sum)
}

struct Case {
    m: usize,
    n: usize,
    k: usize,
    a: Vec<f32>,
    b: Vec<f32>,
    bias: Vec<f32>,
}

impl Case {
    fn new(m: usize, n: usize, k: usize) -> Self {
        let a = numbers(m * k, 1 + m as u64);
        Case { m, n, k, a, b: numbers(k * n, 1000 + n as u64), bias: numbers(n, 2000 + k as u64) }
    }

    fn expected(&self) -> Vec<f32> {
        self.summed(plain)
    }

    fn summed(&self, plus: fn(f32, f32, f32) -> f32) -> Vec<f32> {
        let Case { m, n, k, a, b, .. } = self;
        (0..m * n).map(|at| contract(|p| a[at / n * k + p], |p| b[p * n + at % n], *k, plus)).collect()
    }

    /// The product with A, B stored as they are or transposed.
    fn product(&self, a_transposed: bool, b_transposed: bool, epilogue: Epilogue) -> Vec<f32> {
        let Case { m, n, k, .. } = *self;
        let (at, bt) = (transpose(&self.a, m, k), transpose(&self.b, k, n));
        let a = if a_transposed { Mat::transposed(&at, m) } else { Mat::rows(&self.a, k) };
        let b = if b_transposed { Mat::transposed(&bt, k) } else { Mat::rows(&self.b, n) };
        let mut c = vec![f32::NAN; m * n];
        let across = across_scratch_len(k, a.col_stride, 4);
        let mut scratch = vec![f32::NAN; scratch_len(m, n, k, b.col_stride) + across];
        gemm(m, n, k, a, b, &mut c, epilogue, &mut scratch);
        c
    }
}

fn transpose(x: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..x.len()).map(|i| x[i % rows.max(1) * columns + i / rows.max(1)]).collect()
}

fn same_bits(got: &[f32], want: &[f32]) -> bool {
    got.len() == want.len() && got.iter().zip(want).all(|(a, b)| a.to_bits() == b.to_bits())
}

fn check(m: usize, n: usize, k: usize) {
    let case = Case::new(m, n, k);
    let want = case.expected();
    for level in simd::levels() {
        simd::force_level(Some(level));
        for (at, bt) in [(false, false), (false, true), (true, false), (true, true)] {
            let got = case.product(at, bt, Epilogue::default());
            assert!(same_bits(&got, &want), "{m}x{n}x{k} {level:?} transposed: A {at}, B {bt}");
        }
    }
    simd::force_level(None);
}

#[test]
fn follows_the_contract_bit_for_bit_at_nasty_sizes() {
    let _alone = SETTINGS.lock().unwrap_or_else(PoisonError::into_inner);
    for m in [1, 2, 5, 6, 7, 12, 13, 16, 31, 33] {
        for n in [1, 7, 8, 10, 15, 16, 17, 31, 32, 33, 63, 65] {
            for k in [1, 15, 33] {
                check(m, n, k);
            }
        }
    }
    for k in [0, 1, 255, 256, 257, 511, 512, 513, 784, 1024, 1025, 1793, 3000] {
        check(13, 33, k);
        check(3, 10, k);
        check(97, 17, k);
    }
}

/// Where the processor has it: the same order, one rounding, and again the same bits at every level and on all threads.
#[test]
fn fused_products_follow_the_contract_with_one_rounding() {
    let _alone = SETTINGS.lock().unwrap_or_else(PoisonError::into_inner);
    if !simd::set_fused(true) {
        return println!("skipped: no fused multiply-add here");
    }
    for (m, n, k) in [(13, 33, 17), (5, 65, 256), (33, 31, 513), (128, 33, 300), (200, 130, 300), (7, 2001, 600)] {
        let case = Case::new(m, n, k);
        let want = case.summed(fused);
        assert!(!same_bits(&want, &case.expected()), "{m}x{n}x{k}: one rounding must show");
        for level in simd::levels().filter(|level| *level != Level::Baseline || cfg!(target_arch = "aarch64")) {
            simd::force_level(Some(level));
            for threads in [1, 3] {
                pool::set_threads(threads).unwrap();
                for (at, bt) in [(false, false), (false, true), (true, false), (true, true)] {
                    let got = case.product(at, bt, Epilogue::default());
                    assert!(same_bits(&got, &want), "{m}x{n}x{k} {level:?} transposed: A {at}, B {bt}");
                }
            }
        }
    }
    simd::force_level(None);
    pool::set_threads(0).unwrap();
    assert!(!simd::set_fused(false));
    check(13, 33, 17);
}

/// Whole cache lines between the columns of A, which is packed then: its tiles whole and not, on one thread and on several.
#[test]
fn rows_read_across_change_no_bit() {
    let _alone = SETTINGS.lock().unwrap_or_else(PoisonError::into_inner);
    for (m, n, k) in [(64, 65, 256), (128, 33, 300), (192, 130, 515), (64, 64, 1)] {
        check(m, n, k);
    }
}

#[test]
fn empty_products_are_zeros() {
    let _alone = SETTINGS.lock().unwrap_or_else(PoisonError::into_inner);
    for (m, n, k) in [(0, 0, 0), (0, 5, 3), (5, 0, 3), (5, 3, 0)] {
        check(m, n, k);
    }
    assert_eq!(Case::new(5, 3, 0).product(false, false, Epilogue::default()), vec![0.0; 15]);
}

#[test]
fn threads_change_no_bit() {
    let _alone = SETTINGS.lock().unwrap_or_else(PoisonError::into_inner);
    for (m, n, k) in [(200, 130, 300), (1000, 10, 784), (32, 1024, 512), (7, 2001, 600), (2001, 7, 600)] {
        let case = Case::new(m, n, k);
        let want = case.expected();
        for threads in [1, 2, 3, 8] {
            pool::set_threads(threads).unwrap();
            for transposed in [false, true] {
                assert!(
                    same_bits(&case.product(false, transposed, Epilogue::default()), &want),
                    "{m}x{n}x{k} {threads}"
                );
            }
        }
        pool::set_threads(0).unwrap();
    }
}

#[test]
fn deep_products_have_the_same_bits_on_any_number_of_threads() {
    let _alone = SETTINGS.lock().unwrap_or_else(PoisonError::into_inner);
    for (m, n, k) in [(1, 1, 1), (1, 17, 1024), (33, 63, 1025), (64, 600, 1800), (600, 64, 2900), (31, 15, 4096)] {
        let case = Case::new(m, n, k);
        let (expected, across) = (case.expected(), transpose(&case.a, m, k));
        for threads in [1, 2, 3] {
            pool::set_threads(threads).unwrap();
            for room in [1, threads] {
                // As gradients by weights are: A is read across its rows.
                let (a, b) = (Mat::transposed(&across, m), Mat::rows(&case.b, n));
                let (mut c, len) = (vec![f32::NAN; m * n], deep_scratch_len(m, n, k, [m, 1], room));
                gemm_deep(m, n, k, a, b, &mut c, &mut vec![f32::NAN; len]);
                assert!(same_bits(&c, &expected), "{m} x {n} x {k}, {threads} threads, room for {room}");
            }
        }
    }
    pool::set_threads(0).unwrap();
}

#[test]
fn the_epilogue_adds_the_bias_and_maps_every_element_once() {
    let _alone = SETTINGS.lock().unwrap_or_else(PoisonError::into_inner);
    fn double_plus_one(x: &mut [f32]) {
        x.iter_mut().for_each(|x| *x = 2.0 * *x + 1.0);
    }
    for (m, n, k) in [(1, 1, 1), (5, 33, 20), (13, 10, 0), (33, 65, 300), (40, 900, 700), (900, 40, 700)] {
        let case = Case::new(m, n, k);
        let plain = case.expected();
        let biased: Vec<f32> = plain.iter().enumerate().map(|(i, x)| x + case.bias[i % n]).collect();
        let mapped: Vec<f32> = biased.iter().map(|x| 2.0 * x + 1.0).collect();
        for level in simd::levels() {
            simd::force_level(Some(level));
            let bias = Some(&case.bias[..]);
            assert!(same_bits(&case.product(false, false, Epilogue { bias, map: None }), &biased));
            assert!(same_bits(&case.product(true, true, Epilogue { bias, map: Some(double_plus_one) }), &mapped));
        }
        simd::force_level(None);
    }
}

#[test]
fn strided_views_of_larger_matrices() {
    let _alone = SETTINGS.lock().unwrap_or_else(PoisonError::into_inner);
    let (m, n, k) = (19, 21, 40);
    let (a, b) = (numbers(m * 100, 3), numbers(k * 90, 4));
    let want: Vec<f32> =
        (0..m * n).map(|at| contract(|p| a[at / n * 100 + 2 * p], |p| b[p * 90 + 3 * (at % n)], k, plain)).collect();
    let mut c = vec![0.0; m * n];
    let (a, b) = (Mat { data: &a, row_stride: 100, col_stride: 2 }, Mat { data: &b, row_stride: 90, col_stride: 3 });
    gemm(m, n, k, a, b, &mut c, Epilogue::default(), &mut vec![0.0; scratch_len(m, n, k, 3)]);
    assert!(same_bits(&c, &want));
}

#[test]
fn views_outside_their_data_are_refused() {
    let data = [0.0; 11];
    let run = |a_len: usize, b_len: usize| {
        let (a, b) = (Mat::rows(&data[..a_len], 4), Mat::rows(&data[..b_len], 2));
        gemm(2, 2, 4, a, b, &mut [0.0; 4], Epilogue::default(), &mut vec![0.0; scratch_len(2, 2, 4, 1)]);
    };
    run(8, 8);
    assert!(std::panic::catch_unwind(|| run(7, 8)).is_err());
    assert!(std::panic::catch_unwind(|| run(8, 7)).is_err());
}
