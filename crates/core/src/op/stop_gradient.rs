//! `stop_gradient`: its input, which counts as a constant for gradients. Any dtype.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::Type;
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry =
    Entry::internal("stop_gradient", "x, through which no gradient flows.", |_| Ok(Arc::new(StopGradient)));

#[derive(Clone, Copy, Debug)]
pub struct StopGradient;

impl Op for StopGradient {
    fn name(&self) -> &'static str {
        "stop_gradient"
    }

    fn only_copies(&self) -> bool {
        true
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 1)?;
        Ok(vec![inputs[0].clone()])
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

    fn backward(&self, _: &mut Graph, _: &Site<'_>, _: &[Option<Value>]) -> Result<Vec<Grad>> {
        Ok(vec![Grad::None])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }
}
