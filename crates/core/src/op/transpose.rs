//! `transpose`: any order of the axes, any dtype. (Matrix products transpose for free.)

use super::oracle::Oracle;
use super::strided::{copy, row_major};
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{MAX_RANK, Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("transpose", "Axis i of the result is axis perm[i] of x.", |attrs| {
    let perm = attrs.ints("perm")?;
    let perm = perm.iter().map(|&axis| rules::axis(axis, perm.len())).collect::<Result<_>>()?;
    Ok(Arc::new(Transpose { perm }))
});

#[derive(Clone, Debug)]
pub struct Transpose {
    pub perm: Vec<usize>,
}

impl Transpose {
    fn inverse(&self) -> Vec<usize> {
        let mut inverse = vec![0; self.perm.len()];
        self.perm.iter().enumerate().for_each(|(to, &from)| inverse[from] = to);
        inverse
    }
}

impl Op for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 1)?;
        let (dims, rank) = (inputs[0].dims(), inputs[0].shape.rank());
        if rank != self.perm.len() || (0..rank).any(|axis| !self.perm.contains(&axis)) {
            let message = || format!("expected an order of the axes of {}, got another", inputs[0].shape);
            return Err(Error::of(Code::ShapeMismatch, message));
        }
        let shape = Shape::new(self.perm.iter().map(|&axis| dims[axis]).collect::<Vec<_>>())?;
        Ok(vec![Type { dtype: inputs[0].dtype, shape }])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (mut own, mut dims) = ([0; MAX_RANK], [0; MAX_RANK]);
        let from = row_major(io.input_type(0).shape.at(io.batch, &mut own));
        let mut steps = [0; MAX_RANK];
        self.perm.iter().enumerate().for_each(|(to, &axis)| steps[to] = from[axis]);
        copy(io, io.output_type(0).shape.at(io.batch, &mut dims), steps);
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let inverse = self.inverse();
        x.set_by(|index, inputs| inputs[0].get(&inverse.iter().map(|&axis| index[axis]).collect::<Vec<_>>()));
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, _site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None]) };
        Ok(vec![Grad::Value(graph.transpose(dy, self.inverse())?)])
    }
}
