//! `custom_gradient`: a value whose gradient by other values is a graph of the user's. How the value was made is not looked at.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Type};
use crate::graph::{Attrs, Graph, Kind, Source, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal(
    "custom_gradient",
    "The value y, of y, then values x, then others. `body` makes of dy, the xs, y and the others the gradients by those of the \
     xs that `of` lists.",
    make,
);

#[derive(Clone, Debug)]
struct CustomGradient {
    body: Graph,
    /// How many xs there are, and which of them have a gradient.
    count: usize,
    of: Vec<usize>,
}

fn make(attrs: &Attrs) -> Result<Arc<dyn Op>> {
    let (body, count) = (attrs.graph("body")?.clone(), attrs.size("count")?);
    let of: Vec<usize> = attrs.ints("of")?.iter().map(|&i| i as usize).collect();
    match of.len() == body.results.len() && of.iter().all(|&i| i < count) {
        true => Ok(Arc::new(CustomGradient { body, count, of })),
        false => {
            Err(Error::new(Code::PlanInvalid, "custom_gradient: expected a result for each of its xs, got others"))
        }
    }
}

impl Op for CustomGradient {
    fn name(&self) -> &'static str {
        "custom_gradient"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        if inputs.len() <= self.count {
            let least = self.count + 1;
            return Err(Error::of(Code::PlanInvalid, || {
                format!("expected at least {least} inputs, got {}", inputs.len())
            }));
        }
        rules::dtype(inputs[0], DType::F32)?;
        let (xs, others) = inputs[1..].split_at(self.count);
        let parameters = [&inputs[..1], xs, &inputs[..1], others].concat();
        for node in &self.body.nodes {
            let Kind::Source(Source::Parameter(i)) = node.kind else { continue };
            if parameters.get(i).copied() != Some(self.body.ty(node.outputs[0])) {
                return Err(Error::of(Code::PlanInvalid, || format!("parameter {i}: expected another type")));
            }
        }
        for (&i, &result) in self.of.iter().zip(&self.body.results) {
            let (x, got) = (inputs[i + 1], self.body.ty(result));
            if x != got {
                return Err(Error::of(Code::ShapeMismatch, || format!("gradient {i}: expected {x}, got {got}")));
            }
        }
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        io.copy(0, 0);
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set(x.inputs[0].data.clone());
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let mut parts: Vec<Grad> = site.inputs.iter().map(|_| Grad::None).collect();
        let Some(dy) = grads[0] else { return Ok(parts) };
        let (xs, others) = site.inputs[1..].split_at(self.count);
        let arguments: Vec<Value> = [&[dy], xs, &[site.outputs[0]], others].concat();
        for (&i, gradient) in self.of.iter().zip(graph.inline(&self.body, &arguments)?) {
            parts[i + 1] = Grad::Value(gradient);
        }
        Ok(parts)
    }

    fn only_copies(&self) -> bool {
        true
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }
}
