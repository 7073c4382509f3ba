//! Reverse mode: walks the graph backwards and lets every op emit the nodes of its vector-Jacobian product. The result
//! is more graph, so gradients nest. Knows no op.

use super::{Graph, Kind, Value};
use crate::error::{Code, Error, Result};
use crate::graph::types::DType;
use crate::op::{Grad, Site};

/// Most nodes: gradients of gradients grow a graph by a factor each.
const MAX_NODES: usize = 1 << 17;

/// What gradients are taken of: values, each with its seed.
type Seeded = (Value, Option<Value>);

/// Adds nodes that make something of values.
pub type Expansion<'a> = dyn Fn(&mut Graph, &[Value]) -> Result<Vec<Value>> + 'a;

impl Graph {
    /// The gradients of `Σ seedᵢ · yᵢ` with respect to each of `xs`; a missing seed is all ones. `None` where `x` does
    /// not reach any `y`.
    pub fn gradients(&mut self, ys: &[Seeded], xs: &[Value]) -> Result<Vec<Option<Value>>> {
        self.gradients_since(0, ys, xs)
    }

    /// The gradients of what `build` makes of `inputs`, seeded with `grads`, by each wanted input: the backward rule of
    /// an op that is worth the same as those nodes. What the inputs depend on themselves is not looked at.
    pub fn vjp(
        &mut self,
        inputs: &[Value],
        wanted: &[bool],
        grads: &[Option<Value>],
        build: &Expansion<'_>,
    ) -> Result<Vec<Option<Value>>> {
        let mut own = inputs.to_vec();
        for i in 1..own.len() {
            // One value that stands for two inputs: the second becomes a copy with a gradient of its own.
            if own[..i].contains(&own[i]) {
                own[i] = self.stop_gradient(own[i])?;
            }
        }
        let first = self.nodes.len();
        let ys = build(self, &own)?;
        let ys: Vec<Seeded> = ys.into_iter().zip(grads).filter_map(|(y, &seed)| Some((y, Some(seed?)))).collect();
        let xs: Vec<Value> = own.iter().zip(wanted).filter_map(|(&x, &wanted)| wanted.then_some(x)).collect();
        let mut found = self.gradients_since(first, &ys, &xs)?.into_iter();
        Ok(wanted.iter().map(|&wanted| if wanted { found.next().flatten() } else { None }).collect())
    }

    /// As `gradients`, through nodes `first ..` only.
    fn gradients_since(&mut self, first: usize, ys: &[Seeded], xs: &[Value]) -> Result<Vec<Option<Value>>> {
        let active = self.reached_from(first, xs);
        let mut grads: Vec<Option<Value>> = vec![None; self.types.len()];
        for &(y, seed) in ys {
            let seed = match seed {
                Some(seed) => seed,
                None => self.fill_like(y, 1.0)?,
            };
            if self.ty(seed).shape != self.ty(y).shape {
                let (expected, got) = (self.shape(y), self.shape(seed));
                return Err(Error::of(Code::ShapeMismatch, || {
                    format!("gradient seed: expected {expected}, got {got}")
                }));
            }
            if active[y.index()] {
                self.accumulate(&mut grads, y, Grad::Value(seed))?;
            }
        }
        let last = ys.iter().map(|(y, _)| y.index()).max().unwrap_or(0);
        for n in (first..self.nodes.len()).rev() {
            if self.nodes.len() > MAX_NODES {
                let message = || format!("gradients: expected at most {MAX_NODES} nodes, got more");
                return Err(Error::of(Code::PlanInvalid, message));
            }
            let node = &self.nodes[n];
            let outside = node.outputs.first().is_none_or(|v| v.index() > last);
            let Kind::Op(op) = &node.kind else { continue };
            if outside || !node.inputs.iter().any(|v| active[v.index()]) {
                continue;
            }
            let out: Vec<Option<Value>> = node.outputs.iter().map(|v| grads[v.index()]).collect();
            if out.iter().all(Option::is_none) {
                continue;
            }
            let (op, inputs, outputs) = (op.clone(), node.inputs.clone(), node.outputs.clone());
            let wanted: Vec<bool> = inputs.iter().map(|v| active[v.index()]).collect();
            let site = Site { inputs: &inputs, outputs: &outputs, wanted: &wanted };
            for (grad, (&input, &wanted)) in op.backward(self, &site, &out)?.into_iter().zip(inputs.iter().zip(&wanted))
            {
                if wanted {
                    self.accumulate(&mut grads, input, grad)?;
                }
            }
        }
        Ok(xs.iter().map(|x| grads[x.index()]).collect())
    }

    /// Which values depend on `xs` through float values of nodes `first ..`.
    fn reached_from(&self, first: usize, xs: &[Value]) -> Vec<bool> {
        let mut active = vec![false; self.types.len()];
        xs.iter().for_each(|x| active[x.index()] = true);
        for node in &self.nodes[first..] {
            if node.inputs.iter().any(|v| active[v.index()]) {
                for v in &node.outputs {
                    active[v.index()] |= self.ty(*v).dtype == DType::F32;
                }
            }
        }
        active
    }

    /// Adds one contribution. Parts (of a slice, of gathered rows) are written into one buffer that the earlier parts
    /// went to: `into` ops take the sum so far as their first input and run in place.
    fn accumulate(&mut self, grads: &mut [Option<Value>], of: Value, grad: Grad) -> Result<()> {
        let so_far = grads[of.index()];
        let sum = match (grad, so_far) {
            (Grad::None, sum) => sum,
            (Grad::Value(value), None) => Some(value),
            (Grad::Value(value), Some(sum)) => Some(self.add(sum, value)?),
            (Grad::Into(op, parts), so_far) => {
                let mut inputs = vec![match so_far {
                    Some(sum) => sum,
                    None => self.fill_like(of, 0.0)?,
                }];
                inputs.extend(parts);
                Some(self.push_arc(op, &inputs)?[0])
            }
        };
        grads[of.index()] = sum;
        Ok(())
    }
}
