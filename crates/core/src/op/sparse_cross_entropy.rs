//! `sparse_cross_entropy`: −ln of the probability of the labelled class, one per row. Keras 3's rule: probabilities are
//! divided by their sum and kept within [1e-7, 1 − 1e-7], logits go through log-softmax. Refuses labels out of range.

use super::clip::{clip, outside};
use super::oracle::{Array, Oracle};
use super::probability::*;
use super::{Entry, Epilogue, Grad, Op, RowMap, Site, rules};
use crate::error::Result;
use crate::graph::types::Type;
use crate::graph::{Graph, Value};
use crate::kernel::elementwise::map_row;
use crate::kernel::io::Io;
use crate::kernel::reduce::{row_max, row_sum, row_sum_exp};
use crate::kernel::rows::{RowRule, rows};
use std::sync::Arc;

pub const ENTRY: Entry =
    Entry::internal("sparse_cross_entropy", "−ln p[label] of each row of the last axis.", |attrs| {
        Ok(Arc::new(SparseCrossEntropy { from_logits: attrs.flag("from_logits")? }))
    });

#[derive(Clone, Copy, Debug)]
struct SparseCrossEntropy {
    from_logits: bool,
}

struct Forward<'a> {
    p: &'a [f32],
    labels: &'a [i32],
    width: usize,
    from_logits: bool,
}

impl RowRule for Forward<'_> {
    #[inline(always)]
    fn row(&self, index: usize, row: &mut [f32]) {
        let p = &self.p[index * self.width..(index + 1) * self.width];
        let label = self.labels[index] as usize;
        row[0] = if self.from_logits {
            let max = row_max(p);
            ln(row_sum_exp(p, max)) - (p[label] - max)
        } else {
            -ln(clip(p[label] / row_sum(p), BOUNDS[0], BOUNDS[1]))
        };
    }
}

impl Op for SparseCrossEntropy {
    fn name(&self) -> &'static str {
        "sparse_cross_entropy"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 2)?;
        Ok(vec![Type::f32(with_labels(inputs[0], inputs[1])?)])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (p, labels, width) = (io.input(0), io.input(1), rules::width(io.input_type(0), io.batch));
        check_labels(labels, width)?;
        rows(io.output(0), 1, 3 * width, &Forward { p, labels, width, from_logits: self.from_logits });
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let p = &x.inputs[0];
        let width = p.dims.last().copied().unwrap_or(1);
        let labels = labels64(&x.inputs[1], width)?;
        let losses = p.data.chunks(width.max(1)).zip(labels);
        x.set(losses.map(|(row, label)| -log_row64(row, self.from_logits)[label]).collect());
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dl) = grads[0] else { return Ok(vec![Grad::None, Grad::None]) };
        let op = SparseCrossEntropyGrad { from_logits: self.from_logits, then: None };
        Ok(vec![Grad::Value(graph.apply(op, &[dl, site.inputs[0], site.inputs[1]])?), Grad::None])
    }

    fn expand(&self, graph: &mut Graph, inputs: &[Value]) -> Result<Vec<Value>> {
        let log = log_rows(graph, inputs[0], self.from_logits)?;
        let picked = graph.pick(log, inputs[1])?;
        Ok(vec![graph.neg(picked)?])
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        row_cost(&types[0], batch)
    }
}

/// The gradient by p: (dl, p, labels), then the rows of what follows.
#[derive(Clone, Copy, Debug)]
struct SparseCrossEntropyGrad {
    from_logits: bool,
    then: Option<RowMap>,
}

struct Backward<'a> {
    dl: &'a [f32],
    p: &'a [f32],
    labels: &'a [i32],
    from_logits: bool,
    then: Option<(RowMap, &'a [f32])>,
}

impl RowRule for Backward<'_> {
    #[inline(always)]
    fn row(&self, index: usize, row: &mut [f32]) {
        let range = index * row.len()..(index + 1) * row.len();
        let (dl, p, label) = (self.dl[index], &self.p[range.clone()], self.labels[index] as usize);
        if self.from_logits {
            row.copy_from_slice(p);
            softmax_row(row);
            row[label] -= 1.0;
            map_row(row, |x| x * dl);
        } else {
            // By the share q = p[label] / sum, then through the division.
            let sum = row_sum(p);
            let share = p[label] / sum;
            let out = outside(share, BOUNDS[0], BOUNDS[1]);
            let by_share = if out { 0.0 } else { -dl / share };
            row.fill(-(by_share * share) / sum);
            row[label] = (by_share - by_share * share) / sum;
        }
        if let Some(((then, _), other)) = self.then {
            then(row, &other[range]);
        }
    }
}

impl Op for SparseCrossEntropyGrad {
    fn name(&self) -> &'static str {
        "sparse_cross_entropy_grad"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 3 + usize::from(self.then.is_some()))?;
        rules::same_shape(&with_labels(inputs[1], inputs[2])?, &inputs[0].shape)?;
        Ok(vec![inputs[1].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let width = rules::width(io.input_type(1), io.batch);
        let (dl, p, labels) = (io.input(0), io.input(1), io.input(2));
        check_labels(labels, width)?;
        let then = self.then.map(|then| (then, io.input(3)));
        rows(io.output(0), width, 4 * width, &Backward { dl, p, labels, from_logits: self.from_logits, then });
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let (dl, p) = (&x.inputs[0], &x.inputs[1]);
        let width = p.dims.last().copied().unwrap_or(1);
        let mut grad = Array::filled(p.dims.clone(), 0.0);
        for (i, label) in labels64(&x.inputs[2], width)?.into_iter().enumerate() {
            let mut weights = vec![0.0; width];
            weights[label] = -dl.data[i];
            let (from, to) = (i * width, (i + 1) * width);
            let row = &mut grad.data[from..to];
            row.copy_from_slice(&log_row_grad64(&p.data[from..to], &weights, self.from_logits));
            if let Some((_, then)) = self.then {
                then(row, &x.inputs[3].data[from..to]);
            }
        }
        x.set(grad.data);
        Ok(())
    }

    fn expand(&self, graph: &mut Graph, inputs: &[Value]) -> Result<Vec<Value>> {
        let loss = SparseCrossEntropy { from_logits: self.from_logits };
        let dp = graph
            .vjp(&inputs[1..3], &[true, false], &[Some(inputs[0])], &|graph, inputs| loss.expand(graph, inputs))?;
        Ok(dp.into_iter().flatten().collect())
    }

    fn fuse(&self, _next: &dyn Op, epilogue: Option<Epilogue>) -> Option<Arc<dyn Op>> {
        match (epilogue, self.then) {
            (Some(Epilogue::Rows(then)), None) => Some(Arc::new(SparseCrossEntropyGrad { then: Some(then), ..*self })),
            _ => None,
        }
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        row_cost(&types[1], batch)
    }
}
