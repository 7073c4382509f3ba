//! The machinery of elementwise ops with two operands: an op is a formula and its two gradients. Broadcasts as NumPy
//! does; equal shapes, the common case, take a path without index arithmetic, in place where possible.

use super::oracle::Oracle;
use super::{Entry, Epilogue, Grad, Op, Signature, Site, prose, rules};
use crate::error::Result;
use crate::graph::types::{MAX_RANK, Type};
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::elementwise::{Formula, Function, broadcast};
use crate::kernel::io::Io;
use crate::kernel::settled::{Formulas, Settled};
use crate::kernel::vector::V;
use std::fmt::Debug;
use std::marker::PhantomData;
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

/// A rule as a table, so that what is the same for all ops is compiled once.
struct Table {
    name: &'static str,
    f32: &'static dyn Formula<2>,
    f64: fn(f64, f64) -> f64,
    by_a: fn(&mut Graph, At) -> Result<Value>,
    by_b: fn(&mut Graph, At) -> Result<Option<Value>>,
    epilogue: fn(&[Type]) -> Option<Epilogue>,
}

/// The op of a rule.
#[derive(Clone, Copy)]
pub struct Binary(&'static Table);

/// The formula of a rule.
struct Pair<R>(PhantomData<R>);

impl<R: BinaryRule> Function<2> for Pair<R> {
    #[inline(always)]
    fn at(&self, [a, b]: [V; 2]) -> V {
        R::f32(a, b)
    }
}

pub const fn op<R: BinaryRule>() -> Binary {
    Binary(
        &const {
            Table {
                name: R::NAME,
                f32: &Pair::<R>(PhantomData),
                f64: R::f64,
                by_a: R::by_a,
                by_b: R::by_b,
                epilogue: R::epilogue,
            }
        },
    )
}

pub const fn entry<R: BinaryRule>() -> Entry {
    let make = |_: &Attrs| -> Result<Arc<dyn Op>> { Ok(Arc::new(op::<R>())) };
    Entry { name: R::NAME, doc: prose(R::DOC), make, signature: Signature::Binary }
}

impl Op for Binary {
    fn name(&self) -> &'static str {
        self.0.name
    }

    fn keeps(&self) -> bool {
        true
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 2)?;
        Ok(vec![Type::f32(rules::broadcast(&inputs[0].shape, &inputs[1].shape)?)])
    }

    fn row_by_row(&self, types: &[Type]) -> bool {
        rules::one_rank_of_rows(types)
    }

    fn settle<'a>(&self, io: &Io<'a>) -> Option<Settled<'a>> {
        io.settle(Formulas::Two(self.0.f32))
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        if !io.try_each(self.0.f32) {
            let types = [io.output_type(0), io.input_type(0), io.input_type(1)];
            let mut sizes = [[0; MAX_RANK]; 3];
            let [to, a, b] = &mut sizes;
            let to = types[0].shape.at(io.batch, to);
            let dims = [types[1].shape.at(io.batch, a), types[2].shape.at(io.batch, b)];
            broadcast(io.output(0), to, [io.input(0), io.input(1)], dims, self.0.f32);
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set_by(|index, inputs| (self.0.f64)(inputs[0].get(index), inputs[1].get(index)));
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None, Grad::None]) };
        let at = At { a: site.inputs[0], b: site.inputs[1], y: site.outputs[0], dy };
        let by_a = if site.wanted[0] { Some((self.0.by_a)(graph, at)?) } else { None };
        let by_b = if site.wanted[1] { (self.0.by_b)(graph, at)? } else { None };
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
        (self.0.epilogue)(types)
    }
}
