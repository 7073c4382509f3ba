//! What softmax and the cross-entropies have in common: rows of the last axis as probabilities of classes, labels that
//! name a class, Keras's bounds on probabilities.

use super::clip::{clip, outside};
use super::oracle::Array;
use super::rules;
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::elementwise::map_row;
use crate::kernel::math;
use crate::kernel::reduce::{row_max, row_sum};
use crate::kernel::vector::{V, floats};

/// Probabilities are kept this far from 0 and 1 (Keras's epsilon).
pub const EPSILON: f64 = 1e-7;
/// The bounds in f32.
pub const BOUNDS: [f32; 2] = [EPSILON as f32, (1.0 - EPSILON) as f32];

/// That all labels are below `classes`.
pub fn check_labels(labels: &[i32], classes: usize) -> Result<()> {
    let inside = |label: &i32| usize::try_from(*label).is_ok_and(|label| label < classes);
    match labels.iter().position(|label| !inside(label)) {
        None => Ok(()),
        Some(row) => {
            let numbers = [classes as i64 - 1, i64::from(labels[row]), row as i64].map(|number| number.to_string());
            let message = ["labels: expected 0 … ", &numbers[0], ", got ", &numbers[1], " at row ", &numbers[2]];
            Err(Error::new(Code::LabelOutOfRange, message.concat()))
        }
    }
}

/// The labels of an oracle's input, checked.
pub fn labels64(labels: &Array, classes: usize) -> Result<Vec<usize>> {
    let labels: Vec<i32> = labels.data.iter().map(|&label| label as i32).collect();
    check_labels(&labels, classes)?;
    Ok(labels.into_iter().map(|label| label as usize).collect())
}

/// The shape rule of (p […, C], labels […] int32).
pub fn with_labels(p: &Type, labels: &Type) -> Result<Shape> {
    rules::dtype(p, DType::F32)?;
    rules::dtype(labels, DType::I32)?;
    rules::last(p)?;
    let rows = Shape::new(&p.dims()[..p.shape.rank() - 1])?;
    if rows != labels.shape {
        let message = || format!("labels: expected one per row of {}, {rows}, got {}", p.shape, labels.shape);
        return Err(Error::of(Code::ShapeMismatch, message));
    }
    Ok(rows)
}

/// Rough nanoseconds of work on the rows of `ty`.
pub fn row_cost(ty: &Type, batch: usize) -> f64 {
    let (elements, width) = (ty.size().at(batch) as f64, rules::width(ty, batch).max(1) as f64);
    elements * 3.0 + elements / width * 40.0 + 20.0
}

/// softmax of a row, in place.
#[inline(always)]
pub fn softmax_row(row: &mut [f32]) {
    let max = row_max(row);
    map_row(row, |x| math::exp(x - max));
    let sum = row_sum(row);
    map_row(row, |x| x / sum);
}

/// One logarithm: its code once, not wherever a row needs it.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
pub fn ln(x: f32) -> f32 {
    floats(math::ln(V::from(x)))[0]
}

/// softmax of a row.
pub fn softmax64(row: &[f64]) -> Vec<f64> {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exp: Vec<f64> = row.iter().map(|x| (x - max).exp()).collect();
    let sum: f64 = exp.iter().sum();
    exp.into_iter().map(|x| x / sum).collect()
}

/// ln of softmax of a row.
pub fn log_softmax64(row: &[f64]) -> Vec<f64> {
    let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = row.iter().map(|x| (x - max).exp()).sum();
    row.iter().map(|x| x - max - sum.ln()).collect()
}

/// Logarithms of the probabilities in a row, as the cross-entropies see them.
pub fn log_row64(row: &[f64], from_logits: bool) -> Vec<f64> {
    if from_logits {
        return log_softmax64(row);
    }
    let sum: f64 = row.iter().sum();
    row.iter().map(|p| clip(p / sum, EPSILON, 1.0 - EPSILON).ln()).collect()
}

/// The gradient of Σ weightⱼ · log_rowⱼ by the row.
pub fn log_row_grad64(row: &[f64], weights: &[f64], from_logits: bool) -> Vec<f64> {
    if from_logits {
        let total: f64 = weights.iter().sum();
        return softmax64(row).iter().zip(weights).map(|(p, weight)| weight - p * total).collect();
    }
    let sum: f64 = row.iter().sum();
    let by_share = |(p, weight): (&f64, &f64)| match p / sum {
        q if outside(q, EPSILON, 1.0 - EPSILON) => 0.0,
        q => weight / q,
    };
    let by_share: Vec<f64> = row.iter().zip(weights).map(by_share).collect();
    let total: f64 = row.iter().zip(&by_share).map(|(p, grad)| p / sum * grad).sum();
    by_share.into_iter().map(|grad| (grad - total) / sum).collect()
}

/// The same logarithms as nodes.
pub fn log_rows(graph: &mut Graph, p: Value, from_logits: bool) -> Result<Value> {
    if from_logits {
        return graph.log_softmax(p);
    }
    let sum = graph.sum_last(p)?;
    let share = graph.div(p, sum)?;
    let bounded = graph.clip(share, EPSILON, 1.0 - EPSILON)?;
    graph.log(bounded)
}
