//! `pick`: one element of each row of the last axis; its gradient adds into one buffer. Refuses indices outside.

use super::oracle::Oracle;
use super::probability::{check_labels, labels64};
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("pick", "x[…, index] for int32 index […].", |_| Ok(Arc::new(Pick)));

#[derive(Clone, Copy, Debug)]
pub struct Pick;

/// The shape of one element per row of x, which is also that of the index.
fn picked(x: &Type, index: &Type) -> Result<Shape> {
    rules::dtype(index, DType::I32)?;
    rules::last(x)?;
    let shape = Shape::new(&x.dims()[..x.shape.rank() - 1])?;
    if shape == index.shape {
        return Ok(shape);
    }
    Err(Error::of(Code::ShapeMismatch, || format!("expected an index of shape {shape}, got {}", index.shape)))
}

impl Op for Pick {
    fn name(&self) -> &'static str {
        "pick"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 2)?;
        rules::dtype(inputs[0], DType::F32)?;
        Ok(vec![Type::f32(picked(inputs[0], inputs[1])?)])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (x, index, dst) = (io.input::<f32>(0), io.input::<i32>(1), io.output::<f32>(0));
        let width = rules::width(io.input_type(0), io.batch);
        check_labels(index, width)?;
        dst.iter_mut().zip(index).enumerate().for_each(|(i, (y, &at))| *y = x[i * width + at as usize]);
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let width = *x.inputs[0].dims.last().expect("checked by the shape rule");
        let index = labels64(&x.inputs[1], width)?.into_iter().enumerate();
        x.set(index.map(|(i, at)| x.inputs[0].data[i * width + at]).collect());
        Ok(())
    }

    fn backward(&self, _: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        Ok(match grads[0] {
            Some(dy) => vec![Grad::Into(Arc::new(PickAdd), vec![dy, site.inputs[1]]), Grad::None],
            None => vec![Grad::None, Grad::None],
        })
    }
}

/// sum + dy at one element of each row: (sum, dy, index), in place.
#[derive(Clone, Copy, Debug)]
struct PickAdd;

impl Op for PickAdd {
    fn name(&self) -> &'static str {
        "pick_add"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 3)?;
        rules::floats(&inputs[..2], 2)?;
        rules::same_shape(&picked(inputs[0], inputs[2])?, &inputs[1].shape)?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (dy, index) = (io.input::<f32>(1), io.input::<i32>(2));
        let width = rules::width(io.input_type(0), io.batch);
        check_labels(index, width)?;
        let sum = io.updated::<f32>();
        dy.iter().zip(index).enumerate().for_each(|(i, (dy, &at))| sum[i * width + at as usize] += dy);
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let mut sum = x.inputs[0].clone();
        let width = *sum.dims.last().expect("checked by the shape rule");
        for (i, (dy, at)) in x.inputs[1].data.iter().zip(labels64(&x.inputs[2], width)?).enumerate() {
            sum.data[i * width + at] += dy;
        }
        x.set(sum.data);
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(g) = grads[0] else { return Ok(vec![Grad::None, Grad::None, Grad::None]) };
        let by_dy = if site.wanted[1] { Grad::Value(graph.pick(g, site.inputs[2])?) } else { Grad::None };
        Ok(vec![Grad::Value(g), by_dy, Grad::None])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }
}
