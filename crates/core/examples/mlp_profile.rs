//! Prints what each instruction of a training step of an MLP 784-128-10 costs, in microseconds: the median and the best
//! of many whole steps, the clock read between instructions.
//! `cargo run --release --example mlp_profile [batch] [threads]`

#[path = "../tests/plans/mod.rs"]
mod plans;

use descend_core::graph::types::DType;
use descend_core::kernel::gather::gather;
use descend_core::kernel::memory::Buffer;
use descend_core::kernel::{pool, simd};
use descend_core::plan::{Plan, Step};
use plans::{Attr, B, GraphBytes, adam_hyper, wave};
use std::sync::Arc;
use std::time::Instant;

const ROWS: usize = 4096;
const STEPS: usize = 2000;
const SHAPES: [&[usize]; 4] = [&[784, 128], &[128], &[128, 10], &[10]];

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse().expect("a number"));
    let (batch, threads) = (args.next().unwrap_or(32), args.next().unwrap_or(1));
    let threads = pool::set_threads(threads).expect("a number of threads");
    println!("batch {batch}, {threads} thread(s), {}", simd::level_name());
    let plan = Plan::compile(&training(), batch, threads).expect("a plan");
    let variables: Vec<Arc<Buffer>> = (0..3).flat_map(|state| SHAPES.map(|shape| weights(shape, state))).collect();
    let images = Buffer::zeroed(ROWS * 784).expect("memory");
    images.write(0, &(0..ROWS * 784).map(|i| (i * 7919 % 251) as u8).collect::<Vec<_>>()).expect("room");
    let labels = Buffer::zeroed(ROWS).expect("memory");
    labels.write(0, &(0..ROWS).map(|i| (i % 10) as u8).collect::<Vec<_>>()).expect("room");
    let order: Vec<u32> = (0..ROWS as u32).map(|i| i * 1031 % ROWS as u32).collect();

    let arena = Buffer::zeroed(plan.program.arena_len).expect("memory");
    let bound = plan.program.bind(&arena, 0, &variables, batch).expect("bound");
    let gradients = &bound.roots[plan.root_starts()[3]..];
    let room = |len| Buffer::zeroed(len).map(Arc::new);
    let update = plan.update.as_ref().expect("an update");
    let mut sweep = update.bind(gradients, &variables, &variables, false, &room).expect("bound");
    sweep.renew_hyper(&adam_hyper(1e-3)).expect("hyper-parameters");

    let names = plan.program.op_names();
    let mut labelled: Vec<String> = ["gather images", "gather labels"].map(String::from).to_vec();

    // Sources are not instructions, so names and numbers of instructions agree.
    labelled.extend(names.iter().enumerate().map(|(pc, name)| format!("{pc:>2} {name}")));
    labelled.extend(["finite check", "sweep", "whole step"].map(String::from));
    let mut times = vec![Vec::with_capacity(STEPS); labelled.len()];
    for step in 0..STEPS {
        let rows = &order[step * batch % (ROWS - batch + 1)..][..batch];
        let start = Instant::now();
        let (mut last, mut at) = (start, 0);
        let mut lap = |times: &mut Vec<Vec<f64>>| {
            let now = Instant::now();
            times[at].push((now - last).as_secs_f64() * 1e6);
            (last, at) = (now, at + 1);
        };
        gather(&bound.sources[0], &images, DType::U8, 784, 0, Some(rows), batch).expect("gathered");
        lap(&mut times);
        gather(&bound.sources[1], &labels, DType::U8, 1, 0, Some(rows), batch).expect("gathered");
        lap(&mut times);
        for pc in 0..plan.program.len() {
            plan.program.run(pc, &bound, batch, &Step::default()).expect("run");
            lap(&mut times);
        }
        sweep.decide(step as u64, batch, None).expect("finite");
        lap(&mut times);
        sweep.commit(step as u64);
        lap(&mut times);
        times.last_mut().expect("a row").push(start.elapsed().as_secs_f64() * 1e6);
    }
    println!("{:>9} {:>9}  µs", "median", "best");
    for (name, times) in labelled.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        println!("{:>9.2} {:>9.2}  {name}", times[STEPS / 2], times[0]);
    }
}

/// The plan of `fit`: images / 255, two layers, mean loss, gradients, Adam.
fn training() -> Vec<u8> {
    let mut g = GraphBytes::default();
    let images = g.source(1, 0, 0, &[B, 784]);
    let labels = g.source(1, 1, 1, &[B]);
    let scale = g.op("fill", &[], &[("dims", Attr::Dims(vec![])), ("value", Attr::Float(1.0 / 255.0))]);
    let weights: Vec<u64> = (0..4).map(|slot| g.source(0, slot, 0, SHAPES[slot as usize])).collect();
    let plain = [("ta", Attr::Int(0)), ("tb", Attr::Int(0))];
    let x = g.op("mul", &[images, scale], &[]);
    let hidden = g.op("matmul", &[x, weights[0]], &plain);
    let hidden = g.op("add", &[hidden, weights[1]], &[]);
    let hidden = g.op("relu", &[hidden], &[]);
    let logits = g.op("matmul", &[hidden, weights[2]], &plain);
    let logits = g.op("add", &[logits, weights[3]], &[]);
    let p = g.op("softmax", &[logits], &[]);
    let losses = g.op("sparse_cross_entropy", &[p, labels], &[("from_logits", Attr::Int(0))]);
    let sum = g.op("sum", &[losses], &[("axes", Attr::Ints(vec![0])), ("keep", Attr::Int(0))]);
    let count = g.op("size", &[], &[("dims", Attr::Dims(vec![B]))]);
    let loss = g.op("div", &[sum, count], &[]);
    let gradients = g.gradients(loss, &weights);
    let update: Vec<_> = (0..4).map(|i| (i as u64, gradients[i], [4 + i as u64, 8 + i as u64])).collect();
    g.plan(&[loss], &[], &update)
}

/// Small numbers for weights (`state` 0), zeros for the optimizer's memory.
fn weights(shape: &[usize], state: usize) -> Arc<Buffer> {
    let len = shape.iter().product();
    let buffer = Buffer::zeroed(4 * len).expect("memory");
    if state == 0 {
        let bytes: Vec<u8> = wave(len, len as f32).iter().flat_map(|x| (0.05 * x).to_le_bytes()).collect();
        buffer.write(0, &bytes).expect("room");
    }
    Arc::new(buffer)
}
