//! The cross-entropies and their gradients against Keras (`losses.txt`), by the oracle and by the kernels.

use super::run::{data, numbers, op, oracle, run};
use descend_core::graph::types::DType;
use descend_core::graph::{Attr, Graph, Source};
use descend_core::op::oracle::Array;

struct Reference {
    op: String,
    from_logits: i64,
    rows: usize,
    columns: usize,
    target: Vec<f64>,
    prediction: Vec<f64>,
    upstream: Vec<f64>,
    total: f64,
    gradient: Vec<f64>,
}

fn references() -> Vec<Reference> {
    let lines: Vec<&str> = include_str!("losses.txt").lines().filter(|line| !line.starts_with('#')).collect();
    let numbers = |line: &str| line.split(' ').map(|x| x.parse().unwrap()).collect::<Vec<f64>>();
    let read = |lines: &[&str]| {
        let words: Vec<&str> = lines[0].split(' ').collect();
        Reference {
            op: words[0].to_string(),
            from_logits: words[1].parse().unwrap(),
            rows: words[2].parse().unwrap(),
            columns: words[3].parse().unwrap(),
            target: numbers(lines[1]),
            prediction: numbers(lines[2]),
            upstream: numbers(lines[3]),
            total: lines[4].parse().unwrap(),
            gradient: numbers(lines[5]),
        }
    };
    lines.chunks(6).map(read).collect()
}

impl Reference {
    /// Total and gradient in f64, then in f32.
    fn computed(&self) -> [(f64, Vec<f64>); 2] {
        let dims = [self.rows, self.columns];
        let (dtype, target_dims) =
            if self.op.starts_with("sparse") { (DType::I32, &dims[..1]) } else { (DType::F32, &dims[..]) };
        let mut graph = Graph::new();
        let (p, target) = (data(&mut graph, 0, DType::F32, &dims), data(&mut graph, 1, dtype, target_dims));
        let loss = op(&mut graph, &self.op, &[("from_logits", Attr::Int(self.from_logits))], &[p, target]).unwrap();
        let upstream = graph.source(Source::Data(2), graph.ty(loss).clone());
        let product = graph.mul(loss, upstream).unwrap();
        let axes: Vec<usize> = (0..graph.ty(loss).shape.rank()).collect();
        let total = graph.sum_axes(product, &axes, false).unwrap();
        let gradient = graph.gradients(&[(total, None)], &[p]).unwrap()[0].unwrap();
        let array = |v, data: &Vec<f64>| {
            let dims = graph.ty(v).dims().iter().map(|dim| dim.at(1)).collect();
            Array::new(dims, data.clone())
        };
        let data = [array(p, &self.prediction), array(target, &self.target), array(loss, &self.upstream)];
        let exact = oracle(&graph, 1, &data).unwrap();
        let (rough, _) = run(&graph, &[total, gradient], 1, 1, &data).unwrap();
        let [total64, gradient64] = [total, gradient].map(|v| exact[v.index()].data.clone());
        let [total32, gradient32] = [0, 1].map(|i: usize| numbers(&rough[i], DType::F32));
        [(total64[0], gradient64), (total32[0], gradient32)]
    }
}

#[test]
fn losses_are_those_of_keras() {
    for (n, reference) in references().iter().enumerate() {
        for ((total, gradient), bound) in reference.computed().iter().zip([1e-12, 2e-6]) {
            let near = |got: f64, want: f64, scale: f64| (got - want).abs() <= bound * scale.max(want.abs());
            let name = format!("case {n}, {}", reference.op);
            assert!(near(*total, reference.total, 0.0), "{name}: expected {}, got {total}", reference.total);
            let scale = reference.upstream.iter().fold(0.0f64, |max, x| max.max(x.abs()));
            for (got, want) in gradient.iter().zip(&reference.gradient) {
                assert!(near(*got, *want, scale), "{name}: gradient expected {want}, got {got}");
            }
        }
    }
}
