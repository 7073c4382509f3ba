//! Whether a plan may run on some entries of the batch alone.

use crate::graph::{Graph, Kind, Node, Value};
use crate::op::is_of_rows;

/// Whether all that depends on B has it as its first axis, along which entries know nothing of each other.
pub fn by_rows(graph: &Graph, roots: &[Value]) -> bool {
    let fixed = |v: &Value| graph.ty(*v).size().power == 0;
    let of_rows = |v: &Value| is_of_rows(graph.ty(*v));
    let fits = |node: &Node| match &node.kind {
        _ if node.inputs.iter().chain(&node.outputs).all(fixed) => true,
        Kind::Source(_) => node.outputs.iter().all(of_rows),
        Kind::Op(op) => {
            let inputs = node.inputs.iter().all(|v| fixed(v) || of_rows(v));
            inputs && node.outputs.iter().all(of_rows) && op.row_by_row(&graph.types_of(node))
        }
    };
    roots.iter().all(of_rows) && graph.nodes.iter().all(fits)
}
