//! The machinery of elementwise ops with one operand: an op is three formulas and its gradient. All work in place and
//! may be done by the op before them (`Epilogue::Map`).

use super::oracle::Oracle;
use super::{Entry, Epilogue, Grad, Map, Op, Signature, Site, prose, rules};
use crate::error::Result;
use crate::graph::types::Type;
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::elementwise::{First, Formula, Function, each};
use crate::kernel::io::Io;
use crate::kernel::settled::{Formulas, Settled};
use crate::kernel::vector::V;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

/// What a unary op is made of; see [`unary!`].
pub trait UnaryRule: Copy + Debug + Default + Send + Sync + 'static {
    const NAME: &'static str;
    const DOC: &'static str;
    fn f32(x: V) -> V;
    fn f64(x: f64) -> f64;
    /// The gradient, from input, output and the output's gradient. Rules that need only the output let a producer be
    /// fused with the op.
    fn backward(graph: &mut Graph, x: Value, y: Value, dy: Value) -> Result<Value>;
}

/// Declares a unary op: its documentation, name, kernel, oracle and gradient; from these `ENTRY`.
macro_rules! unary {
    (
        $(#[doc = $doc:literal])+
        $rule:ident = $name:literal,
        f32: |$x:ident| $f32:expr,
        f64: |$x64:ident| $f64:expr,
        backward: |$graph:ident, $input:pat_param, $output:pat_param, $dy:pat_param| $backward:expr $(,)?
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $rule;

        pub const ENTRY: $crate::op::Entry = $crate::op::unary::entry::<$rule>();

        impl $crate::op::unary::UnaryRule for $rule {
            const NAME: &'static str = $name;
            const DOC: &'static str = concat!($($doc, "\n"),+).trim_ascii();
            #[inline(always)]
            fn f32($x: $crate::kernel::vector::V) -> $crate::kernel::vector::V {
                $f32
            }
            fn f64($x64: f64) -> f64 {
                $f64
            }
            fn backward(
                $graph: &mut $crate::graph::Graph,
                $input: $crate::graph::Value,
                $output: $crate::graph::Value,
                $dy: $crate::graph::Value,
            ) -> $crate::error::Result<$crate::graph::Value> {
                $backward
            }
        }
    };
}
pub(super) use unary;

/// A rule as a table, so that what is the same for all ops is compiled once.
struct Table {
    name: &'static str,
    f32: &'static dyn Formula<1>,
    map: Map,
    backward: fn(&mut Graph, Value, Value, Value) -> Result<Value>,
}

/// The op of a rule.
#[derive(Clone, Copy)]
pub struct Unary(&'static Table);

pub const fn op<R: UnaryRule>() -> Unary {
    Unary(
        &const {
            Table {
                name: R::NAME,
                f32: formula::<R>(),
                map: (|part| each(part, [First::Same], formula::<R>()), R::f64),
                backward: R::backward,
            }
        },
    )
}

/// The formula of a rule.
struct At<R>(PhantomData<R>);

impl<R: UnaryRule> Function<1> for At<R> {
    #[inline(always)]
    fn at(&self, [x]: [V; 1]) -> V {
        R::f32(x)
    }
}

const fn formula<R: UnaryRule>() -> &'static dyn Formula<1> {
    &const { At::<R>(PhantomData) }
}

pub const fn entry<R: UnaryRule>() -> Entry {
    let make = |_: &Attrs| -> Result<Arc<dyn Op>> { Ok(Arc::new(op::<R>())) };
    Entry { name: R::NAME, doc: prose(R::DOC), make, signature: Signature::Unary }
}

impl Op for Unary {
    fn name(&self) -> &'static str {
        self.0.name
    }

    fn keeps(&self) -> bool {
        true
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 1)?;
        Ok(vec![inputs[0].clone()])
    }

    fn row_by_row(&self, _types: &[Type]) -> bool {
        true
    }

    fn settle<'a>(&self, io: &Io<'a>) -> Option<Settled<'a>> {
        io.settle(Formulas::One(self.0.f32))
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        io.each(self.0.f32);
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.outputs = vec![x.inputs[0].map(self.0.map.1)];
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None]) };
        Ok(vec![Grad::Value((self.0.backward)(graph, site.inputs[0], site.outputs[0], dy)?)])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }

    fn epilogue(&self, _types: &[Type]) -> Option<Epilogue> {
        Some(Epilogue::Map(self.0.map))
    }
}
