//! `size`: how many elements a shape has in this step, as a number to divide by. No gradient: no inputs.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::{Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("size", "The product of dimensions, a float32 scalar.", |attrs| {
    Ok(Arc::new(Size { shape: Shape::new(attrs.dims("dims")?)? }))
});

#[derive(Clone, Debug)]
struct Size {
    shape: Shape,
}

impl Op for Size {
    fn name(&self) -> &'static str {
        "size"
    }

    fn keeps(&self) -> bool {
        true
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 0)?;
        Ok(vec![Type::f32(Shape::scalar())])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        io.output::<f32>(0)[0] = self.shape.size().at(io.batch) as f32;
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set(vec![self.shape.size().at(x.batch) as f64]);
        Ok(())
    }

    fn backward(&self, _: &mut Graph, _: &Site<'_>, _: &[Option<Value>]) -> Result<Vec<Grad>> {
        Ok(Vec::new())
    }
}
