//! Prints what each instruction of the forward and backward pass of a CNN on 28 x 28 images costs (conv 32 3x3, pool, conv 64
//! 3x3, pool, dense 128, dense 10), in microseconds per step: the median and the best of many.
//! `cargo run --release --example cnn_profile [batch] [threads]`

use descend_core::graph::types::{DType, Dim, Shape, Type};
use descend_core::graph::{Attr, Attrs, Graph, Source, Value};
use descend_core::kernel::memory::Buffer;
use descend_core::kernel::{pool, simd};
use descend_core::op::find;
use descend_core::plan::{Program, Step};
use std::sync::Arc;
use std::time::Instant;

const STEPS: usize = 60;
const SHAPES: [&[usize]; 8] = [&[3, 3, 1, 32], &[32], &[3, 3, 32, 64], &[64], &[1600, 128], &[128], &[128, 10], &[10]];

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse().expect("a number"));
    let (batch, threads) = (args.next().unwrap_or(32), args.next().unwrap_or(1));
    let threads = pool::set_threads(threads).expect("a number of threads");
    println!("batch {batch}, {threads} thread(s), {}", simd::level_name());
    let (graph, roots) = training();
    let program = Program::compile(&graph, &roots, batch, threads).expect("a program");
    let variables: Vec<Arc<Buffer>> = SHAPES.iter().map(|shape| filled(shape.iter().product())).collect();
    let arena = Buffer::zeroed(program.arena_len).expect("memory");
    println!("arena: {:.1} MB", program.arena_len as f64 / 1e6);
    let bound = program.bind(&arena, 0, &variables, batch).expect("bound");
    let names = program.op_names();
    let mut times = vec![Vec::with_capacity(STEPS); names.len() + 1];
    for _ in 0..STEPS {
        let start = Instant::now();
        let mut last = start;
        for pc in 0..names.len() {
            program.run(pc, &bound, batch, &Step::default()).expect("run");
            let now = Instant::now();
            times[pc].push((now - last).as_secs_f64() * 1e6);
            last = now;
        }
        times[names.len()].push(start.elapsed().as_secs_f64() * 1e6);
    }
    println!("{:>9} {:>9}  µs", "median", "best");
    for (name, times) in names.iter().chain(&["whole step"]).zip(&mut times) {
        times.sort_by(f64::total_cmp);
        println!("{:>9.1} {:>9.1}  {name}", times[STEPS / 2], times[0]);
    }
    let best = times[names.len()][0];
    println!(
        "{:.0} images/s, {:.1} GFLOP/s at 15.4 MFLOP per image",
        1e6 * batch as f64 / best,
        15.4e-3 * batch as f64 / best * 1e6 / 1e3
    );
}

fn source(graph: &mut Graph, source: Source, dims: &[Dim]) -> Value {
    graph.source(source, Type { dtype: DType::F32, shape: Shape::new(dims).expect("a shape") })
}

fn op(graph: &mut Graph, name: &str, attrs: &[(&str, Attr)], inputs: &[Value]) -> Value {
    let attrs = Attrs::new(attrs.iter().map(|(name, attr)| (name.to_string(), attr.clone())).collect());
    graph.push_arc(find(name).expect("an op")(&attrs).expect("attributes"), inputs).expect("shapes")[0]
}

/// Mean squared logits as the loss, and the gradients by all weights.
fn training() -> (Graph, Vec<Value>) {
    let mut g = Graph::new();
    let batch = Dim { coef: 1, power: 1 };
    let fixed = Dim::fixed;
    let images = source(&mut g, Source::Data(0), &[batch, fixed(28), fixed(28), fixed(1)]);
    let weights: Vec<Value> = (0..8)
        .map(|slot| source(&mut g, Source::Variable(slot), &SHAPES[slot].iter().map(|&n| fixed(n)).collect::<Vec<_>>()))
        .collect();
    let slide = |stride: i64| {
        vec![
            ("strides", Attr::Ints(vec![stride; 2])),
            ("dilation", Attr::Ints(vec![1; 2])),
            ("low", Attr::Ints(vec![0; 2])),
            ("high", Attr::Ints(vec![0; 2])),
        ]
    };
    let with = |mut attrs: Vec<(&'static str, Attr)>, more| {
        attrs.push(more);
        attrs
    };
    let mut x = images;
    for layer in 0..2 {
        x = op(&mut g, "conv", &with(slide(1), ("groups", Attr::Int(1))), &[x, weights[2 * layer]]);
        x = op(&mut g, "add", &[], &[x, weights[2 * layer + 1]]);
        x = op(&mut g, "relu", &[], &[x]);
        x = op(&mut g, "max_pool", &with(slide(2), ("size", Attr::Ints(vec![2; 2]))), &[x]);
    }
    x = g.reshape(x, Shape::new([batch, fixed(1600)]).expect("a shape")).expect("reshaped");
    for layer in 2..4 {
        x = g.matmul(x, false, weights[2 * layer], false).expect("a product");
        x = g.add(x, weights[2 * layer + 1]).expect("a sum");
        if layer == 2 {
            x = op(&mut g, "relu", &[], &[x]);
        }
    }
    let square = g.square(x).expect("a square");
    let loss = g.sum_axes(square, &[0, 1], false).expect("a sum");
    let gradients = g.gradients(&[(loss, None)], &weights).expect("gradients");
    (g, gradients.into_iter().flatten().chain([loss]).collect())
}

fn filled(len: usize) -> Arc<Buffer> {
    let buffer = Buffer::zeroed(4 * len).expect("memory");
    let bytes: Vec<u8> = (0..len).flat_map(|i| (0.05 * (i as f32 * 0.7).sin()).to_le_bytes()).collect();
    buffer.write(0, &bytes).expect("room");
    Arc::new(buffer)
}
