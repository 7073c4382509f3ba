//! The gradient of `scan`: a scan in the other direction. Its body runs the forward body again from the stacked carries
//! and goes back through it, so nothing but the carries is kept.

use super::Scan;
use crate::error::Result;
use crate::graph::types::{DType, Shape, Type};
use crate::graph::{Graph, Kind, Source, Value};
use crate::op::{Grad, Op, Site};
use std::sync::Arc;

impl Scan {
    /// The reverse scan carries the gradients of the carries and the sums of those of the constants; per step it runs
    /// the body again from the stacked carries and goes back through it.
    pub(super) fn gradient(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let (carries, first) = (self.carries, self.carries + self.sequences);
        let outputs = self.outputs();
        let float = |graph: &Graph, v: Value| graph.ty(v).dtype == DType::F32;
        let float_in: Vec<usize> = (0..site.inputs.len()).filter(|&i| float(graph, site.inputs[i])).collect();
        let back_carries: Vec<usize> = float_in.iter().copied().filter(|&i| i < carries).collect();
        let back_sequences: Vec<usize> = float_in.iter().copied().filter(|&i| (carries..first).contains(&i)).collect();
        let back_constants: Vec<usize> = float_in.iter().copied().filter(|&i| i >= first).collect();
        let back_outputs: Vec<usize> = (0..outputs).filter(|&o| grads[carries + o].is_some()).collect();

        // The new body. Parameters: gradients of carries, sums of constants' gradients | gradients of outputs, carries
        // before the step, sequences | constants.
        let mut body = Graph::new();
        let mut parameters = Parameters::default();
        let mut seeds = Vec::new();
        for &c in &back_carries {
            let seed = match grads[c] {
                Some(grad) => grad,
                None => graph.fill_like(site.outputs[c], 0.0)?,
            };
            seeds.push((c, parameters.add(graph, &mut body, Role::Carry, seed)?));
        }
        for &o in &back_outputs {
            let value = grads[carries + o].expect("just found");
            seeds.push((carries + o, parameters.add(graph, &mut body, Role::Sequence, value)?));
        }
        let mut histories = Vec::new();
        for (c, value) in grads[carries + outputs..].iter().enumerate() {
            if let Some(value) = *value {
                histories.push((c, parameters.add(graph, &mut body, Role::Sequence, value)?));
            }
        }
        let mut arguments = Vec::new();
        for c in 0..carries {
            let history = site.outputs[carries + outputs + c];
            arguments.push(parameters.add(graph, &mut body, Role::Sequence, history)?);
        }
        for (i, &input) in site.inputs.iter().enumerate().skip(carries) {
            let role = if i < first { Role::Sequence } else { Role::Constant };
            arguments.push(parameters.add(graph, &mut body, role, input)?);
        }

        let results = body.inline(&self.body, &arguments)?;
        let mut ys: Vec<(Value, Option<Value>)> = seeds.iter().map(|&(i, seed)| (results[i], Some(seed))).collect();
        // A stacked carry is an output that the body hands through: this is where second derivatives come back.
        ys.extend(histories.iter().map(|&(c, seed)| (arguments[c], Some(seed))));
        let xs: Vec<Value> = float_in.iter().map(|&i| arguments[i]).collect();
        let back = body.gradients(&ys, &xs)?;
        // What was stacked need not be made again.
        for (o, &made) in results[carries..].iter().enumerate() {
            if !body.nodes.iter().any(|node| node.inputs.contains(&made)) {
                continue;
            }
            let stacked = parameters.add(graph, &mut body, Role::Sequence, site.outputs[carries + o])?;
            body.nodes.iter_mut().flat_map(|node| &mut node.inputs).filter(|v| **v == made).for_each(|v| *v = stacked);
        }
        parameters.straighten(graph, &mut body)?;
        let gradient = |body: &mut Graph, i: usize| -> Result<Value> {
            let at = float_in.iter().position(|&j| j == i).expect("a float input");
            back[at].map_or_else(|| body.fill_like(xs[at], 0.0), Ok)
        };
        let mut out = Vec::new();
        for &c in &back_carries {
            out.push(gradient(&mut body, c)?);
        }
        let (mut order, mut late) = (back_carries, Vec::new());
        for &k in &back_constants {
            let grad = gradient(&mut body, k)?;
            if let Some(product) = product(&body, grad) {
                late.push((k, product));
                continue;
            }
            let zero = graph.fill_like(site.inputs[k], 0.0)?;
            let sum = parameters.add(graph, &mut body, Role::Carry, zero)?;
            out.push(body.add(sum, grad)?);
            order.push(k);
        }
        for &s in &back_sequences {
            out.push(gradient(&mut body, s)?);
        }
        order.extend(back_sequences);
        // What a late product needs of each step is stacked, unless it is an entry of a sequence.
        let mut stacked = Vec::new();
        for operand in late.iter().flat_map(|(_, (_, operands))| *operands) {
            if parameters.sequence(operand).is_none() && !stacked.contains(&operand) {
                stacked.push(operand);
            }
        }
        out.extend(&stacked);
        body.results = out;
        let (inputs, [new_carries, new_sequences]) = parameters.arrange(&mut body);
        let scan = Scan::new(body, new_carries, new_sequences, !self.reverse)?;
        let made = graph.push(scan, &inputs)?;
        let of = |i: usize| order.iter().position(|&j| j == i).map_or(Grad::None, |at| Grad::Value(made[at]));
        let mut parts: Vec<Grad> = (0..site.inputs.len()).map(of).collect();
        for (k, (op, operands)) in late {
            let all = operands.map(|operand| {
                let at = || stacked.iter().position(|&one| one == operand).expect("stacked above");
                parameters.sequence(operand).unwrap_or_else(|| made[order.len() + at()])
            });
            parts[k] = Grad::Value(graph.push_arc(op, &all)?[0]);
        }
        Ok(parts)
    }
}

