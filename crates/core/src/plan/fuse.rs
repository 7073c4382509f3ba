//! Fusion by patterns the ops declare: a producer whose only reader is the next op may do that op's work as well.
//! No value changes; one pass over memory is saved.

use crate::graph::{Graph, Kind, Value};
use crate::op::Op;
use std::sync::Arc;

/// The graph with every declared pattern applied. `roots` stay.
pub fn fuse(graph: &Graph, roots: &[Value]) -> Graph {
    let mut graph = graph.clone();
    let mut uses = vec![0u32; graph.types.len()];
    let mut producer = vec![usize::MAX; graph.types.len()];
    for (n, node) in graph.nodes.iter().enumerate() {
        node.inputs.iter().for_each(|v| uses[v.index()] += 1);
        node.outputs.iter().for_each(|v| producer[v.index()] = n);
    }
    roots.iter().for_each(|v| uses[v.index()] += 1);
    let mut gone = vec![false; graph.nodes.len()];
    for n in 0..graph.nodes.len() {
        let Some(&input) = graph.nodes[n].inputs.first() else { continue };
        let before = producer[input.index()];
        if uses[input.index()] != 1 || graph.nodes[before].outputs.len() != 1 {
            continue;
        }
        if let Some(op) = fused(&graph, before, n) {
            let mut inputs = graph.nodes[before].inputs.clone();
            inputs.extend(&graph.nodes[n].inputs[1..]);
            graph.nodes[n].inputs = inputs;
            graph.nodes[n].kind = Kind::Op(op);
            gone[before] = true;
        }
    }
    let mut gone = gone.into_iter();
    graph.nodes.retain(|_| !gone.next().unwrap_or(false));
    graph
}

fn fused(graph: &Graph, before: usize, n: usize) -> Option<Arc<dyn Op>> {
    let (Kind::Op(first), Kind::Op(next)) = (&graph.nodes[before].kind, &graph.nodes[n].kind) else { return None };
    let node = &graph.nodes[n];
    first.fuse(next.as_ref(), next.epilogue(&graph.types_of(node)))
}
