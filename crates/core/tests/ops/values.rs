//! Values that have one right answer: ties, NaN, infinities, sums and maxima of nothing. Kernels and oracle alike.

use super::run::{data, numbers, op, oracle, run};
use descend_core::graph::types::DType;
use descend_core::graph::{Attr, Graph};
use descend_core::op::oracle::Array;

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;
/// 2¹⁰⁰.
const HUGE: f64 = 1_267_650_600_228_229_401_496_703_205_376.0;

/// The op's value and, where it has one, the gradient of its sum by the first input.
fn computed(name: &str, attrs: &[(&str, Attr)], inputs: &[(&[usize], &[f64])]) -> [(Vec<f64>, Vec<f64>); 2] {
    let mut graph = Graph::new();
    let arrays: Vec<Array> = inputs.iter().map(|(dims, x)| Array::new(dims.to_vec(), x.to_vec())).collect();
    let values: Vec<_> = (0..inputs.len()).map(|i| data(&mut graph, i, DType::F32, inputs[i].0)).collect();
    let y = op(&mut graph, name, attrs, &values).unwrap();
    let dtype = graph.ty(y).dtype;
    let mut roots = vec![y];
    if dtype == DType::F32 && !values.is_empty() {
        roots.extend(graph.gradients(&[(y, None)], &values[..1]).unwrap()[0]);
    }
    let exact = oracle(&graph, 1, &arrays).unwrap();
    let (rough, _) = run(&graph, &roots, 1, 1, &arrays).unwrap();
    let gradient = |of: &dyn Fn(usize) -> Vec<f64>| if roots.len() > 1 { of(1) } else { vec![] };
    let exact = |i: usize| exact[roots[i].index()].data.clone();
    let rough = |i: usize| numbers(&rough[i], if i == 0 { dtype } else { DType::F32 });
    [(exact(0), gradient(&exact)), (rough(0), gradient(&rough))]
}

fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || a.is_nan() && b.is_nan())
}

/// Expects a value and, unless empty, a gradient.
fn expect(name: &str, attrs: &[(&str, Attr)], inputs: &[(&[usize], &[f64])], value: &[f64], gradient: &[f64]) {
    for (y, dx) in computed(name, attrs, inputs) {
        assert!(same(&y, value), "{name} of {inputs:?}: expected {value:?}, got {y:?}");
        assert!(gradient.is_empty() || same(&dx, gradient), "{name} of {inputs:?}: gradient {gradient:?}, got {dx:?}");
    }
}

#[test]
fn maxima() {
    let all = [("axes", Attr::Ints(vec![0])), ("keep", Attr::Int(0))];
    expect("max", &all, &[(&[4], &[1.0, 3.0, 3.0, 2.0])], &[3.0], &[0.0, 0.5, 0.5, 0.0]);
    expect("max", &all, &[(&[3], &[1.0, NAN, 5.0])], &[NAN], &[]);
    expect("max", &all, &[(&[0], &[])], &[-INF], &[]);
    expect("max", &all, &[(&[2], &[-INF, -INF])], &[-INF], &[0.5, 0.5]);
    expect("max", &all, &[(&[0, 2], &[])], &[-INF, -INF], &[]);
    expect("sum", &all, &[(&[0, 2], &[])], &[0.0, 0.0], &[]);
    expect("argmax", &[], &[(&[2, 3], &[1.0, 3.0, 3.0, -INF, -INF, -INF])], &[1.0, 0.0], &[]);
    expect("argmax", &[], &[(&[2, 3], &[1.0, NAN, NAN, INF, 0.0, NAN])], &[1.0, 2.0], &[]);
}

