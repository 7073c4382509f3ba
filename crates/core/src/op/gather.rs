//! `gather`: rows of axis 0 by index; its gradient scatters into one buffer. Refuses indices outside.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry =
    Entry::internal("gather", "Rows of axis 0 of x by int32 index: [indices…, row…].", |_| Ok(Arc::new(Gather)));

#[derive(Clone, Copy, Debug)]
pub struct Gather;

/// The shape of what `indices` picks of x.
pub fn picked(x: &Type, indices: &Type) -> Result<Shape> {
    rules::dtype(indices, DType::I32)?;
    let Some((_, row)) = x.dims().split_first() else {
        return Err(Error::new(Code::ShapeMismatch, "expected x with at least one axis, got a scalar"));
    };
    Shape::new([indices.dims(), row].concat())
}

/// The bounds of row `index` among `rows` of `len` elements.
pub fn row(index: i32, rows: usize, len: usize, at: usize) -> Result<std::ops::Range<usize>> {
    match usize::try_from(index) {
        Ok(index) if index < rows => Ok(index * len..(index + 1) * len),
        _ => {
            Err(Error::of(Code::InvalidValue, || format!("gather: expected indices below {rows}, got {index} at {at}")))
        }
    }
}

impl Op for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 2)?;
        Ok(vec![Type { dtype: inputs[0].dtype, shape: picked(inputs[0], inputs[1])? }])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (x, indices, dst) = (io.input_bytes(0), io.input::<i32>(1), io.output_bytes(0));
        let rows = io.input_type(0).dims()[0].at(io.batch);
        let len = dst.len() / indices.len().max(1);
        for (i, &index) in indices.iter().enumerate() {
            dst[i * len..(i + 1) * len].copy_from_slice(&x[row(index, rows, len, i)?]);
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let (from, indices) = (&x.inputs[0], &x.inputs[1]);
        let len = from.dims[1..].iter().product();
        let mut data = Vec::new();
        for (i, &index) in indices.data.iter().enumerate() {
            data.extend(&from.data[row(index as i32, from.dims[0], len, i)?]);
        }
        x.set(data);
        Ok(())
    }

    fn backward(&self, _: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        Ok(match grads[0] {
            Some(dy) => {
                vec![Grad::Into(Arc::new(super::scatter_rows::ScatterRows), vec![dy, site.inputs[1]]), Grad::None]
            }
            None => vec![Grad::None, Grad::None],
        })
    }
}
