//! The machinery of reductions over any axes: runs of neighbouring axes are reduced one after the other, the last run
//! first, each by a kernel whose order of additions is fixed.

use super::oracle::{Array, Oracle};
use super::strided::around;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::{Dim, MAX_RANK, Shape, Type};
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::elementwise::Each;
use crate::kernel::io::Io;
use crate::kernel::reduce::{Reduction, reduce_axis};
use crate::kernel::settled::{Formulas, Settled};
use crate::kernel::vector::V;
use std::fmt::Debug;
use std::sync::Arc;

/// What a reduction is made of.
pub trait ReduceRule: Copy + Debug + Default + Send + Sync + 'static {
    const NAME: &'static str;
    const KIND: Reduction;
    /// The value of nothing, and how one more element changes it.
    const NOTHING: f64;
    fn f64(so_far: f64, x: f64) -> f64;
    /// The gradient by x; `y` and `dy` have the reduced axes as ones.
    fn backward(graph: &mut Graph, axes: &[usize], x: Value, y: Value, dy: Value) -> Result<Value>;
}

/// A rule as a table, so that what is the same for all ops is compiled once.
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    kind: Reduction,
    nothing: f64,
    f64: fn(f64, f64) -> f64,
    backward: fn(&mut Graph, &[usize], Value, Value, Value) -> Result<Value>,
}

const fn table<R: ReduceRule>() -> &'static Table {
    &const { Table { name: R::NAME, kind: R::KIND, nothing: R::NOTHING, f64: R::f64, backward: R::backward } }
}

/// The op of a rule.
#[derive(Clone, Debug)]
pub struct Reduce {
    axes: Vec<i64>,
    /// Keeps reduced axes, with size 1.
    keep: bool,
    rule: &'static Table,
}

pub const fn entry<R: ReduceRule>(doc: &'static str) -> Entry {
    Entry::internal(R::NAME, doc, |attrs| make(attrs, table::<R>()))
}

fn make(attrs: &Attrs, rule: &'static Table) -> Result<Arc<dyn Op>> {
    Ok(Arc::new(Reduce { axes: attrs.ints("axes")?.to_vec(), keep: attrs.flag("keep")?, rule }))
}

impl Reduce {
    pub fn new<R: ReduceRule>(axes: Vec<i64>, keep: bool) -> Self {
        Reduce { axes, keep, rule: table::<R>() }
    }

    fn reduced(&self, ty: &Type, keep: bool) -> Result<Shape> {
        let among = rules::axes(&self.axes, ty.shape.rank())?;
        let dims = ty.dims().iter().zip(among).filter(|(_, reduced)| keep || !reduced);
        Shape::new(dims.map(|(&dim, reduced)| if reduced { Dim::ONE } else { dim }).collect::<Vec<_>>())
    }
}

/// One kernel call: (outer, r, inner).
type Pass = [usize; 3];

/// The passes over an array of sizes `dims`, at most one per two axes.
fn passes(dims: &[usize], among: &[bool; MAX_RANK]) -> ([Pass; MAX_RANK], usize) {
    let (mut passes, mut count) = ([[0; 3]; MAX_RANK], 0);
    let (mut end, mut inner) = (dims.len(), 1);
    while end > 0 {
        let start = (0..end).rev().take_while(|&axis| among[axis]).last().unwrap_or(end);
        if start == end {
            inner *= dims[end - 1];
            end -= 1;
            continue;
        }
        let r = dims[start..end].iter().product();
        passes[count] = [dims[..start].iter().product(), r, inner];
        (count, end) = (count + 1, start);
    }
    (passes, count)
}

/// Elements that the results of the first, third … and of the second, fourth … pass take, without the last.
fn rooms(passes: &[Pass]) -> [usize; 2] {
    let mut rooms = [0; 2];
    for (i, [outer, _, inner]) in passes.iter().take(passes.len().saturating_sub(1)).enumerate() {
        rooms[i % 2] = rooms[i % 2].max(outer * inner);
    }
    rooms
}

