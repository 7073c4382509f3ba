//! What an op is, and the registry of all of them. One file per op (or family): shape rule, kernel call, f64 oracle and
//! backward rule side by side. An op knows others only through the graph builders in `build`.

mod binary;
mod build;
mod compare;
mod curve;
pub mod oracle;
mod probability;
mod reduction;
mod rules;
mod slide;
mod strided;
mod sum_rows;
mod unary;

pub use rules::is_of_rows;

use crate::error::{Code, Error, Result};
use crate::graph::types::Type;
use crate::graph::{Attrs, Expansion, Graph, Value};
use crate::kernel::io::Io;
use crate::kernel::settled::Settled;
use crate::part;
use crate::plan::Body;
use oracle::Oracle;
use std::fmt;
use std::sync::Arc;

/// The node a backward rule is asked about.
#[derive(Debug)]
pub struct Site<'a> {
    pub inputs: &'a [Value],
    pub outputs: &'a [Value],
    /// Which inputs need a gradient; the others' may be left out.
    pub wanted: &'a [bool],
}

/// One input's share of the gradient.
#[derive(Debug)]
pub enum Grad {
    /// Nothing flows back.
    None,
    Value(Value),
    /// Written into a part of the sum: an in-place op whose first input is the sum so far, and its other inputs.
    Into(Arc<dyn Op>, Vec<Value>),
}

/// A function of every element, in f32 and in f64.
pub type Map = (fn(&mut [f32]), fn(f64) -> f64);
/// What is done to a row, given a row of another value, in f32 and in f64.
pub type RowMap = (fn(&mut [f32], &[f32]), fn(&mut [f64], &[f64]));

/// What a producer may do to its finished rows on behalf of the op that follows (fusion that changes no value).
#[derive(Clone, Copy, Debug)]
pub enum Epilogue {
    /// Adds a row (input 1, the last axis) to every row of input 0.
    AddRow,
    /// Maps every element.
    Map(Map),
    /// Works on every row of the last axis, given the same row of input 1, which has input 0's shape.
    Rows(RowMap),
}

/// An operation: pure, without state, fixed options inside.
pub trait Op: Send + Sync {
    /// The registered name: lower-case, stable for ever.
    fn name(&self) -> &'static str;

    /// The shape rule: types of the outputs, or why these inputs are refused.
    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>>;

    /// The f32 kernel. Long work is done in [turns](crate::kernel::turn): it is called again until all parts of its splits
    /// are done, so what it does besides splits must do no harm when repeated.
    fn forward(&self, io: &Io<'_>) -> Result<()>;

    /// `forward` on these places, settled once, where values are short.
    fn settle<'a>(&self, _io: &Io<'a>) -> Option<Settled<'a>> {
        None
    }

    /// The naive f64 version of the same.
    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()>;

    /// Emits the nodes of the vector-Jacobian product; `grads` are those of the outputs, where there are any. Without a
    /// rule of its own, an op has the gradient of its expansion.
    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        by_expansion(graph, site, grads, &|graph, inputs| self.expand(graph, inputs))
    }

    /// The same outputs from simpler ops: what ops that do several steps at once (backward-only ones above all) are
    /// differentiated by. Never run instead of the op.
    fn expand(&self, _graph: &mut Graph, _inputs: &[Value]) -> Result<Vec<Value>> {
        Err(refused(Code::NotDifferentiable, self.name(), "a differentiable op, got one without a gradient"))
    }

    /// Whether the outputs for inputs that are put one behind the other, along their first axes, are the sums of the outputs
    /// for each.
    fn sums_rows(&self) -> bool {
        false
    }

    /// Whether entry i of the outputs along a first axis of B depends on nothing but the other inputs and entry i of those
    /// that have such an axis too; `types` as for `scratch`, each with such an axis or of fixed size.
    fn row_by_row(&self, _types: &[Type]) -> bool {
        false
    }

    /// The same of a second operand that is transposed already, for products that transpose it.
    fn straight(&self) -> Option<Arc<dyn Op>> {
        None
    }

    /// Whether output 0 is input 0 with the rows of input 1 added at the indices of input 2.
    fn adds_rows(&self) -> bool {
        false
    }

    /// Whether its outputs are functions of its inputs and B alone, and cheap to keep: what depends on nothing that changes is
    /// then computed once for many steps.
    fn keeps(&self) -> bool {
        false
    }

    /// Whether there is nothing to do where output 0 took over input 0's buffer.
    fn only_copies(&self) -> bool {
        false
    }

    /// The number that every element of output 0 is, whatever the inputs.
    fn constant(&self) -> Option<f64> {
        None
    }

    /// Whether output 0 may take over input 0's buffer when nothing else needs it (same dtype and size); `types` are
    /// those of the inputs followed by those of the outputs.
    fn in_place(&self, _types: &[Type]) -> bool {
        false
    }

    /// f32 elements of scratch memory for the largest batch.
    fn scratch(&self, _types: &[Type], _batch: usize, _threads: usize) -> usize {
        0
    }

    /// Rough cost in nanoseconds of one run, to do long work in turns; `types` as for `scratch`.
    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        types.iter().map(|ty| ty.size().at(batch) as f64).sum::<f64>() * 0.3 + 20.0
    }

    /// What it is as an epilogue of the op before it.
    fn epilogue(&self, _types: &[Type]) -> Option<Epilogue> {
        None
    }

    /// The op that does this and then `next`, whose first input is output 0 of this and which appends its own other
    /// inputs to the inputs.
    fn fuse(&self, _next: &dyn Op, _epilogue: Option<Epilogue>) -> Option<Arc<dyn Op>> {
        None
    }

    /// The sub-graph it runs, if any, and how it runs it once compiled.
    fn subgraph(&self) -> Option<&Graph> {
        None
    }

    /// As `forward`, for ops with a sub-graph.
    fn forward_with(&self, _io: &Io<'_>, _body: &Body<'_>) -> Result<()> {
        Err(refused(Code::EngineFailed, self.name(), "no sub-plan, got one"))
    }
}

