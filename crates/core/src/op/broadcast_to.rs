//! `broadcast_to`: repeats a value to a larger shape, any dtype.

use super::oracle::Oracle;
use super::strided::{copy, repeated};
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, MAX_RANK, Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::elementwise::Each;
use crate::kernel::io::Io;
use crate::kernel::vector::V;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("broadcast_to", "x repeated to a shape, NumPy's broadcasting.", |attrs| {
    Ok(Arc::new(BroadcastTo { shape: Shape::new(attrs.dims("dims")?)? }))
});

#[derive(Clone, Debug)]
pub struct BroadcastTo {
    pub shape: Shape,
}

impl Op for BroadcastTo {
    fn name(&self) -> &'static str {
        "broadcast_to"
    }

    fn keeps(&self) -> bool {
        true
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 1)?;
        if rules::broadcast(&inputs[0].shape, &self.shape).ok().as_ref() != Some(&self.shape) {
            let message = || format!("expected a shape that {} broadcasts to, got {}", inputs[0].shape, self.shape);
            return Err(Error::of(Code::ShapeMismatch, message));
        }
        Ok(vec![Type { dtype: inputs[0].dtype, shape: self.shape.clone() }])
    }

    fn row_by_row(&self, types: &[Type]) -> bool {
        rules::one_rank_of_rows(types)
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        if io.input_type(0).dtype == DType::F32 && io.try_each(&Each(|[x]: [V; 1]| x)) {
            return Ok(());
        }
        let (mut own, mut dims) = ([0; MAX_RANK], [0; MAX_RANK]);
        let dims = self.shape.at(io.batch, &mut dims);
        copy(io, dims, repeated(io.input_type(0).shape.at(io.batch, &mut own), dims));
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set_by(|index, inputs| inputs[0].get(index));
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None]) };
        let shape = graph.shape(site.inputs[0]);
        Ok(vec![Grad::Value(graph.sum_to(dy, shape)?)])
    }
}
