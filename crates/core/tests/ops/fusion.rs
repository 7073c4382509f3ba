//! What the declared patterns leave of common pairs of ops; that they change no bit is checked here and for all cases.

use super::run::{Random, data, op, run};
use descend_core::graph::types::DType;
use descend_core::graph::{Attr, Graph, Kind, Source, Value};
use descend_core::op::oracle::Array;

/// Random numbers for every source; labels below 10 for int32 ones.
fn numbers(graph: &Graph) -> Vec<Array> {
    let mut random = Random(1);
    let sources = graph.nodes.iter().filter(|node| matches!(node.kind, Kind::Source(Source::Data(_))));
    let array = |v: Value| {
        let (ty, int) = (graph.ty(v), graph.ty(v).dtype == DType::I32);
        let number = |_| if int { (random.word() % 10) as f64 } else { random.uniform() - 0.5 };
        Array::new(ty.dims().iter().map(|dim| dim.coef).collect(), (0..ty.size().coef).map(number).collect())
    };
    sources.map(|node| node.outputs[0]).map(array).collect()
}

/// The names left with `roots` alone, having checked that the result has the same bits with every value kept.
fn fused(graph: &Graph, roots: &[Value]) -> Vec<&'static str> {
    let every: Vec<Value> = roots.iter().copied().chain((0..graph.types.len() as u32).map(Value)).collect();
    let numbers = numbers(graph);
    let (results, names) = run(graph, roots, 1, 1, &numbers).unwrap();
    let (apart, _) = run(graph, &every, 1, 1, &numbers).unwrap();
    assert!(results[..] == apart[..results.len()], "other bits when fused: {names:?}");
    names
}

fn layer(graph: &mut Graph, [x, w, b]: [Value; 3], activation: &str) -> Value {
    let product = op(graph, "matmul", &[("ta", Attr::Int(0)), ("tb", Attr::Int(0))], &[x, w]).unwrap();
    let sum = op(graph, "add", &[], &[product, b]).unwrap();
    op(graph, activation, &[], &[sum]).unwrap()
}

fn sources(graph: &mut Graph, shapes: &[&[usize]]) -> Vec<Value> {
    shapes.iter().enumerate().map(|(i, dims)| data(graph, i, DType::F32, dims)).collect()
}

#[test]
fn a_layer_is_one_instruction() {
    for activation in ["relu", "tanh", "sigmoid", "exp"] {
        for bias in [&[63][..], &[1, 63]] {
            let mut graph = Graph::new();
            let s = sources(&mut graph, &[&[33, 17], &[17, 63], bias]);
            let y = layer(&mut graph, [s[0], s[1], s[2]], activation);
            assert_eq!(fused(&graph, &[y]), ["matmul"], "{activation}");
        }
    }
}

#[test]
fn a_convolution_with_bias_and_activation_is_one_instruction() {
    let mut window: Vec<(&str, Attr)> = [("strides", 1), ("dilation", 1), ("low", 1), ("high", 1)]
        .map(|(name, x)| (name, Attr::Ints(vec![x; 2])))
        .to_vec();
    // In whole, in groups, each channel by itself.
    for (groups, own) in [(1, 18), (3, 6), (18, 1)] {
        window.push(("groups", Attr::Int(groups)));
        let mut graph = Graph::new();
        let s = sources(&mut graph, &[&[2, 5, 7, 18], &[3, 3, own, 18], &[18]]);
        let product = op(&mut graph, "conv", &window, &s[..2]).unwrap();
        let sum = op(&mut graph, "add", &[], &[product, s[2]]).unwrap();
        let y = op(&mut graph, "relu", &[], &[sum]).unwrap();
        assert_eq!(fused(&graph, &[y]), ["conv"], "{groups} groups");
        window.pop();
    }
}

#[test]
fn a_layer_stays_one_instruction_when_trained() {
    let mut graph = Graph::new();
    let s = sources(&mut graph, &[&[33, 17], &[17, 63], &[63]]);
    let y = layer(&mut graph, [s[0], s[1], s[2]], "relu");
    let grads = graph.gradients(&[(y, None)], &[s[1], s[2]]).unwrap();
    let names = fused(&graph, &[y, grads[0].unwrap(), grads[1].unwrap()]);
    assert_eq!(names.iter().filter(|name| **name == "add").count(), 0, "{names:?}");
    assert_eq!(names.iter().filter(|name| **name == "matmul").count(), 2, "{names:?}");
}

#[test]
fn only_what_follows_alone_is_fused() {
    let mut graph = Graph::new();
    let s = sources(&mut graph, &[&[5, 4], &[4, 5], &[5], &[5, 1], &[5, 5]]);
    let product = op(&mut graph, "matmul", &[("ta", Attr::Int(0)), ("tb", Attr::Int(0))], &[s[0], s[1]]).unwrap();
    // A column is no row, a whole matrix neither; a row as the first operand is another op.
    for other in [s[3], s[4]] {
        let sum = op(&mut graph, "add", &[], &[product, other]).unwrap();
        assert_eq!(fused(&graph, &[sum]), ["matmul", "add"]);
    }
    let sum = op(&mut graph, "add", &[], &[product, s[2]]).unwrap();
    assert_eq!(fused(&graph, &[sum]), ["matmul"]);
    assert_eq!(fused(&graph, &[sum, product]), ["matmul", "add"]);
}

#[test]
fn the_gradient_of_softmax_and_cross_entropy_is_one_pass() {
    for (loss, dtype) in [("sparse_cross_entropy", DType::I32), ("categorical_cross_entropy", DType::F32)] {
        let mut graph = Graph::new();
        let z = sources(&mut graph, &[&[33, 10]])[0];
        let target = data(&mut graph, 1, dtype, if dtype == DType::I32 { &[33] } else { &[33, 10] });
        let p = op(&mut graph, "softmax", &[], &[z]).unwrap();
        let each = op(&mut graph, loss, &[("from_logits", Attr::Int(0))], &[p, target]).unwrap();
        let grad = graph.gradients(&[(each, None)], &[z]).unwrap()[0].unwrap();
        assert_eq!(fused(&graph, &[grad]), ["fill", "softmax", &format!("{loss}_grad")]);
    }
}
