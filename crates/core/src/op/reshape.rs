//! `reshape`: the same elements, another shape, any dtype. Free where it can take over its input's place.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("reshape", "The same elements in another shape.", |attrs| {
    Ok(Arc::new(Reshape { shape: Shape::new(attrs.dims("dims")?)? }))
});

#[derive(Clone, Debug)]
pub struct Reshape {
    pub shape: Shape,
}

impl Op for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn keeps(&self) -> bool {
        true
    }

    fn only_copies(&self) -> bool {
        true
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 1)?;
        if inputs[0].size() != self.shape.size() {
            let message =
                || format!("expected a shape with as many elements as {}, got {}", inputs[0].shape, self.shape);
            return Err(Error::of(Code::ShapeMismatch, message));
        }
        Ok(vec![Type { dtype: inputs[0].dtype, shape: self.shape.clone() }])
    }

    fn row_by_row(&self, _types: &[Type]) -> bool {
        true
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        io.copy(0, 0);
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set(x.inputs[0].data.clone());
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None]) };
        let shape = graph.shape(site.inputs[0]);
        Ok(vec![Grad::Value(graph.reshape(dy, shape)?)])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }
}
