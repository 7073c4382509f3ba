//! Prints what the kernels of this machine reach: GFLOP/s of matrix products, ns per element of the rest.
//! `cargo run --release --example kernel_bench [gemm|rest] [threads] [avx512|avx2|baseline]`

use descend_core::kernel::elementwise::{First, binary, unary};
use descend_core::kernel::gemm::{Epilogue, Mat, gemm, scratch_len};
use descend_core::kernel::random::{Place, dropout, uniform};
use descend_core::kernel::reduce::{Reduction, reduce_axis, sum, sum_squares_f64};
use descend_core::kernel::{math, pool, simd};
use std::hint::black_box;
use std::time::Instant;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let has = |word: &str| args.iter().any(|arg| arg == word);
    let threads = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(1);
    let level = if has("avx512") {
        Some(simd::Level::Avx512)
    } else if has("avx2") {
        Some(simd::Level::Avx2)
    } else {
        has("baseline").then_some(simd::Level::Baseline)
    };
    simd::force_level(level);
    let threads = pool::set_threads(threads).expect("a number of threads");
    println!("{} with {threads} thread(s)", simd::level_name());
    if !has("rest") {
        products();
    }
    if !has("gemm") {
        rest();
    }
}

/// Seconds of one call: the median of batches of some 2 ms; of the faster half, for other work may share the machine.
fn median(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    call();
    let once = start.elapsed().as_secs_f64().max(1e-7);
    let repeats = ((2e-3 / once) as usize).clamp(1, 10_000);
    let mut times: Vec<f64> = (0..31)
        .map(|_| {
            let start = Instant::now();
            (0..repeats).for_each(|_| call());
            start.elapsed().as_secs_f64() / repeats as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 4]
}

fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 7919) % 1009) as f32 / 500.0 - 1.0).collect()
}

fn products() {
    let one = |name: &str, m: usize, n: usize, k: usize, at: bool, bt: bool| {
        let (a, b) = (numbers(m * k), numbers(k * n));
        let mut c = vec![0.0; m * n];
        let a = if at { Mat::transposed(&a, m) } else { Mat::rows(&a, k) };
        let b = if bt { Mat::transposed(&b, k) } else { Mat::rows(&b, n) };
        let mut scratch = vec![0.0; scratch_len(m, n, k, b.col_stride)];
        let seconds = median(|| gemm(m, n, k, a, b, black_box(&mut c), Epilogue::default(), &mut scratch));
        let rate = 2.0 * (m * n * k) as f64 / seconds / 1e9;
        println!("{name:>10} {m:>5} x {n:>5} x {k:>5} {rate:>8.1} GFLOP/s {:>10.2} µs", seconds * 1e6);
    };
    for size in [32, 64, 128, 256, 512, 1024] {
        one("square", size, size, size, false, false);
    }
    for batch in [32, 128, 512] {
        one("forward", batch, 128, 784, false, false);
        one("dX", batch, 784, 128, false, true);
        one("dW", 784, 128, batch, true, false);
        one("out", batch, 10, 128, false, false);
        one("out dX", batch, 128, 10, false, true);
        one("out dW", 128, 10, batch, true, false);
    }
    one("linear", 512, 1, 64, false, false);
    one("B^T", 512, 512, 512, false, true);
    one("A^T", 512, 512, 512, true, false);
}

fn rest() {
    for len in [1 << 12, 1 << 16, 1 << 22] {
        let x = numbers(len);
        let mut y = numbers(len);
        let report = |name: &str, seconds: f64| println!("{name:>16} {len:>8} {:>8.3} ns", seconds * 1e9 / len as f64);
        report("exp", median(|| unary(black_box(&mut y), First::Other(&x), math::exp)));
        report("ln", median(|| unary(black_box(&mut y), First::Other(&x), math::ln)));
        report("tanh", median(|| unary(black_box(&mut y), First::Other(&x), math::tanh)));
        report("tanh (closure)", median(|| unary(black_box(&mut y), First::Other(&x), |x| 2.0 * math::tanh(x) + 1.0)));
        report("sigmoid", median(|| unary(black_box(&mut y), First::Other(&x), math::sigmoid)));
        report("add", median(|| binary(black_box(&mut y), First::Same, &x, |a, b| a + b)));
        report("sum", median(|| _ = black_box(sum(black_box(&x)))));
        report("sum_squares_f64", median(|| _ = black_box(sum_squares_f64(black_box(&x)))));
        let mut columns = vec![0.0; 128];
        report("rows of 128", median(|| reduce_axis(black_box(&mut columns), &x, 1, len / 128, 128, Reduction::Sum)));
        let mut rows = vec![0.0; len / 128];
        report("columns of 128", median(|| reduce_axis(black_box(&mut rows), &x, len / 128, 128, 1, Reduction::Sum)));
        let place = Place { key: 1, stream: 2, iteration: 3, scan_step: 0 };
        report("uniform", median(|| uniform(black_box(&mut y), place, 0, 128, -1.0, 1.0)));
        report("dropout", median(|| dropout(black_box(&mut y), First::Other(&x), 0.2, place, 0, 128)));
    }
}
