//! `scan`: a loop over the leading axis whose body is a sub-graph. Recurrent layers are scans, so their plans do not
//! grow with the length. Its gradient is a scan of the body's gradient in the other direction.

mod gradient;
mod run;

use super::oracle::{Array, Oracle};
use super::{Entry, Grad, Op, Site};
use crate::error::{Code, Error, Result};
use crate::graph::types::{Dim, Shape, Type};
use crate::graph::{Attrs, Graph, Kind, Node, Source, Value};
use crate::kernel::io::Io;
use crate::plan::{Body, Step};
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("scan", "A loop over the leading axis of sequences.", Scan::make);

/// Inputs: carries, sequences (`[T, …]`), constants; the body's parameters are the same with one entry of each sequence,
/// its results the new carries, then outputs. Outputs: final carries, stacked outputs, and the carries before each step
/// (stacked; the gradient needs them).
#[derive(Clone, Debug)]
pub struct Scan {
    body: Graph,
    carries: usize,
    sequences: usize,
    /// Goes from the last entry to the first; what is stacked keeps its index.
    reverse: bool,
}

impl Scan {
    pub fn make(attrs: &Attrs) -> Result<Arc<dyn Op>> {
        let (carries, sequences) = (attrs.size("carries")?, attrs.size("sequences")?);
        Ok(Arc::new(Self::new(attrs.graph("body")?.clone(), carries, sequences, attrs.flag("reverse")?)?))
    }

    fn new(mut body: Graph, carries: usize, sequences: usize, reverse: bool) -> Result<Self> {
        if body.results.len() < carries || sequences == 0 {
            let results = body.results.len();
            let message = || {
                format!("expected a sequence and {carries} carries among the results, got {sequences} and {results}")
            };
            return Err(Error::of(Code::PlanInvalid, message));
        }
        let sources: Vec<Source> = body.nodes.iter().filter_map(source).collect();
        let twice = (1..sources.len()).find(|&i| sources[..i].contains(&sources[i]));
        if let Some(other) = sources.iter().find(|source| !matches!(source, Source::Parameter(_))) {
            return Err(Error::of(Code::PlanInvalid, || format!("expected a body of parameters, got {other:?}")));
        }
        if let Some(i) = twice {
            return Err(Error::of(Code::PlanInvalid, || format!("expected each parameter once, got {:?}", sources[i])));
        }
        // A result that is a parameter itself would be overwritten while carries are handed on: give it a place.
        for i in 0..body.results.len() {
            let (value, shape) = (body.results[i], body.shape(body.results[i]));
            let parameter = body.nodes.iter().any(|n| n.inputs.is_empty() && n.outputs.contains(&value));
            if parameter || body.results[..i].contains(&value) {
                body.results[i] = body.reshape(value, shape)?;
            }
        }
        Ok(Scan { body, carries, sequences, reverse })
    }

    fn outputs(&self) -> usize {
        self.body.results.len() - self.carries
    }

    /// Length of the sequences, the same for all and not dependent on the batch.
    fn steps(&self, inputs: &[&Type]) -> Result<usize> {
        let mut length = None;
        for ty in &inputs[self.carries..self.carries + self.sequences] {
            match (ty.dims().first(), length) {
                (Some(&Dim { coef, power: 0 }), None) => length = Some(coef),
                (Some(&Dim { coef, power: 0 }), Some(n)) if n == coef => {}
                _ => {
                    let message = || format!("expected sequences with one fixed leading axis, got {ty}");
                    return Err(Error::of(Code::ShapeMismatch, message));
                }
            }
        }
        Ok(length.unwrap_or(0))
    }

    fn parameter_types(&self) -> Vec<Option<&Type>> {
        let sources = self.body.nodes.iter().filter_map(|node| match node.kind {
            Kind::Source(Source::Parameter(i)) => Some((i, self.body.ty(node.outputs[0]))),
            _ => None,
        });
        let mut types = Vec::new();
        for (i, ty) in sources {
            if types.len() <= i {
                types.resize(i + 1, None);
            }
            types[i] = Some(ty);
        }
        types
    }
}

