//! `softmax` along the last axis, and its gradient, which may follow another op row by row.

use super::oracle::{Array, Oracle};
use super::probability::{row_cost, softmax_row, softmax64};
use super::{Entry, Epilogue, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::Type;
use crate::graph::{Graph, Value};
use crate::kernel::elementwise::{First, update_row};
use crate::kernel::io::Io;
use crate::kernel::reduce::row_sum;
use crate::kernel::rows::{RowRule, rows};
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("softmax", "eˣ / Σ eˣ along the last axis.", |_| Ok(Arc::new(Softmax)));

#[derive(Clone, Copy, Debug)]
pub struct Softmax;

struct Forward<'a>(First<'a>);

impl RowRule for Forward<'_> {
    #[inline(always)]
    fn row(&self, index: usize, row: &mut [f32]) {
        fetch(self.0, index, row);
        softmax_row(row);
    }
}

/// Puts row `index` of the operand into the destination's row.
#[inline(always)]
fn fetch(first: First<'_>, index: usize, row: &mut [f32]) {
    if let First::Other(x) = first {
        row.copy_from_slice(&x[index * row.len()..(index + 1) * row.len()]);
    }
}

impl Op for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 1)?;
        rules::last(inputs[0])?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let width = rules::width(io.input_type(0), io.batch);
        rows(io.output(0), width, 4 * width, &Forward(io.first()));
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.outputs = vec![by_row(&x.inputs[0], softmax64)];
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None]) };
        Ok(vec![Grad::Value(graph.apply(SoftmaxGrad, &[dy, site.outputs[0]])?)])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        row_cost(&types[0], batch)
    }
}

/// An array made row by row of the last axis.
pub fn by_row(x: &Array, f: impl Fn(&[f64]) -> Vec<f64>) -> Array {
    let width = x.dims.last().copied().unwrap_or(1).max(1);
    Array::new(x.dims.clone(), x.data.chunks(width).flat_map(f).collect())
}

/// y · (dy − Σ dy · y): (dy, y).
#[derive(Clone, Copy, Debug)]
struct SoftmaxGrad;

struct Backward<'a> {
    dy: First<'a>,
    y: &'a [f32],
}

impl RowRule for Backward<'_> {
    #[inline(always)]
    fn row(&self, index: usize, row: &mut [f32]) {
        fetch(self.dy, index, row);
        let y = &self.y[index * row.len()..(index + 1) * row.len()];
        update_row(row, y, |dy, y| dy * y);
        let sum = row_sum(row);
        update_row(row, y, |product, y| product - y * sum);
    }
}

fn backward64(dy: &mut [f64], y: &[f64]) {
    let sum: f64 = dy.iter().zip(y).map(|(dy, y)| dy * y).sum();
    dy.iter_mut().zip(y).for_each(|(dy, y)| *dy = y * (*dy - sum));
}

impl Op for SoftmaxGrad {
    fn name(&self) -> &'static str {
        "softmax_grad"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 2)?;
        rules::same_shape(&inputs[1].shape, &inputs[0].shape)?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let width = rules::width(io.input_type(1), io.batch);
        rows(io.output(0), width, 2 * width, &Backward { dy: io.first(), y: io.input(1) });
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let (mut grad, y) = (x.inputs[0].clone(), &x.inputs[1]);
        let width = y.dims.last().copied().unwrap_or(1).max(1);
        grad.data.chunks_mut(width).zip(y.data.chunks(width)).for_each(|(dy, y)| backward64(dy, y));
        x.outputs = vec![grad];
        Ok(())
    }

    fn expand(&self, graph: &mut Graph, inputs: &[Value]) -> Result<Vec<Value>> {
        let &[dy, y] = inputs else { unreachable!("two inputs by the shape rule") };
        let product = graph.mul(dy, y)?;
        let sum = graph.sum_last(product)?;
        let rest = graph.sub(dy, sum)?;
        Ok(vec![graph.mul(y, rest)?])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }

    fn epilogue(&self, _types: &[Type]) -> Option<Epilogue> {
        let map = |row: &mut [f32], y: &[f32]| rows(row, row.len(), 1, &Backward { dy: First::Same, y });
        Some(Epilogue::Rows((map, backward64)))
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        row_cost(&types[0], batch)
    }
}
