//! Nanoseconds per parameter of one step of the optimizer named (Adam): the sweep alone, and the whole step with its finite check, beside the
//! hand-written C step when its output is piped in: `limits 1 | cargo run --release --example sweep_bench`.

use descend_core::kernel::pool::set_threads;
use descend_core::kernel::segment::Segment;
use descend_core::kernel::simd::{force_level, levels};
use descend_core::kernel::sweep::Stage;
use descend_core::optim::step::{OnNonFinite, Step};
use descend_core::optim::{OPTIMIZERS, Optimizer, SHARED, Tick};
use std::hint::black_box;
use std::time::Instant;

fn main() {
    let name = std::env::args().nth(1).unwrap_or_else(|| "adam".into());
    let adam = descend_core::declare::find(OPTIMIZERS, "optimizer", &name).unwrap();
    let flags: Vec<bool> = adam.declaration.flags().map(|_| false).collect();
    let mut optimizer = Optimizer::new(adam, &flags);
    let count = adam.declaration.states(&flags).len();
    let mut hyper = vec![f64::NAN; SHARED.len()];
    hyper[0] = 1e-9;
    hyper.extend(adam.declaration.hypers.iter().map(|hyper| hyper.default));
    let tick = Tick { t: 1000, learning_rate: hyper[0], stage: Stage::NONE, decay: 0.0, loss: f64::NAN };
    println!("{:>8} {:>9} {:>11} {:>9} {:>9}", "threads", "level", "parameters", "sweep", "step");
    for threads in [1, 2] {
        set_threads(threads).unwrap();
        for level in levels() {
            force_level(Some(level));
            for len in [1_000, 100_000, 1_000_000, 10_000_000, 30_000_000] {
                let (mut p, g) = (vec![1.0f32; len], vec![0.01f32; len]);
                let mut states = vec![vec![0.01f32; len]; count];
                let states = states.iter_mut().map(Vec::as_mut_slice).collect();
                let mut segments = [Segment::new(&mut p, &g, states)];
                let mut step = Step::new(OnNonFinite::Throw, vec!["p".into()]);
                let sweep = fastest(len, || optimizer.step(&hyper, &tick, &mut segments));
                let whole = fastest(len, || {
                    black_box(step.apply(&mut optimizer, &hyper, 1000, &mut segments)).unwrap();
                });
                println!("{threads:>8} {:>9} {len:>11} {sweep:>9.3} {whole:>9.3}", format!("{level:?}"));
            }
        }
    }
}

/// Nanoseconds per element of the fastest of many samples of about 4 ms.
fn fastest(len: usize, mut work: impl FnMut()) -> f64 {
    work();
    let repeats = (4_000_000 / len).max(1);
    let mut best = f64::MAX;
    let begin = Instant::now();
    for sample in 0..100 {
        let start = Instant::now();
        (0..repeats).for_each(|_| work());
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / (repeats * len) as f64);
        if sample >= 6 && begin.elapsed().as_secs_f64() > 0.5 {
            break;
        }
    }
    best
}