fn source(node: &Node) -> Option<Source> {
    match node.kind {
        Kind::Source(source) => Some(source),
        Kind::Op(_) => None,
    }
}

fn stacked(ty: &Type, steps: usize) -> Result<Type> {
    let mut dims = vec![Dim::fixed(steps)];
    dims.extend(ty.dims());
    Ok(Type { dtype: ty.dtype, shape: Shape::new(dims)? })
}

impl Op for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        if inputs.len() < self.carries + self.sequences {
            let least = self.carries + self.sequences;
            return Err(Error::of(Code::PlanInvalid, || {
                format!("expected at least {least} inputs, got {}", inputs.len())
            }));
        }
        let steps = self.steps(inputs)?;
        for (i, expected) in self.parameter_types().iter().enumerate() {
            let sequence = (self.carries..self.carries + self.sequences).contains(&i);
            let got = inputs.get(i).map(|ty| match sequence {
                true => Type { dtype: ty.dtype, shape: Shape::new(&ty.dims()[1..]).unwrap_or_default() },
                false => (*ty).clone(),
            });
            if expected.is_some() && got.as_ref() != *expected {
                let text = |ty: Option<&Type>| ty.map_or("nothing".to_string(), Type::to_string);
                let (expected, got) = (text(*expected), text(got.as_ref()));
                let message = || format!("parameter {i} of the body: expected {expected}, got {got}");
                return Err(Error::of(Code::ShapeMismatch, message));
            }
        }
        let result = |i: usize| self.body.ty(self.body.results[i]);
        for i in 0..self.carries {
            if result(i) != inputs[i] {
                let message = || format!("carry {i}: expected {} from the body, got {}", inputs[i], result(i));
                return Err(Error::of(Code::ShapeMismatch, message));
            }
        }
        let mut types: Vec<Type> = inputs[..self.carries].iter().map(|ty| (*ty).clone()).collect();
        for i in 0..self.outputs() {
            types.push(stacked(result(self.carries + i), steps)?);
        }
        for ty in &inputs[..self.carries] {
            types.push(stacked(ty, steps)?);
        }
        Ok(types)
    }

    fn forward(&self, _io: &Io<'_>) -> Result<()> {
        Err(Error::new(Code::EngineFailed, "scan: expected its sub-plan, got none"))
    }

    fn forward_with(&self, io: &Io<'_>, body: &Body<'_>) -> Result<()> {
        run::forward(self, io, body)
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let first = self.carries + self.sequences;
        let steps = x.inputs[self.carries].dims[0];
        let mut carries = x.inputs[..self.carries].to_vec();
        let mut stacks = vec![Vec::new(); steps];
        let mut before = vec![Vec::new(); steps];
        for i in 0..steps {
            let t = if self.reverse { steps - 1 - i } else { i };
            let mut parameters = carries.clone();
            for sequence in &x.inputs[self.carries..first] {
                let (dims, len) = (sequence.dims[1..].to_vec(), sequence.data.len() / steps);
                parameters.push(Array::new(dims, sequence.data[t * len..(t + 1) * len].to_vec()));
            }
            parameters.extend_from_slice(&x.inputs[first..]);
            let mut results = (x.body)(&parameters, &Step { scan_step: t as u32, ..*x.step })?;
            before[t] = carries;
            stacks[t] = results.split_off(self.carries);
            carries = results;
        }
        carries.into_iter().for_each(|carry| x.set(carry.data));
        for entries in [(&stacks, self.outputs()), (&before, self.carries)] {
            for o in 0..entries.1 {
                x.set(entries.0.iter().flat_map(|entry| entry[o].data.iter().copied()).collect());
            }
        }
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        self.gradient(graph, site, grads)
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        let steps = types.get(self.carries).and_then(|ty| ty.dims().first()).map_or(1, |dim| dim.coef);
        let nodes = self.body.nodes.iter().map(|node| self.body.cost_of(node, batch));
        nodes.sum::<f64>() * steps as f64
    }

    fn subgraph(&self) -> Option<&Graph> {
        Some(&self.body)
    }
}
