//! Gradients of rows: where all that a target's gradient is made of are rows added to zeros (the gradient of gathered rows, or
//! one that a user gave), the optimizer gets the rows, and the dense form is never made. Knows ops by their traits.

use crate::error::Result;
use crate::graph::types::{DType, Type};
use crate::graph::{Graph, Kind, Node, Value};
use crate::op::Op;
use std::sync::Arc;

/// A gradient as indices of rows in rising order (negative ones at the end stand for none), and the rows.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    pub index: Value,
    pub values: Value,
}

/// The rows that `gradient` is made of, as new nodes; `None` where it is something else, others need it as it is, or the
/// batch is so large (`usize::MAX`: don't ask) that it has more rows than the parameter.
pub fn rows_of(graph: &mut Graph, gradient: Value, roots: &[Value], max_batch: usize) -> Result<Option<Rows>> {
    let dims = graph.ty(gradient).dims();
    let Some(rows) = dims.first().map(|dim| dim.at(1)) else { return Ok(None) };
    if graph.ty(gradient).size().at(1) == 0 || roots.iter().filter(|&&root| root == gradient).count() > 1 {
        return Ok(None);
    }
    let (mut parts, mut at) = (Vec::new(), gradient);
    while let Some((node, _)) = made_by(graph, at).filter(|(_, op)| op.adds_rows()) {
        if graph.nodes.iter().filter(|other| other.inputs.contains(&at)).count() > usize::from(at != gradient) {
            return Ok(None);
        }
        parts.push((node.inputs[1], node.inputs[2]));
        at = node.inputs[0];
    }
    let zeros = made_by(graph, at).is_some_and(|(_, op)| op.constant() == Some(0.0));
    let power = |ty: &Type| ty.size().power;
    let alike = parts.iter().all(|&(_, index)| power(graph.ty(index)) == power(graph.ty(parts[0].1)));
    let count = |&(_, index): &(Value, Value)| graph.ty(index).size().at(max_batch);
    let many = max_batch != usize::MAX && parts.iter().map(count).fold(0, usize::saturating_add) > rows;
    if parts.is_empty() || !zeros || !alike || many {
        return Ok(None);
    }
    debug_assert!(parts.iter().all(|&(_, index)| graph.ty(index).dtype == DType::I32));
    parts.reverse();
    let (index, values) = graph.sum_rows(&parts, rows)?;
    Ok(Some(Rows { index, values }))
}

fn made_by(graph: &Graph, value: Value) -> Option<(&Node, &Arc<dyn Op>)> {
    let node = graph.nodes.iter().find(|node| node.outputs.first() == Some(&value))?;
    match &node.kind {
        Kind::Op(op) => Some((node, op)),
        Kind::Source(_) => None,
    }
}