impl fmt::Debug for dyn Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What has only one form, whatever the op: the trait's defaults are compiled for each.
fn by_expansion(graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>], expand: &Expansion) -> Result<Vec<Grad>> {
    // Those of ordinary applications have rules of their own, unless they are differentiated twice.
    let parts = part::second(|| graph.vjp(site.inputs, site.wanted, grads, expand))?;
    Ok(parts.into_iter().map(|part| part.map_or(Grad::None, Grad::Value)).collect())
}

#[cold]
fn refused(code: Code, name: &str, expected: &str) -> Error {
    Error::of(code, || format!("{name}: expected {expected}"))
}

/// Makes an op from its attributes.
pub type Make = fn(&Attrs) -> Result<Arc<dyn Op>>;

/// Documentation, which is rendered where the crate is built and left out of the WASM module.
const fn prose(text: &'static str) -> &'static str {
    if cfg!(target_family = "wasm") { "" } else { text }
}

/// How TypeScript offers an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// `name(x)`, elementwise: its wrapper is generated.
    Unary,
    /// `name(a, b)`, elementwise with NumPy's broadcasting: its wrapper is generated.
    Binary,
    /// Hand-written in TypeScript, or not offered.
    Internal,
}

/// One line of the registry.
#[derive(Debug)]
pub struct Entry {
    pub name: &'static str,
    /// What it computes, for the generated wrapper's documentation.
    pub doc: &'static str,
    pub make: Make,
    pub signature: Signature,
}

impl Entry {
    const fn internal(name: &'static str, doc: &'static str, make: Make) -> Self {
        Entry { name, doc: prose(doc), make, signature: Signature::Internal }
    }
}

macro_rules! registry {
    ($($op:ident)+; $($more:ident)+) => {
        $(mod $op;)+
        $(mod $more;)+

        /// Every op a plan may name.
        pub static OPS: &[Entry] = &[$($op::ENTRY,)+ $($more::ENTRY),+];
        static FIRST: &[Entry] = &[$($op::ENTRY),+];
        static MORE: &[Entry] = &[$($more::ENTRY),+];
    };
}

// What ordinary applications name; then what is in the second part of the WASM module (see `part`).
registry! {
    neg abs square sqrt exp log tanh sigmoid relu
    add sub mul div
    equal
    sum argmax size fill
    reshape cast clip
    matmul softmax
    sparse_cross_entropy categorical_cross_entropy binary_cross_entropy
    dropout random_uniform;
    sign floor round rsqrt expm1 log1p sin cos erf
    softplus gelu leaky_relu elu swish
    pow minimum maximum max
    not_equal greater greater_equal less less_equal select
    broadcast_to transpose gather scatter_rows pick slice concat flip cumsum argsort
    batch_matmul attention log_softmax
    conv conv_transpose max_pool average_pool affine_transform
    scan stop_gradient custom_gradient fault
}

/// The maker of the op of that name, or `UNKNOWN_NAME`.
pub fn find(name: &str) -> Result<Make> {
    let made = |entries: &[Entry]| entries.iter().find(|entry| entry.name == name).map(|entry| entry.make);
    let unknown = || Error::of(Code::UnknownName, || format!("op: expected a known name, got '{name}'"));
    made(FIRST).map_or_else(|| part::second(|| made(MORE).ok_or_else(unknown)), Ok)
}
