//! `fill`: one number everywhere. No gradient: no inputs.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::{Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::elementwise;
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("fill", "A float32 array of one number.", |attrs| {
    Ok(Arc::new(Fill { shape: Shape::new(attrs.dims("dims")?)?, value: attrs.float("value")? }))
});

#[derive(Clone, Debug)]
pub struct Fill {
    pub shape: Shape,
    pub value: f64,
}

impl Op for Fill {
    fn name(&self) -> &'static str {
        "fill"
    }

    fn keeps(&self) -> bool {
        true
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 0)?;
        Ok(vec![Type::f32(self.shape.clone())])
    }

    fn row_by_row(&self, _types: &[Type]) -> bool {
        true
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        elementwise::fill(io.output(0), self.value as f32);
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set_by(|_, _| self.value);
        Ok(())
    }

    fn backward(&self, _: &mut Graph, _: &Site<'_>, _: &[Option<Value>]) -> Result<Vec<Grad>> {
        Ok(Vec::new())
    }

    fn constant(&self) -> Option<f64> {
        Some(self.value)
    }
}