/// What a parameter of a body is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Carry,
    Sequence,
    Constant,
}

/// The parameters of a body as they come up, with the inputs that they stand for.
#[derive(Default)]
struct Parameters(Vec<(Role, Value, Value)>);

impl Parameters {
    fn add(&mut self, graph: &Graph, body: &mut Graph, role: Role, input: Value) -> Result<Value> {
        let ty = graph.ty(input);
        let shape = if role == Role::Sequence { Shape::new(&ty.dims()[1..])? } else { ty.shape.clone() };
        let parameter = body.source(Source::Parameter(self.0.len()), Type { dtype: ty.dtype, shape });
        self.0.push((role, input, parameter));
        Ok(parameter)
    }

    /// Hands constants that products of every step would transpose to them transposed.
    fn straighten(&mut self, graph: &mut Graph, body: &mut Graph) -> Result<()> {
        for n in 0..body.nodes.len() {
            let Kind::Op(op) = &body.nodes[n].kind else { continue };
            let (Some(straight), Some(&b)) = (op.straight(), body.nodes[n].inputs.get(1)) else { continue };
            let constant = self.0.iter().find(|(role, _, parameter)| *role == Role::Constant && *parameter == b);
            let Some(&(_, input, _)) = constant.filter(|_| body.ty(b).shape.rank() == 2) else { continue };
            let transposed = graph.transpose(input, vec![1, 0])?;
            let parameter = self.add(graph, body, Role::Constant, transposed)?;
            (body.nodes[n].kind, body.nodes[n].inputs[1]) = (Kind::Op(straight), parameter);
        }
        Ok(())
    }

    /// The sequence that a value of the body is an entry of.
    fn sequence(&self, value: Value) -> Option<Value> {
        let found = self.0.iter().find(|(role, _, parameter)| *role == Role::Sequence && *parameter == value);
        found.map(|&(_, input, _)| input)
    }

    /// Puts them in front and numbers them anew: carries, sequences, constants. Returns their inputs, and how many carries and
    /// sequences there are.
    fn arrange(&self, body: &mut Graph) -> (Vec<Value>, [usize; 2]) {
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        order.sort_by_key(|&i| self.0[i].0);
        for node in &mut body.nodes {
            if let Kind::Source(Source::Parameter(i)) = &mut node.kind {
                *i = order.iter().position(|old| old == i).expect("one of these");
            }
        }
        body.nodes.sort_by_key(|node| matches!(node.kind, Kind::Op(_)));
        let count = |role| self.0.iter().filter(|parameter| parameter.0 == role).count();
        (order.iter().map(|&i| self.0[i].1).collect(), [count(Role::Carry), count(Role::Sequence)])
    }
}

/// Of a value that a product summed over rows makes, the op and its operands: a sum of such products over steps is one
/// product of all steps' operands, whose sizes pay.
fn product(body: &Graph, value: Value) -> Option<(Arc<dyn Op>, [Value; 2])> {
    let node = body.nodes.iter().find(|node| node.outputs.contains(&value))?;
    match (&node.kind, &node.inputs[..]) {
        (Kind::Op(op), &[a, b]) if op.sums_rows() => Some((op.clone(), [a, b])),
        _ => None,
    }
}
