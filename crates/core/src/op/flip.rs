//! `flip`: one axis backwards, any dtype.

use super::oracle::Oracle;
use super::strided::around;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::Type;
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry =
    Entry::internal("flip", "x with one axis backwards.", |attrs| Ok(Arc::new(Flip { axis: attrs.size("axis")? })));

#[derive(Clone, Copy, Debug)]
struct Flip {
    axis: usize,
}

impl Op for Flip {
    fn name(&self) -> &'static str {
        "flip"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 1)?;
        rules::axis(self.axis as i64, inputs[0].shape.rank())?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (ty, src, dst) = (io.input_type(0), io.input_bytes(0), io.output_bytes(0));
        let [_, n, inner] = around(ty, self.axis, io.batch);
        let len = inner * ty.dtype.bytes();
        if n * len > 0 {
            for (from, to) in src.chunks_exact(n * len).zip(dst.chunks_exact_mut(n * len)) {
                from.chunks_exact(len).rev().zip(to.chunks_exact_mut(len)).for_each(|(x, y)| y.copy_from_slice(x));
            }
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set_by(|index, inputs| {
            let mut index = index.to_vec();
            index[self.axis] = inputs[0].dims[self.axis] - 1 - index[self.axis];
            inputs[0].get(&index)
        });
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, _: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None]) };
        Ok(vec![Grad::Value(graph.apply(*self, &[dy])?)])
    }
}
