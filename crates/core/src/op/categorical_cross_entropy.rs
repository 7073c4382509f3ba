//! `categorical_cross_entropy`: −Σ target · ln p, one per row. Keras 3's rule: probabilities are divided by their sum and
//! kept within [1e-7, 1 − 1e-7], logits go through log-softmax.

use super::clip::beyond;
use super::log_softmax::log_softmax_row;
use super::oracle::{Array, Oracle};
use super::probability::*;
use super::{Entry, Epilogue, Grad, Op, RowMap, Site, rules};
use crate::error::Result;
use crate::graph::types::{Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::elementwise::update_row;
use crate::kernel::io::Io;
use crate::kernel::math;
use crate::kernel::reduce::{Reduction, reduce_axis, row_sum};
use crate::kernel::rows::{RowRule, rows};
use crate::kernel::vector::{V, bounded, pick};
use std::sync::Arc;

pub const ENTRY: Entry =
    Entry::internal("categorical_cross_entropy", "−Σ target · ln p of each row of the last axis.", |attrs| {
        Ok(Arc::new(CategoricalCrossEntropy { from_logits: attrs.flag("from_logits")? }))
    });

#[derive(Clone, Copy, Debug)]
struct CategoricalCrossEntropy {
    from_logits: bool,
}

/// −target · ln p, before the sum.
struct Forward<'a> {
    p: &'a [f32],
    target: &'a [f32],
    from_logits: bool,
}

impl RowRule for Forward<'_> {
    #[inline(always)]
    fn row(&self, index: usize, row: &mut [f32]) {
        let range = index * row.len()..(index + 1) * row.len();
        let (p, target) = (&self.p[range.clone()], &self.target[range]);
        if self.from_logits {
            log_softmax_row(row, p);
        } else {
            let sum = row_sum(p);
            update_row(row, p, |_, p| math::ln(bounded(p / sum, V::from(BOUNDS[0]), V::from(BOUNDS[1]))));
        }
        update_row(row, target, |x, target| -(x * target));
    }
}

/// The shape rule of (p […, C], target […, C]).
fn loss_shape(p: &Type, target: &Type) -> Result<Shape> {
    rules::floats(&[p, target], 2)?;
    rules::last(p)?;
    rules::same_shape(&p.shape, &target.shape)?;
    Shape::new(&p.dims()[..p.shape.rank() - 1])
}

impl Op for CategoricalCrossEntropy {
    fn name(&self) -> &'static str {
        "categorical_cross_entropy"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 2)?;
        Ok(vec![Type::f32(loss_shape(inputs[0], inputs[1])?)])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (p, target) = (io.input::<f32>(0), io.input(1));
        let (dst, width) = (io.output(0), rules::width(io.input_type(0), io.batch));
        let terms = &mut io.scratch()[..p.len()];
        rows(terms, width, 4 * width, &Forward { p, target, from_logits: self.from_logits });
        reduce_axis(dst, terms, dst.len(), width, 1, Reduction::Sum);
        Ok(())
    }

    fn scratch(&self, types: &[Type], batch: usize, _threads: usize) -> usize {
        types[0].size().at(batch)
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let (p, target) = (&x.inputs[0], &x.inputs[1]);
        let width = p.dims.last().copied().unwrap_or(1);
        let loss = |i: usize| -> f64 {
            let range = i * width..(i + 1) * width;
            let log = log_row64(&p.data[range.clone()], self.from_logits);
            -log.iter().zip(&target.data[range]).map(|(log, target)| log * target).sum::<f64>()
        };
        let count = x.dims[0].iter().product();
        x.set((0..count).map(loss).collect());
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dl) = grads[0] else { return Ok(vec![Grad::None, Grad::None]) };
        let (p, target) = (site.inputs[0], site.inputs[1]);
        let mut parts = vec![Grad::None, Grad::None];
        if site.wanted[0] {
            let op = CategoricalCrossEntropyGrad { from_logits: self.from_logits, then: None };
            parts[0] = Grad::Value(graph.apply(op, &[dl, p, target])?);
        }
        if site.wanted[1] {
            let by_target =
                graph.vjp(site.inputs, &[false, true], grads, &|graph, inputs| self.expand(graph, inputs))?;
            parts[1] = by_target[1].map_or(Grad::None, Grad::Value);
        }
        Ok(parts)
    }

    fn expand(&self, graph: &mut Graph, inputs: &[Value]) -> Result<Vec<Value>> {
        let log = log_rows(graph, inputs[0], self.from_logits)?;
        let product = graph.mul(log, inputs[1])?;
        let sum = graph.sum_axes(product, &[graph.ty(product).shape.rank() - 1], false)?;
        Ok(vec![graph.neg(sum)?])
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        row_cost(&types[0], batch)
    }
}

