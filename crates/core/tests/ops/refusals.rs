//! What ops refuse, and how they say so.

use super::run::{data, op, run};
use descend_core::graph::types::DType;
use descend_core::graph::{Attr, Graph};
use descend_core::op::oracle::Array;

/// The message with which an op refuses its attributes, its inputs' types, or the last value of its int32 inputs.
fn refusal(name: &str, attrs: &[(&str, Attr)], inputs: &[(DType, &[usize])], last: i32) -> String {
    let mut graph = Graph::new();
    let values: Vec<_> =
        inputs.iter().enumerate().map(|(i, (dtype, dims))| data(&mut graph, i, *dtype, dims)).collect();
    let root = match op(&mut graph, name, attrs, &values) {
        Ok(root) => root,
        Err(error) => return error.to_string(),
    };
    let array = |(dtype, dims): &(DType, &[usize])| {
        let mut array = Array::filled(dims.to_vec(), 0.0);
        if let (DType::I32, Some(x)) = (dtype, array.data.last_mut()) {
            *x = f64::from(last);
        }
        array
    };
    let data: Vec<Array> = inputs.iter().map(array).collect();
    run(&graph, &[root], 1, 1, &data).expect_err("a refusal").to_string()
}

/// A window of 9 by 9, where that is an option, which moves by 1.
fn windows(groups: i64) -> Vec<(&'static str, Attr)> {
    let each = [("strides", 1), ("dilation", 1), ("low", 0), ("high", 0), ("size", 9)];
    let mut attrs: Vec<_> = each.into_iter().map(|(name, x)| (name, Attr::Ints(vec![x; 2]))).collect();
    attrs.push(("groups", Attr::Int(groups)));
    attrs
}

