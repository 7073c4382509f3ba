//! The gradient of `scan`: a scan in the other direction. Its body runs the forward body again from the stacked carries
//! and goes back through it, so nothing but the carries is kept.

use super::Scan;
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Shape, Type};
use crate::graph::{Graph, Kind, Source, Value};
use crate::op::{Grad, Site};

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
        // before the step, sequences | constants. Carries' gradients first, so that a carry stays a carry.
        let mut body = Graph::new();
        let mut inputs = Vec::new();
        let parameter = |body: &mut Graph, inputs: &mut Vec<Value>, value: Value, ty: Type| {
            inputs.push(value);
            body.source(Source::Parameter(inputs.len() - 1), ty)
        };
        let entry = |ty: &Type| Shape::new(&ty.dims()[1..]).map(|shape| Type { dtype: ty.dtype, shape });
        let (mut seeds, mut sums) = (Vec::new(), Vec::new());
        for &c in &back_carries {
            let ty = graph.ty(site.inputs[c]).clone();
            let seed = match grads[c] {
                Some(grad) => grad,
                None => graph.fill_like(site.outputs[c], 0.0)?,
            };
            seeds.push((c, parameter(&mut body, &mut inputs, seed, ty)));
        }
        for &k in &back_constants {
            let ty = graph.ty(site.inputs[k]).clone();
            let zero = graph.fill_like(site.inputs[k], 0.0)?;
            sums.push(parameter(&mut body, &mut inputs, zero, ty));
        }
        let new_carries = inputs.len();
        for &o in &back_outputs {
            let value = grads[carries + o].expect("just found");
            let ty = entry(graph.ty(value))?;
            seeds.push((carries + o, parameter(&mut body, &mut inputs, value, ty)));
        }
        let mut histories = Vec::new();
        for (c, value) in grads[carries + outputs..].iter().enumerate() {
            if let Some(value) = *value {
                let ty = entry(graph.ty(value))?;
                histories.push((c, parameter(&mut body, &mut inputs, value, ty)));
            }
        }
        let mut arguments = Vec::new();
        for c in 0..carries {
            let history = site.outputs[carries + outputs + c];
            let ty = entry(graph.ty(history))?;
            arguments.push(parameter(&mut body, &mut inputs, history, ty));
        }
        for s in carries..first {
            let ty = entry(graph.ty(site.inputs[s]))?;
            arguments.push(parameter(&mut body, &mut inputs, site.inputs[s], ty));
        }
        let new_sequences = inputs.len() - new_carries;
        for k in first..site.inputs.len() {
            let ty = graph.ty(site.inputs[k]).clone();
            arguments.push(parameter(&mut body, &mut inputs, site.inputs[k], ty));
        }

        let results = inline(&mut body, &self.body, &arguments)?;
        let mut ys: Vec<(Value, Option<Value>)> = seeds.iter().map(|&(i, seed)| (results[i], Some(seed))).collect();
        // A stacked carry is an output that the body hands through: this is where second derivatives come back.
        ys.extend(histories.iter().map(|&(c, seed)| (arguments[c], Some(seed))));
        let xs: Vec<Value> = float_in.iter().map(|&i| arguments[i]).collect();
        let back = body.gradients(&ys, &xs)?;
        let gradient = |body: &mut Graph, i: usize| -> Result<Value> {
            let at = float_in.iter().position(|&j| j == i).expect("a float input");
            back[at].map_or_else(|| body.fill_like(xs[at], 0.0), Ok)
        };
        let mut out = Vec::new();
        for &c in &back_carries {
            out.push(gradient(&mut body, c)?);
        }
        for (&k, &sum) in back_constants.iter().zip(&sums) {
            let grad = gradient(&mut body, k)?;
            out.push(body.add(sum, grad)?);
        }
        for &s in &back_sequences {
            out.push(gradient(&mut body, s)?);
        }
        body.results = out;
        let scan = Scan::new(body, new_carries, new_sequences, !self.reverse)?;
        let made = graph.push(scan, &inputs)?;
        let order: Vec<usize> = back_carries.into_iter().chain(back_constants).chain(back_sequences).collect();
        let of = |i: usize| order.iter().position(|&j| j == i).map_or(Grad::None, |at| Grad::Value(made[at]));
        Ok((0..site.inputs.len()).map(of).collect())
    }
}

/// Copies the nodes of `source` into `graph`, with `arguments` in place of its parameters. Returns its results.
fn inline(graph: &mut Graph, source: &Graph, arguments: &[Value]) -> Result<Vec<Value>> {
    let mut moved = vec![None; source.types.len()];
    for node in &source.nodes {
        match &node.kind {
            Kind::Source(Source::Parameter(i)) => moved[node.outputs[0].index()] = arguments.get(*i).copied(),
            Kind::Source(_) => {}
            Kind::Op(op) => {
                let inputs: Option<Vec<Value>> = node.inputs.iter().map(|v| moved[v.index()]).collect();
                let inputs =
                    inputs.ok_or_else(|| Error::new(Code::PlanInvalid, "scan: expected a body of parameters"))?;
                for (old, new) in node.outputs.iter().zip(graph.push_arc(op.clone(), &inputs)?) {
                    moved[old.index()] = Some(new);
                }
            }
        }
    }
    let results: Option<Vec<Value>> = source.results.iter().map(|v| moved[v.index()]).collect();
    results.ok_or_else(|| Error::new(Code::PlanInvalid, "scan: expected results that the body makes"))
}