impl Op for Reduce {
    fn name(&self) -> &'static str {
        self.rule.name
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 1)?;
        Ok(vec![Type::f32(self.reduced(inputs[0], self.keep)?)])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let ty = io.input_type(0);
        let rank = ty.shape.rank();
        if rank > 0 && self.axes.len() == rank {
            let x = io.input(0);
            reduce_axis(io.output(0), x, 1, x.len(), 1, self.rule.kind);
            return Ok(());
        }
        if let [axis] = self.axes[..] {
            let [outer, r, inner] = around(ty, rules::axis(axis, rank)?, io.batch);
            reduce_axis(io.output(0), io.input(0), outer, r, inner, self.rule.kind);
            return Ok(());
        }
        let mut dims = [0; MAX_RANK];
        let (passes, count) = passes(ty.shape.at(io.batch, &mut dims), &rules::axes(&self.axes, ty.shape.rank())?);
        if count == 0 {
            io.copy(0, 0);
            return Ok(());
        }
        let [first, second] = rooms(&passes[..count]);
        let (mut to, rest) = io.scratch().split_at_mut(first);
        let mut from = &mut rest[..second];
        for (i, &[outer, r, inner]) in passes[..count].iter().enumerate() {
            // Each pass reads what the one before wrote; the two halves of the scratch memory take turns.
            let src = if i == 0 { io.input(0) } else { &from[..outer * r * inner] };
            if i + 1 == count {
                reduce_axis(io.output(0), src, outer, r, inner, self.rule.kind);
            } else {
                reduce_axis(&mut to[..outer * inner], src, outer, r, inner, self.rule.kind);
                std::mem::swap(&mut to, &mut from);
            }
        }
        Ok(())
    }

    /// Sums of everything, and those of one element each, which are that and 0.
    fn settle<'a>(&self, io: &Io<'a>) -> Option<Settled<'a>> {
        // Without axes it is no sum, but a copy: of −0 too.
        let whole = !self.axes.is_empty() && self.axes.len() == io.input_type(0).shape.rank();
        if self.rule.kind != Reduction::Sum || !whole && self.axes.len() != 1 {
            return None;
        }
        let (from, to) = (io.input_type(0).size().at(io.batch), io.output_type(0).size().at(io.batch));
        match (from, to) {
            _ if from == to && from > 0 => io.settle(Formulas::One(&Each(|[x]: [V; 1]| x + 0.0))),
            (_, 1) => Settled::sum(io.output(0), io.input(0)),
            _ => None,
        }
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let input = &x.inputs[0];
        let among = rules::axes(&self.axes, input.dims.len())?;
        let kept = (0..input.dims.len()).map(|axis| if among[axis] { 1 } else { input.dims[axis] }).collect();
        let mut result = Array::filled(kept, self.rule.nothing);
        let steps = super::strided::repeated(&result.dims, &input.dims);
        super::strided::walk(&input.dims, [steps], |i, [to]| {
            result.data[to] = (self.rule.f64)(result.data[to], input.data[i])
        });
        x.set(result.data);
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None]) };
        let (x, y) = (site.inputs[0], site.outputs[0]);
        let among = rules::axes(&self.axes, graph.ty(x).shape.rank())?;
        let axes: Vec<usize> = (0..MAX_RANK).filter(|&axis| among[axis]).collect();
        let kept = self.reduced(graph.ty(x), true)?;
        let dy = graph.reshape(dy, kept.clone())?;
        let y = graph.reshape(y, kept)?;
        Ok(vec![Grad::Value((self.rule.backward)(graph, &axes, x, y, dy)?)])
    }

    fn scratch(&self, types: &[Type], batch: usize, _threads: usize) -> usize {
        let (shape, mut dims) = (&types[0].shape, [0; MAX_RANK]);
        match rules::axes(&self.axes, shape.rank()) {
            Ok(among) => {
                let (passes, count) = passes(shape.at(batch, &mut dims), &among);
                rooms(&passes[..count]).iter().sum()
            }
            Err(_) => 0,
        }
    }
}
