//! The machinery of elementwise ops with two operands: an op is a formula and its two gradients. Broadcasts as NumPy
//! does; equal shapes, the common case, take a path without index arithmetic, in place where possible.

use super::oracle::Oracle;
use super::{Entry, Epilogue, Grad, Op, Signature, Site, prose, rules};
use crate::error::Result;
use crate::graph::types::{MAX_RANK, Type};
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::elementwise::{binary, broadcast2};
use crate::kernel::io::Io;
use crate::kernel::vector::V;
use std::fmt::Debug;
use std::sync::Arc;

/// Operands, result and the result's gradient.
#[derive(Clone, Copy, Debug)]
pub struct At {
    pub a: Value,
    pub b: Value,
    pub y: Value,
    pub dy: Value,
}

/// What a binary op is made of.
pub trait BinaryRule: Copy + Debug + Default + Send + Sync + 'static {
    const NAME: &'static str;
    /// What the public op says about itself.
    const DOC: &'static str = "";
    fn f32(a: V, b: V) -> V;
    fn f64(a: f64, b: f64) -> f64;
    /// The gradient by a, in the shape of the result.
    fn by_a(graph: &mut Graph, at: At) -> Result<Value>;
    /// The gradient by b, in the shape of the result; none where it is zero.
    fn by_b(graph: &mut Graph, at: At) -> Result<Option<Value>>;

    /// What the op is as an epilogue of the op before it.
    fn epilogue(_types: &[Type]) -> Option<Epilogue> {
        None
    }
}

/// The op of a rule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Binary<R>(R);

pub const fn entry<R: BinaryRule>() -> Entry {
    let make = |_: &Attrs| -> Result<Arc<dyn Op>> { Ok(Arc::new(Binary::<R>::default())) };
    Entry { name: R::NAME, doc: prose(R::DOC), make, signature: Signature::Binary }
}

/// Hands over the sizes of result and operands at this batch.
fn with_dims(io: &Io<'_>, f: &dyn Fn([&[usize]; 3])) {
    let mut sizes = [[0; MAX_RANK]; 3];
    let [y, a, b] = &mut sizes;
    let [y_type, a_type, b_type] = [io.output_type(0), io.input_type(0), io.input_type(1)];
    f([y_type.shape.at(io.batch, y), a_type.shape.at(io.batch, a), b_type.shape.at(io.batch, b)]);
}

impl<R: BinaryRule> Op for Binary<R> {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 2)?;
        Ok(vec![Type::f32(rules::broadcast(&inputs[0].shape, &inputs[1].shape)?)])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        if io.input_type(0).shape == io.input_type(1).shape {
            binary(io.output(0), io.first(), io.input(1), R::f32);
        } else {
            with_dims(io, &|[y, a, b]| broadcast2(io.output(0), y, io.input(0), a, io.input(1), b, R::f32));
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set_by(|index, inputs| R::f64(inputs[0].get(index), inputs[1].get(index)));
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None, Grad::None]) };
        let at = At { a: site.inputs[0], b: site.inputs[1], y: site.outputs[0], dy };
        let by_a = if site.wanted[0] { Some(R::by_a(graph, at)?) } else { None };
        let by_b = if site.wanted[1] { R::by_b(graph, at)? } else { None };
        let mut shrink = |grad: Option<Value>, input: Value| match grad {
            Some(grad) => Ok(Grad::Value(graph.sum_to(grad, graph.shape(input))?)),
            None => Ok(Grad::None),
        };
        Ok(vec![shrink(by_a, at.a)?, shrink(by_b, at.b)?])
    }

    fn in_place(&self, types: &[Type]) -> bool {
        types[0].shape == types[1].shape
    }

    fn epilogue(&self, types: &[Type]) -> Option<Epilogue> {
        R::epilogue(types)
    }
}