/// The gradient by p: (dl, p, target), then the rows of what follows.
#[derive(Clone, Copy, Debug)]
struct CategoricalCrossEntropyGrad {
    from_logits: bool,
    then: Option<RowMap>,
}

struct Backward<'a> {
    dl: &'a [f32],
    p: &'a [f32],
    target: &'a [f32],
    from_logits: bool,
    then: Option<(RowMap, &'a [f32])>,
}

impl RowRule for Backward<'_> {
    #[inline(always)]
    fn row(&self, index: usize, row: &mut [f32]) {
        let range = index * row.len()..(index + 1) * row.len();
        let (dl, p, target) = (self.dl[index], &self.p[range.clone()], &self.target[range.clone()]);
        if self.from_logits {
            row.copy_from_slice(p);
            softmax_row(row);
            let total = row_sum(target);
            update_row(row, target, |x, target| dl * (x * total - target));
        } else {
            // By the shares q = p / sum, then through the division.
            let sum = row_sum(p);
            let by_share =
                |share: V, target: V| pick(beyond(share, BOUNDS[0], BOUNDS[1]), V::from(0.0), -(dl * target) / share);
            row.copy_from_slice(target);
            update_row(row, p, |target, p| p / sum * by_share(p / sum, target));
            let shared = row_sum(row);
            row.copy_from_slice(target);
            update_row(row, p, |target, p| (by_share(p / sum, target) - shared) / sum);
        }
        if let Some(((then, _), other)) = self.then {
            then(row, &other[range]);
        }
    }
}

impl Op for CategoricalCrossEntropyGrad {
    fn name(&self) -> &'static str {
        "categorical_cross_entropy_grad"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 3 + usize::from(self.then.is_some()))?;
        rules::same_shape(&loss_shape(inputs[1], inputs[2])?, &inputs[0].shape)?;
        Ok(vec![inputs[1].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let width = rules::width(io.input_type(1), io.batch);
        let (dl, p, target) = (io.input(0), io.input(1), io.input(2));
        let then = self.then.map(|then| (then, io.input(3)));
        rows(io.output(0), width, 4 * width, &Backward { dl, p, target, from_logits: self.from_logits, then });
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let (p, target) = (&x.inputs[1], &x.inputs[2]);
        let width = p.dims.last().copied().unwrap_or(1);
        let mut grad = Array::filled(p.dims.clone(), 0.0);
        for (i, dl) in x.inputs[0].data.iter().enumerate() {
            let range = i * width..(i + 1) * width;
            let weights: Vec<f64> = target.data[range.clone()].iter().map(|target| -dl * target).collect();
            let row = &mut grad.data[range.clone()];
            row.copy_from_slice(&log_row_grad64(&p.data[range.clone()], &weights, self.from_logits));
            if let Some((_, then)) = self.then {
                then(row, &x.inputs[3].data[range]);
            }
        }
        x.set(grad.data);
        Ok(())
    }

    fn expand(&self, graph: &mut Graph, inputs: &[Value]) -> Result<Vec<Value>> {
        let loss = CategoricalCrossEntropy { from_logits: self.from_logits };
        let dp = graph
            .vjp(&inputs[1..3], &[true, false], &[Some(inputs[0])], &|graph, inputs| loss.expand(graph, inputs))?;
        Ok(dp.into_iter().flatten().collect())
    }

    fn fuse(&self, _next: &dyn Op, epilogue: Option<Epilogue>) -> Option<Arc<dyn Op>> {
        match (epilogue, self.then) {
            (Some(Epilogue::Rows(then)), None) => {
                Some(Arc::new(CategoricalCrossEntropyGrad { then: Some(then), ..*self }))
            }
            _ => None,
        }
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        row_cost(&types[1], batch)
    }
}
