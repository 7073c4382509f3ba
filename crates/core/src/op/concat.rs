//! `concat`: values one after the other along an axis, any dtype.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{Dim, Shape, Type, product};
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("concat", "Values one after the other along an axis.", |attrs| {
    Ok(Arc::new(Concat { axis: attrs.size("axis")? }))
});

#[derive(Clone, Copy, Debug)]
struct Concat {
    axis: usize,
}

impl Op for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let Some((first, rest)) = inputs.split_first() else {
            return Err(Error::new(Code::PlanInvalid, "expected at least one input, got none"));
        };
        rules::axis(self.axis as i64, first.shape.rank())?;
        let mut dims = first.dims().to_vec();
        for ty in rest {
            rules::dtype(ty, first.dtype)?;
            let like = |axis: usize| axis == self.axis || ty.dims()[axis] == dims[axis];
            let fits = ty.shape.rank() == dims.len() && (0..dims.len()).all(like);
            let sum = &mut dims[self.axis];
            match ty.dims().get(self.axis) {
                Some(dim) if fits && dim.coef == 0 => {}
                Some(dim) if fits && sum.coef == 0 => *sum = *dim,
                Some(dim) if fits && dim.power == sum.power => {
                    *sum = Dim { coef: sum.coef.saturating_add(dim.coef), power: sum.power };
                }
                _ => {
                    let message = || format!("expected shapes like {} but for axis {}, got {}", first, self.axis, ty);
                    return Err(Error::of(Code::ShapeMismatch, message));
                }
            }
        }
        Ok(vec![Type { dtype: first.dtype, shape: Shape::new(dims)? }])
    }

    fn row_by_row(&self, _types: &[Type]) -> bool {
        self.axis > 0
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (ty, b, dst) = (io.output_type(0), io.batch, io.output_bytes(0));
        let stretch = |ty: &Type| product(&ty.dims()[self.axis..]).at(b) * ty.dtype.bytes();
        let (whole, mut start) = (stretch(ty), 0);
        for i in 0..io.inputs() {
            let len = stretch(io.input_type(i));
            if len > 0 {
                let rows = io.input_bytes(i).chunks_exact(len).zip(dst.chunks_exact_mut(whole));
                rows.for_each(|(from, to)| to[start..start + len].copy_from_slice(from));
            }
            start += len;
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set_by(|index, inputs| {
            let mut index = index.to_vec();
            for input in inputs {
                if index[self.axis] < input.dims[self.axis] {
                    return input.get(&index);
                }
                index[self.axis] -= input.dims[self.axis];
            }
            unreachable!("an index within the sum of the lengths")
        });
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let mut start = Dim::fixed(0);
        let mut parts = Vec::new();
        for (&input, &wanted) in site.inputs.iter().zip(site.wanted) {
            let length = graph.ty(input).dims()[self.axis];
            parts.push(match grads[0] {
                Some(dy) if wanted => Grad::Value(graph.slice(dy, self.axis, start, length)?),
                _ => Grad::None,
            });
            start = Dim { coef: start.coef + length.coef, power: start.power.max(length.power) };
        }
        Ok(parts)
    }
}