#[test]
fn not_a_number_stays_one() {
    let bounds = [("low", Attr::Float(-1.0)), ("high", Attr::Float(1.0))];
    let x = [NAN, -2.0, -1.0, 0.5, 1.0, INF];
    expect("clip", &bounds, &[(&[6], &x)], &[NAN, -1.0, -1.0, 0.5, 1.0, 1.0], &[1.0, 0.0, 1.0, 1.0, 1.0, 0.0]);
    expect("relu", &[], &[(&[4], &[NAN, -INF, 0.0, INF])], &[NAN, 0.0, 0.0, INF], &[1.0, 0.0, 0.0, 1.0]);
    expect("equal", &[], &[(&[2], &[NAN, 1.0]), (&[2], &[NAN, 1.0])], &[0.0, 1.0], &[]);
    expect("softmax", &[], &[(&[2, 2], &[NAN, 0.0, 1.0, 1.0])], &[NAN, NAN, 0.5, 0.5], &[]);
    let labels = [("from_logits", Attr::Int(0))];
    expect("binary_cross_entropy", &labels, &[(&[1], &[NAN]), (&[1], &[1.0])], &[NAN], &[NAN]);
    expect("categorical_cross_entropy", &labels, &[(&[2], &[NAN, 1.0]), (&[2], &[1.0, 0.0])], &[NAN], &[NAN, NAN]);
}

#[test]
fn comparisons_of_nan_and_zeros() {
    let (a, b) = ([NAN, 1.0, 0.0, INF, 2.0], [NAN, NAN, -0.0, INF, 1.0]);
    for (name, holds) in [
        ("equal", [0.0, 0.0, 1.0, 1.0, 0.0]),
        ("not_equal", [1.0, 1.0, 0.0, 0.0, 1.0]),
        ("less", [0.0; 5]),
        ("less_equal", [0.0, 0.0, 1.0, 1.0, 0.0]),
        ("greater", [0.0, 0.0, 0.0, 0.0, 1.0]),
        ("greater_equal", [0.0, 0.0, 1.0, 1.0, 1.0]),
    ] {
        expect(name, &[], &[(&[5], &a), (&[5], &b)], &holds, &[]);
    }
    expect("maximum", &[], &[(&[5], &a), (&[5], &b)], &[NAN, NAN, 0.0, INF, 2.0], &[0.5, 0.5, 0.5, 0.5, 1.0]);
    expect("minimum", &[], &[(&[5], &a), (&[5], &b)], &[NAN, NAN, 0.0, INF, 1.0], &[0.5, 0.5, 0.5, 0.5, 0.0]);
}

#[test]
fn functions_at_their_edges() {
    let x = [NAN, -INF, -0.0, INF];
    expect("abs", &[], &[(&[4], &x)], &[NAN, INF, 0.0, INF], &[NAN, -1.0, 0.0, 1.0]);
    expect("sign", &[], &[(&[4], &x)], &[NAN, -1.0, 0.0, 1.0], &[0.0; 4]);
    expect("floor", &[], &[(&[4], &[-0.5, 2.0, -3.0, NAN])], &[-1.0, 2.0, -3.0, NAN], &[0.0; 4]);
    expect("round", &[], &[(&[4], &[0.5, 1.5, -2.5, NAN])], &[0.0, 2.0, -2.0, NAN], &[0.0; 4]);
    expect("rsqrt", &[], &[(&[3], &[0.0, INF, -1.0])], &[INF, 0.0, NAN], &[]);
    expect("log1p", &[], &[(&[3], &[-1.0, INF, -2.0])], &[-INF, INF, NAN], &[]);
    expect("expm1", &[], &[(&[3], &[-INF, INF, 0.0])], &[-1.0, INF, 0.0], &[0.0, INF, 1.0]);
    expect("erf", &[], &[(&[4], &x)], &[NAN, -1.0, 0.0, 1.0], &[]);
    expect("gelu", &[], &[(&[3], &[0.0, INF, NAN])], &[0.0, INF, NAN], &[0.5, 1.0, NAN]);
    let silu = [("a", Attr::Float(1.0)), ("b", Attr::Float(0.0))];
    expect("swish", &silu, &[(&[4], &[0.0, HUGE, -HUGE, INF])], &[0.0, HUGE, 0.0, INF], &[0.5, 1.0, 0.0, 1.0]);
    expect(
        "leaky_relu",
        &[("slope", Attr::Float(0.5))],
        &[(&[4], &[0.0, -INF, INF, NAN])],
        &[0.0, -INF, INF, NAN],
        &[0.5, 0.5, 1.0, 0.5],
    );
    expect(
        "elu",
        &[("alpha", Attr::Float(2.0))],
        &[(&[4], &[0.0, -INF, INF, NAN])],
        &[0.0, -2.0, INF, NAN],
        &[1.0, 0.0, 1.0, 1.0],
    );
    // Powers whose gradients are limits.
    expect(
        "pow",
        &[],
        &[(&[4], &[0.0, 0.0, -2.0, 0.0]), (&[4], &[0.0, 2.0, 3.0, 1.0])],
        &[1.0, 0.0, -8.0, 0.0],
        &[0.0, 0.0, 12.0, 1.0],
    );
}

