//! After `compile` and `start`, a training step allocates nothing: a counting allocator sees the same number of
//! allocations for many steps as for few.

mod plans;

use descend_core::engine::Engine;
use plans::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;
static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: forwards to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as required of the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: as required of the caller.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const FLAGS: [(&str, Attr); 2] = [("ta", Attr::Int(0)), ("tb", Attr::Int(0))];

/// 784-128-10 with dropout, softmax, sparse cross-entropy and Adam: the whole way of the README's model.
fn mlp(engine: &mut Engine) -> u32 {
    let mut g = GraphBytes::default();
    let (x, y) = (g.source(1, 0, 0, &[B, 784]), g.source(1, 1, 1, &[B]));
    let sizes = [vec![784, 128], vec![128], vec![128, 10], vec![10]];
    let w: Vec<u64> = (0..4).map(|i| g.source(0, i, 0, &sizes[i as usize])).collect();
    let h = g.op("matmul", &[x, w[0]], &FLAGS);
    let h = g.op("add", &[h, w[1]], &[]);
    let h = g.op("relu", &[h], &[]);
    let h = g.op("dropout", &[h], &[("rate", Attr::Float(0.2)), ("stream", Attr::Int(5))]);
    let z = g.op("matmul", &[h, w[2]], &FLAGS);
    let z = g.op("add", &[z, w[3]], &[]);
    let p = g.op("softmax", &[z], &[]);
    let each = g.op("sparse_cross_entropy", &[p, y], &[("from_logits", Attr::Int(0))]);
    let sum = g.op("sum", &[each], &[("axes", Attr::Ints(vec![0])), ("keep", Attr::Int(0))]);
    let n = g.op("size", &[], &[("dims", Attr::Dims(vec![B]))]);
    let loss = g.op("div", &[sum, n], &[]);
    let update: Vec<_> = g
        .gradients(loss, &w)
        .iter()
        .enumerate()
        .map(|(i, &d)| (i as u64, d, [4 + 2 * i as u64, 5 + 2 * i as u64]))
        .collect();
    let plan = engine.compile(&g.plan(&[loss], &[], &update), 32).unwrap();
    let mut variables: Vec<u32> = Vec::new();
    for (i, size) in sizes.iter().enumerate() {
        let values: Vec<f32> = wave(size.iter().product(), i as f32).iter().map(|x| x * 0.05).collect();
        variables.push(floats(engine, &values));
    }
    for size in sizes.iter().flat_map(|size| [size, size]) {
        variables.push(floats(engine, &vec![0.0; size.iter().product()]));
    }
    let rows = 32 * 220;
    let images = engine.alloc(rows * 784).unwrap();
    let bytes: Vec<u8> = (0..rows * 784).map(|i| (i * 7919 % 251) as u8).collect();
    engine.write(images, 0, &bytes).unwrap();
    let labels = engine.alloc(rows).unwrap();
    engine.write(labels, 0, &(0..rows).map(|i| (i % 10) as u8).collect::<Vec<_>>()).unwrap();
    let data = [(images, 2), (labels, 2)];
    engine
        .start(plan, &CallBytes { variables: &variables, data: &data, outputs: &[], batch: 32, rows }.bytes())
        .unwrap()
}

#[test]
fn a_step_allocates_nothing() {
    let mut engine = Engine::new();
    let run = mlp(&mut engine);
    let hyper = adam_hyper(1e-4);
    let allocations = |steps: usize| {
        let before = COUNT.load(Ordering::Relaxed);
        let handle = engine.run(run).unwrap();
        let outcome = handle.advance(steps, f64::INFINITY, &hyper).unwrap();
        assert_eq!(outcome[0], 0, "{}", String::from_utf8_lossy(&outcome[16..]));
        COUNT.load(Ordering::Relaxed) - before
    };
    allocations(3);
    // The least of several: a thread of the pool may still be starting during the first ones.
    let least = |steps: usize| (0..5).map(|_| allocations(steps)).min();
    let (few, many) = (least(2), least(30));
    assert_eq!(many, few, "30 steps and 2 steps: the same few allocations, for the call's own result");
}