#[test]
fn refusals_name_what_was_expected_and_what_came() {
    let (f, i) = (DType::F32, DType::I32);
    let int = |name, x| (name, Attr::Int(x));
    let plain = [int("ta", 0), int("tb", 0)];
    let labels = [int("from_logits", 0)];
    let rate = |rate| [("rate", Attr::Float(rate)), int("stream", 0)];
    for (got, expected) in [
        (refusal("nothing", &[], &[], 0), "UNKNOWN_NAME: op: expected a known name, got 'nothing'"),
        (
            refusal("add", &[], &[(f, &[3]), (f, &[4])], 0),
            "SHAPE_MISMATCH: add: expected shapes that broadcast, got [3] and [4]",
        ),
        (refusal("add", &[], &[(f, &[3])], 0), "PLAN_INVALID: add: expected 2 inputs, got 1"),
        (refusal("exp", &[], &[(i, &[3])], 0), "INVALID_DTYPE: exp: expected float32, got int32[3]"),
        (
            refusal("matmul", &plain, &[(f, &[2, 3]), (f, &[4, 5])], 0),
            "SHAPE_MISMATCH: matmul: expected matrices whose inner sizes agree, got [2, 3] · [4, 5]",
        ),
        (
            refusal("sparse_cross_entropy", &labels, &[(f, &[4, 10]), (i, &[4])], 12),
            "LABEL_OUT_OF_RANGE: labels: expected 0 … 9, got 12 at row 3",
        ),
        (
            refusal("sparse_cross_entropy", &labels, &[(f, &[4, 10]), (i, &[4])], -1),
            "LABEL_OUT_OF_RANGE: labels: expected 0 … 9, got -1 at row 3",
        ),
        (
            refusal("pick", &[], &[(f, &[2, 3]), (i, &[2])], 3),
            "LABEL_OUT_OF_RANGE: labels: expected 0 … 2, got 3 at row 1",
        ),
        (
            refusal("gather", &[], &[(f, &[2, 3]), (i, &[2])], 2),
            "INVALID_VALUE: gather: expected indices below 2, got 2 at 1",
        ),
        (refusal("dropout", &rate(1.0), &[(f, &[2])], 0), "INVALID_VALUE: dropout rate: expected 0 ≤ rate < 1, got 1"),
        (
            refusal("dropout", &rate(f64::NAN), &[(f, &[2])], 0),
            "INVALID_VALUE: dropout rate: expected 0 ≤ rate < 1, got NaN",
        ),
        (
            refusal("sum", &[("axes", Attr::Ints(vec![2])), int("keep", 0)], &[(f, &[2, 3])], 0),
            "INVALID_VALUE: sum: axis: expected one of 2, got 2",
        ),
        (
            refusal("argmax", &[], &[(f, &[2, 0])], 0),
            "INVALID_SHAPE: argmax: expected rows with at least one element, got [2, 0]",
        ),
        (
            refusal("elu", &[("alpha", Attr::Float(-1.0))], &[(f, &[1])], 0),
            "INVALID_VALUE: elu: expected a finite alpha above 0, got -1 and 0",
        ),
        (
            refusal("where", &[], &[(f, &[3]), (f, &[3]), (f, &[3])], 0),
            "INVALID_DTYPE: where: expected bool, got float32[3]",
        ),
        (refusal("less", &[], &[(f, &[3]), (i, &[3])], 0), "INVALID_DTYPE: less: expected float32, got int32[3]"),
        (
            refusal("batch_matmul", &plain, &[(f, &[2, 2, 3]), (f, &[2, 4, 5])], 0),
            "SHAPE_MISMATCH: batch_matmul: expected matrices whose inner sizes agree, got [2, 2, 3] · [2, 4, 5]",
        ),
        (
            refusal("batch_matmul", &plain, &[(f, &[2, 2, 3]), (f, &[4, 3, 5])], 0),
            "SHAPE_MISMATCH: batch_matmul: expected shapes that broadcast, got [2] and [4]",
        ),
        (
            refusal("argsort", &[int("k", 4), int("descending", 0)], &[(f, &[2, 3])], 0),
            "SHAPE_MISMATCH: argsort: expected rows of a fixed size, at least 4, got [2, 3]",
        ),
        (refusal("flip", &[int("axis", 2)], &[(f, &[2, 3])], 0), "INVALID_VALUE: flip: axis: expected one of 2, got 2"),
        (
            refusal("conv", &windows(1), &[(f, &[2, 4, 5, 3]), (f, &[3, 6, 3, 2])], 0),
            "SHAPE_MISMATCH: conv: axis 1: expected a kernel within 5 places, got one of 6",
        ),
        (
            refusal("conv", &windows(2), &[(f, &[2, 4, 5, 3]), (f, &[3, 3, 3, 2])], 0),
            "SHAPE_MISMATCH: conv: expected channels and filters that 2 groups divide, got 3 channels, 2 filters and a kernel of 3 channels",
        ),
        (
            refusal("conv", &windows(1), &[(f, &[4, 5, 3]), (f, &[3, 3, 3, 2])], 0),
            "SHAPE_MISMATCH: conv: expected 4 axes, fixed but for the batch, got float32[4, 5, 3]",
        ),
        (
            refusal("conv_transpose", &windows(1), &[(f, &[2, 4, 5, 2]), (f, &[3, 3, 3, 2])], 0),
            "SHAPE_MISMATCH: conv_transpose: expected an operand of sizes [1, 7, 7], got [1, 4, 5]",
        ),
        (
            refusal("max_pool", &windows(1), &[(f, &[2, 4, 5, 2])], 0),
            "SHAPE_MISMATCH: max_pool: axis 0: expected a kernel within 4 places, got one of 9",
        ),
        (
            refusal("average_pool", &[("strides", Attr::Ints(vec![0]))], &[(f, &[2, 4, 5])], 0),
            "INVALID_VALUE: strides: expected 1 to 3 whole numbers from 1 on, got others",
        ),
        (
            refusal("fault", &[("kind", Attr::Str("error".into()))], &[(f, &[1])], 0),
            "ENGINE_FAILED: fault: expected nothing else, got an error",
        ),
    ] {
        assert_eq!(got, expected);
    }
}

#[test]
#[should_panic(expected = "a panic, as asked for")]
fn a_fault_panics_when_asked_to() {
    refusal("fault", &[("kind", Attr::Str("panic".into()))], &[(DType::F32, &[1])], 0);
}
