//! `slice`: part of one axis, any dtype; its gradient adds into one buffer, so that many slices of one value cost no more
//! than the value.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{Dim, Shape, Type, product};
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("slice", "Entries start … start + length of an axis.", |attrs| {
    let (start, length) = (Dim::fixed(attrs.size("start")?), Dim::fixed(attrs.size("length")?));
    Ok(Arc::new(Slice { axis: attrs.size("axis")?, start, length }))
});

/// `start` and `length` depend on the batch as the axis does.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    pub axis: usize,
    pub start: Dim,
    pub length: Dim,
}

impl Slice {
    /// The shape of the part of `ty`.
    fn part(&self, ty: &Type) -> Result<Shape> {
        let mut dims = ty.dims().to_vec();
        let alike = |dim: Dim, part: Dim| part.coef == 0 || part.power == dim.power;
        let within = |dim: Dim| {
            let end = self.start.coef.saturating_add(self.length.coef);
            alike(dim, self.start) && alike(dim, self.length) && end <= dim.coef
        };
        match dims.get_mut(self.axis) {
            Some(dim) if within(*dim) => *dim = self.length,
            _ => {
                let Slice { axis, start, length } = self;
                let message = || format!("expected a part of {ty}, got {length} entries from {start} of axis {axis}");
                return Err(Error::of(Code::ShapeMismatch, message));
            }
        }
        Shape::new(dims)
    }

    /// Calls `f` with where each stretch of the part begins in the whole and in the part, and its length.
    fn stretches(&self, ty: &Type, b: usize, mut f: impl FnMut(usize, usize, usize)) {
        let (before, after) = (product(&ty.dims()[..self.axis]).at(b), product(&ty.dims()[self.axis + 1..]).at(b));
        let whole = ty.dims()[self.axis].at(b) * after;
        let (start, len) = (self.start.at(b) * after, self.length.at(b) * after);
        (0..before).for_each(|i| f(i * whole + start, i * len, len));
    }
}

impl Op for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 1)?;
        Ok(vec![Type { dtype: inputs[0].dtype, shape: self.part(inputs[0])? }])
    }

    fn row_by_row(&self, _types: &[Type]) -> bool {
        self.axis > 0
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (ty, src, dst) = (io.input_type(0), io.input_bytes(0), io.output_bytes(0));
        let bytes = ty.dtype.bytes();
        self.stretches(ty, io.batch, |from, to, len| {
            dst[to * bytes..(to + len) * bytes].copy_from_slice(&src[from * bytes..(from + len) * bytes]);
        });
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let start = self.start.at(x.batch);
        x.set_by(|index, inputs| {
            let mut index = index.to_vec();
            index[self.axis] += start;
            inputs[0].get(&index)
        });
        Ok(())
    }

    fn backward(&self, _: &mut Graph, _: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        Ok(vec![grads[0].map_or(Grad::None, |dy| Grad::Into(Arc::new(SliceAdd(*self)), vec![dy]))])
    }
}

/// sum + dy at the part: (sum, dy), in place.
#[derive(Clone, Copy, Debug)]
struct SliceAdd(Slice);

impl Op for SliceAdd {
    fn name(&self) -> &'static str {
        "slice_add"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 2)?;
        rules::same_shape(&self.0.part(inputs[0])?, &inputs[1].shape)?;
        Ok(vec![inputs[0].clone()])
    }

    fn row_by_row(&self, _types: &[Type]) -> bool {
        self.0.axis > 0
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let dy = io.input::<f32>(1);
        let sum = io.updated::<f32>();
        self.0.stretches(io.input_type(0), io.batch, |to, from, len| {
            sum[to..to + len].iter_mut().zip(&dy[from..from + len]).for_each(|(sum, dy)| *sum += dy);
        });
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let (start, length) = (self.0.start.at(x.batch), self.0.length.at(x.batch));
        x.set_by(|index, inputs| {
            let (mut part, sum) = (index.to_vec(), inputs[0].get(index));
            match index[self.0.axis].checked_sub(start) {
                Some(own) if own < length => {
                    part[self.0.axis] = own;
                    sum + inputs[1].get(&part)
                }
                _ => sum,
            }
        });
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(g) = grads[0] else { return Ok(vec![Grad::None, Grad::None]) };
        let by_dy = if site.wanted[1] { Grad::Value(graph.apply(self.0, &[g])?) } else { Grad::None };
        Ok(vec![Grad::Value(g), by_dy])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }
}
