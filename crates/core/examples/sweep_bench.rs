//! Nanoseconds per parameter of a step of the optimizers named (all elementwise ones) with its norm, as `applyGradients`
//! makes it, and of the norm alone: `sweep_bench THREADS SIZE,SIZE… [LEVEL] [NAME…]`, LEVEL being 0 (the best there is) to 3.

use descend_core::kernel::memory::Buffer;
use descend_core::kernel::pool::set_threads;
use descend_core::kernel::segment::Segment;
use descend_core::kernel::simd::{Level, force_level};
use descend_core::optim::step::{OnNonFinite, Step};
use descend_core::optim::{OPTIMIZERS, Optimizer, SHARED};
use std::hint::black_box;
use std::time::Instant;

const EVERY: &str = "SGD Momentum RMSprop Adam AdamW SparseAdam Adadelta Adagrad Adamax Nadam Ftrl Lion ScheduleFreeAdamW \
    ScheduleFreeSGD RAdam ASGD Rprop AdaBelief Yogi Adan ADOPT AdEMAMix SimplifiedAdEMAMix SignSGD Signum MADGRAD \
    OptimisticGradientDescent OptimisticAdam COCOB";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |i: usize| words.get(i).map_or("", String::as_str);
    set_threads(word(0).parse().unwrap_or(1)).unwrap();
    let sizes: Vec<usize> =
        word(1).split(',').filter_map(|size| size.parse::<f64>().ok()).map(|x| x as usize).collect();
    let level = [None, Some(Level::Baseline), Some(Level::Avx2), Some(Level::Avx512)][word(2).parse().unwrap_or(0)];
    force_level(level);
    let named: Vec<&str> = words.iter().skip(3).map(String::as_str).collect();
    let names = if named.is_empty() { EVERY.split_whitespace().collect() } else { named };
    for name in names {
        print!("{name:>26}");
        for &len in &sizes {
            let (step, norm) = measure(name, len);
            print!("  {step:>7.3} ({norm:.3})");
        }
        println!();
    }
}

fn measure(name: &str, len: usize) -> (f64, f64) {
    let entry = descend_core::declare::find(OPTIMIZERS, "optimizer", name).unwrap();
    let flags: Vec<bool> = entry.declaration.flags().map(|_| false).collect();
    let mut optimizer = Optimizer::new(entry, &flags);
    let shapes = entry.declaration.states(&flags);
    let mut hyper = vec![f64::NAN; SHARED.len()];
    hyper[0] = 1e-3;
    hyper.extend(entry.declaration.hypers.iter().map(|hyper| hyper.default));
    let filled = |len: usize, x: f32| {
        let buffer = Buffer::zeroed(4 * len).unwrap();
        let bytes: Vec<u8> = (0..len).flat_map(|i| (x * (1.0 + (i % 64 % 7) as f32 / 10.0)).to_le_bytes()).collect();
        buffer.write(0, &bytes).unwrap();
        buffer
    };
    let lens = shapes.iter().map(|state| state.shape.len(&[len]));
    let states: Vec<(Buffer, usize)> = lens.map(|len| (filled(len, 0.0), len)).collect();
    let (p, g) = (filled(len, 1.0), filled(len, 0.01));
    let places: Vec<(*mut f32, usize)> = states.iter().map(|(buffer, len)| (buffer.address().cast(), *len)).collect();
    // SAFETY: buffers of these lengths, which outlive the segment and are nobody else's.
    let segment = unsafe { Segment::from_raw(len, p.address().cast(), g.address().cast(), &places) };
    let mut segments = [segment];
    let mut step = Step::new(OnNonFinite::Throw, vec!["p".into()]);
    let mut t = 0;
    let norm = fastest(len, || {
        black_box(step.measure(&segments));
    });
    let whole = fastest(len, || {
        t += 1;
        black_box(step.measure(&segments));
        optimizer.step(&hyper, &step.tick(&hyper, t), &mut segments);
    });
    (whole, norm)
}

/// Nanoseconds per element of the fastest of many samples of about 2 ms.
fn fastest(len: usize, mut work: impl FnMut()) -> f64 {
    work();
    let repeats = (4_000_000 / len).max(1);
    let mut best = f64::MAX;
    let begin = Instant::now();
    for sample in 0..100 {
        let start = Instant::now();
        (0..repeats).for_each(|_| work());
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / (repeats * len) as f64);
        if sample >= 6 && begin.elapsed().as_secs_f64() > 0.12 {
            break;
        }
    }
    best
}
