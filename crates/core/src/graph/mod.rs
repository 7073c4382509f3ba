//! The graph: nodes in topological order by construction. It knows ops only as `dyn Op`; reverse mode is in `autodiff`.

mod attrs;
mod autodiff;
mod decode;
pub mod types;

pub use attrs::{Attr, Attrs};
pub use autodiff::Expansion;
pub use decode::{decode, decode_beside, decode_values, lookup};
use types::{Shape, Type};

use crate::error::{Code, Error, Result};
use crate::op::Op;
use std::sync::Arc;

/// One output of one node: an index into [`Graph::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value(pub u32);

impl Value {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a value that no op makes comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A whole buffer of the engine's store: a weight, a captured array.
    Variable(usize),
    /// Rows gathered from a data set each step; the leading axis is the batch.
    Data(usize),
    /// A number the call brings.
    Scalar(usize),
    /// An input of a sub-graph.
    Parameter(usize),
}

#[derive(Clone, Debug)]
pub enum Kind {
    Source(Source),
    Op(Arc<dyn Op>),
}

#[derive(Clone, Debug)]
pub struct Node {
    pub kind: Kind,
    pub inputs: Vec<Value>,
    pub outputs: Vec<Value>,
    /// To which part it belongs.
    pub part: u32,
}

/// The part of what is computed once and kept for as long as it is read. Those between this and `DERIVED` were marked to
/// be computed again for gradients.
pub const KEPT: u32 = 0;
/// The part of what `gradients` added.
pub const DERIVED: u32 = u32::MAX;

/// Nodes in an order in which they can run.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub types: Vec<Type>,
    /// What a sub-graph returns; empty in the graph of a whole plan.
    pub results: Vec<Value>,
    /// The part that nodes are added to.
    pub part: u32,
}

impl Graph {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn ty(&self, value: Value) -> &Type {
        &self.types[value.index()]
    }

    /// The types of a node's inputs, followed by those of its outputs.
    pub fn types_of(&self, node: &Node) -> Vec<Type> {
        node.inputs.iter().chain(&node.outputs).map(|&v| self.ty(v).clone()).collect()
    }

    /// Rough nanoseconds of a node at batch `b`, as its op says.
    pub fn cost_of(&self, node: &Node, b: usize) -> f64 {
        match &node.kind {
            Kind::Op(op) => op.cost(&self.types_of(node), b),
            Kind::Source(_) => 0.0,
        }
    }

    pub fn shape(&self, value: Value) -> Shape {
        self.ty(value).shape.clone()
    }

    pub fn source(&mut self, source: Source, ty: Type) -> Value {
        self.add_node(Kind::Source(source), Vec::new(), vec![ty])[0]
    }

    /// Adds an op; its shape rule checks the inputs.
    pub fn push(&mut self, op: impl Op + 'static, inputs: &[Value]) -> Result<Vec<Value>> {
        self.push_arc(Arc::new(op), inputs)
    }

    /// Adds an op with one output.
    pub fn apply(&mut self, op: impl Op + 'static, inputs: &[Value]) -> Result<Value> {
        Ok(self.push(op, inputs)?[0])
    }

    pub fn push_arc(&mut self, op: Arc<dyn Op>, inputs: &[Value]) -> Result<Vec<Value>> {
        let types: Vec<&Type> = inputs.iter().map(|&v| self.ty(v)).collect();
        let outputs = op.infer(&types).map_err(|e| Error::of(e.code, || format!("{}: {}", op.name(), e.message)))?;
        Ok(self.add_node(Kind::Op(op), inputs.to_vec(), outputs))
    }

    fn add_node(&mut self, kind: Kind, inputs: Vec<Value>, types: Vec<Type>) -> Vec<Value> {
        let first = self.types.len() as u32;
        let outputs: Vec<Value> = (first..first + types.len() as u32).map(Value).collect();
        self.types.extend(types);
        self.nodes.push(Node { kind, inputs, outputs: outputs.clone(), part: self.part });
        outputs
    }

    /// The same graph with only the nodes that `roots` need, and where each kept value went.
    pub fn prune(&self, roots: &[Value]) -> (Graph, Vec<Option<Value>>) {
        let mut needed = vec![false; self.types.len()];
        roots.iter().for_each(|v| needed[v.index()] = true);
        let mut keep = vec![false; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate().rev() {
            let parameter = matches!(node.kind, Kind::Source(Source::Parameter(_)));
            keep[i] = parameter || node.outputs.iter().any(|v| needed[v.index()]);
            if keep[i] {
                node.inputs.iter().for_each(|v| needed[v.index()] = true);
            }
        }
        let (mut pruned, mut moved) = (Graph::new(), vec![None; self.types.len()]);
        for node in self.nodes.iter().zip(keep).filter_map(|(node, keep)| keep.then_some(node)) {
            let inputs = node.inputs.iter().map(|v| moved[v.index()].expect("an earlier node")).collect();
            let types = node.outputs.iter().map(|&v| self.ty(v).clone()).collect();
            pruned.part = node.part;
            let outputs = pruned.add_node(node.kind.clone(), inputs, types);
            node.outputs.iter().zip(outputs).for_each(|(old, new)| moved[old.index()] = Some(new));
        }
        pruned.results = self.results.iter().filter_map(|v| moved[v.index()]).collect();
        (pruned, moved)
    }

    /// Adds the nodes of `body` with `arguments` in place of its parameters. Returns its results.
    pub fn inline(&mut self, body: &Graph, arguments: &[Value]) -> Result<Vec<Value>> {
        let refused = || Error::new(Code::PlanInvalid, "sub-graph: expected one of its parameters alone, got others");
        let mut moved = vec![None; body.types.len()];
        for node in &body.nodes {
            match &node.kind {
                Kind::Source(Source::Parameter(i)) => moved[node.outputs[0].index()] = arguments.get(*i).copied(),
                Kind::Source(_) => {}
                Kind::Op(op) => {
                    let inputs: Option<Vec<Value>> = node.inputs.iter().map(|v| moved[v.index()]).collect();
                    for (old, new) in node.outputs.iter().zip(self.push_arc(op.clone(), &inputs.ok_or_else(refused)?)?)
                    {
                        moved[old.index()] = Some(new);
                    }
                }
            }
        }
        body.results.iter().map(|v| moved[v.index()].ok_or_else(refused)).collect()
    }

    /// The value with index `id`, checked.
    pub fn value(&self, id: u64) -> Result<Value> {
        if id < self.types.len() as u64 {
            return Ok(Value(id as u32));
        }
        Err(Error::of(Code::PlanInvalid, || format!("value: expected an index below {}, got {id}", self.types.len())))
    }
}