#[test]
fn order() {
    let x = [2.0, NAN, -INF, 2.0, NAN, INF];
    for (descending, k, first) in
        [(1, 6, &[1.0, 4.0, 5.0, 0.0, 3.0, 2.0][..]), (0, 6, &[2.0, 0.0, 3.0, 5.0, 1.0, 4.0]), (1, 3, &[1.0, 4.0, 5.0])]
    {
        let attrs = [("k", Attr::Int(k)), ("descending", Attr::Int(descending))];
        expect("argsort", &attrs, &[(&[6], &x)], first, &[]);
    }
}

#[test]
fn running_sums_lose_nothing_on_the_way() {
    // In f32 each 1 would vanish beside 2²⁵.
    let big = f64::from(1 << 25);
    let attrs = [("axis", Attr::Int(0)), ("exclusive", Attr::Int(0)), ("reverse", Attr::Int(0))];
    for (y, dx) in computed("cumsum", &attrs, &[(&[4], &[big, 1.0, 1.0, -big])]) {
        assert_eq!((y[3], dx), (2.0, vec![4.0, 3.0, 2.0, 1.0]));
    }
}

#[test]
fn large_logits_overflow_nothing() {
    expect("softmax", &[], &[(&[3], &[1e30, -1e30, -1e30])], &[1.0, 0.0, 0.0], &[0.0, 0.0, 0.0]);
    expect("log_softmax", &[], &[(&[2], &[200.0, 0.0])], &[0.0, -200.0], &[]);
    let logits = [("from_logits", Attr::Int(1))];
    expect(
        "binary_cross_entropy",
        &logits,
        &[(&[3], &[1e3, -1e3, 1e3]), (&[3], &[1.0, 0.0, 0.0])],
        &[0.0, 0.0, 1e3],
        &[0.0, 0.0, 1.0],
    );
}

#[test]
fn casts_stay_in_range() {
    let to = |dtype: &str| [("dtype", Attr::Str(dtype.to_string()))];
    let x = [-1.5, 1.9, 300.0, NAN, 1e20, -1e20];
    expect("cast", &to("uint8"), &[(&[6], &x)], &[0.0, 1.0, 255.0, 0.0, 255.0, 0.0], &[]);
    let (least, most) = (f64::from(i32::MIN), f64::from(i32::MAX));
    expect("cast", &to("int32"), &[(&[6], &x)], &[-1.0, 1.0, 300.0, 0.0, most, least], &[]);
    expect("cast", &to("bool"), &[(&[3], &[0.0, -0.0, NAN])], &[0.0, 0.0, 1.0], &[]);
}

#[test]
fn dropout_keeps_what_its_gradient_keeps() {
    let x: Vec<f64> = (0..4000).map(|_| 1.0).collect();
    let attrs = [("rate", Attr::Float(0.25)), ("stream", Attr::Int(1))];
    for (y, dx) in computed("dropout", &attrs, &[(&[20, 200], &x)]) {
        assert_eq!(y, dx);
        let kept = y.iter().filter(|&&y| y > 0.0).count();
        // Four standard deviations of a binomial.
        assert!((2890..=3110).contains(&kept), "{kept} of 4000 kept at rate 0.25");
    }
}

#[test]
fn random_numbers_fill_their_range() {
    let range = [("low", Attr::Float(-2.0)), ("high", Attr::Float(6.0)), ("stream", Attr::Int(2))];
    let mut attrs = range.to_vec();
    attrs.push(("dims", Attr::Dims(super::run::shape(&[50, 100]).dims().to_vec())));
    for (y, _) in computed("random_uniform", &attrs, &[]) {
        let mean = y.iter().sum::<f64>() / y.len() as f64;
        assert!(y.iter().all(|y| (-2.0..6.0).contains(y)) && (mean - 2.0).abs() < 0.14, "mean {mean}");
    }
}
