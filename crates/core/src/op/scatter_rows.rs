//! `scatter_rows`: adds rows to a value, each at its index: the gradient of `gather`, and one of rows that a user gives.

use super::gather::{picked, row};
use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::Type;
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal(
    "scatter_rows",
    "x + rows, each at its int32 index on axis 0: (x, [indices…, row…], indices).",
    |_| Ok(Arc::new(ScatterRows)),
);

/// sum + the rows of dy, each at its index: (sum, dy, indices), in place, in order of the indices.
#[derive(Clone, Copy, Debug)]
pub struct ScatterRows;

impl Op for ScatterRows {
    fn name(&self) -> &'static str {
        "scatter_rows"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 3)?;
        rules::floats(&inputs[..2], 2)?;
        rules::same_shape(&picked(inputs[0], inputs[2])?, &inputs[1].shape)?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (dy, indices) = (io.input::<f32>(1), io.input::<i32>(2));
        let sum = io.updated::<f32>();
        let rows = io.input_type(0).dims()[0].at(io.batch);
        let len = dy.len() / indices.len().max(1);
        for (i, &index) in indices.iter().enumerate() {
            let part = &mut sum[row(index, rows, len, i)?];
            part.iter_mut().zip(&dy[i * len..]).for_each(|(sum, dy)| *sum += dy);
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let mut sum = x.inputs[0].clone();
        let len = sum.dims[1..].iter().product();
        for (i, &index) in x.inputs[2].data.iter().enumerate() {
            let part = &mut sum.data[row(index as i32, sum.dims[0], len, i)?];
            part.iter_mut().zip(&x.inputs[1].data[i * len..]).for_each(|(sum, dy)| *sum += dy);
        }
        x.set(sum.data);
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(g) = grads[0] else { return Ok(vec![Grad::None, Grad::None, Grad::None]) };
        let by_dy = if site.wanted[1] { Grad::Value(graph.gather(g, site.inputs[2])?) } else { Grad::None };
        Ok(vec![Grad::Value(g), by_dy, Grad::None])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }

    fn adds_rows(&self) -> bool {
        true
    }
}
