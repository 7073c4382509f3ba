//! Gradients of parts of one value (slices, gathered rows, picked elements) meet in one buffer, also where they overlap.

use super::run::{Random, data, numbers, op, oracle, run};
use descend_core::graph::types::DType;
use descend_core::graph::{Attr, Graph, Value};
use descend_core::op::oracle::Array;

const ROWS: usize = 5;
const COLUMNS: usize = 4;

/// Overlapping parts of x, some of them twice.
fn parts(graph: &mut Graph, x: Value, rows: Value, columns: Value) -> Vec<Value> {
    let int = |name, x| (name, Attr::Int(x));
    let mut parts = Vec::new();
    for (axis, start, length) in [(0, 1, 3), (0, 2, 3), (1, 0, 4), (1, 3, 1)] {
        let attrs = [int("axis", axis), int("start", start), int("length", length)];
        parts.push(op(graph, "slice", &attrs, &[x]).unwrap());
    }
    parts.push(op(graph, "gather", &[], &[x, rows]).unwrap());
    parts.push(op(graph, "pick", &[], &[x, columns]).unwrap());
    parts.push(op(graph, "square", &[], &[x]).unwrap());
    parts
}

#[test]
fn parts_of_one_value_share_one_buffer_for_their_gradient() {
    let mut graph = Graph::new();
    let x = data(&mut graph, 0, DType::F32, &[ROWS, COLUMNS]);
    let rows = data(&mut graph, 1, DType::I32, &[4]);
    let columns = data(&mut graph, 2, DType::I32, &[ROWS]);
    let ys = parts(&mut graph, x, rows, columns);
    let mut sum = graph.number(0.0).unwrap();
    for y in ys {
        // Squares, so that the gradient depends on x and on which elements were meant.
        let square = graph.mul(y, y).unwrap();
        let axes: Vec<usize> = (0..graph.ty(y).shape.rank()).collect();
        let part = graph.sum_axes(square, &axes, false).unwrap();
        sum = graph.add(sum, part).unwrap();
    }
    let gradient = graph.gradients(&[(sum, None)], &[x]).unwrap()[0].unwrap();
    let mut random = Random(3);
    let arrays = [
        Array::from_fn(vec![ROWS, COLUMNS], |_| f64::from(random.uniform() as f32 + 0.5)),
        Array::new(vec![4], vec![4.0, 0.0, 4.0, 2.0]),
        Array::new(vec![ROWS], vec![0.0, 3.0, 3.0, 1.0, 2.0]),
    ];
    let exact = oracle(&graph, 1, &arrays).unwrap();
    let (rough, names) = run(&graph, &[gradient], 1, 1, &arrays).unwrap();
    let total = |i: usize, offset: f64| {
        let mut moved = arrays.clone();
        moved[0].data[i] += offset;
        oracle(&graph, 1, &moved).unwrap()[sum.index()].data[0]
    };
    for (i, (&got, near)) in exact[gradient.index()].data.iter().zip(numbers(&rough[0], DType::F32)).enumerate() {
        let want = (total(i, 1e-5) - total(i, -1e-5)) / 2e-5;
        assert!((got - want).abs() < 1e-6 * want.abs(), "element {i}: {want} by differences, got {got}");
        assert!((got - near).abs() < 1e-6 * want.abs(), "element {i}: {got} in f64, {near} in f32");
    }
    let count = |name: &str| names.iter().filter(|other| **other == name).count();
    assert_eq!((count("slice_add"), count("scatter_rows"), count("pick_add")), (4, 1, 1), "{names:?}");
}
