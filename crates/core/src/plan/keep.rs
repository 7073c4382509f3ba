//! What of a plan depends on nothing that changes from step to step: counts, seeds of gradients, constants in the shape of
//! something. It comes first, and is computed anew only when B is another.

use crate::graph::{Graph, Kind};

/// Bytes that a value may keep for itself all the time.
const LARGEST: usize = 1 << 14;

/// Moves the nodes whose results may be kept to the front; how many there are.
pub fn first(graph: &mut Graph, max_batch: usize) -> usize {
    let mut kept = vec![false; graph.types.len()];
    let mut count = 0;
    for node in &graph.nodes {
        let Kind::Op(op) = &node.kind else { continue };
        let small = node.outputs.iter().all(|&v| graph.ty(v).bytes(max_batch).is_ok_and(|bytes| bytes <= LARGEST));
        if small && op.keeps() && node.inputs.iter().all(|v| kept[v.index()]) {
            node.outputs.iter().for_each(|v| kept[v.index()] = true);
            count += 1;
        }
    }
    // They need nothing but each other, so the order stays one in which nodes can run.
    let nodes = std::mem::take(&mut graph.nodes).into_iter();
    let (mut first, others): (Vec<_>, Vec<_>) =
        nodes.partition(|node| node.outputs.first().is_some_and(|v| kept[v.index()]));
    first.extend(others);
    graph.nodes = first;
    count
}
