//! What a plan is to compute again for its gradients instead of keeping it: activations of marked parts. Of such a part only
//! what others read lives on; where the first gradient asks for more, a copy of its nodes stands. The same ops on the same
//! values: no bit changes. Chen et al. 2016, https://arxiv.org/abs/1604.06174

use crate::graph::{DERIVED, Graph, KEPT, Kind, Node, Value};

/// The graph with copies of the marked nodes that gradients need, where they first need them.
pub fn again(mut graph: Graph, roots: &[Value]) -> Graph {
    if !graph.nodes.iter().any(marked) {
        return graph;
    }
    let part = parts_of(&graph, roots);
    let mut wanted = vec![false; part.len()];
    let derived = graph.nodes.iter().filter(|node| node.part == DERIVED);
    derived.flat_map(|node| &node.inputs).for_each(|v| wanted[v.index()] = part[v.index()] != KEPT);
    // What the copies are made of is needed too.
    for node in graph.nodes.iter().rev().filter(|node| marked(node)) {
        if node.outputs.iter().any(|v| wanted[v.index()]) {
            node.inputs.iter().for_each(|v| wanted[v.index()] |= part[v.index()] == node.part);
        }
    }
    let mut copy: Vec<Option<Value>> = vec![None; part.len()];
    let nodes = std::mem::take(&mut graph.nodes);
    let first = first_of(&nodes, part.len());
    for node in &nodes {
        let inputs = if node.part == DERIVED { &node.inputs[..] } else { &[] };
        for v in inputs {
            if wanted[v.index()] && copy[v.index()].is_none() {
                let of = part[v.index()];
                let own = nodes[first[v.index()]..].iter().take_while(|node| node.part == of || node.part == DERIVED);
                for old in own.filter(|old| old.part == of && old.outputs.iter().any(|v| wanted[v.index()])) {
                    let inputs = moved(&old.inputs, &copy);
                    let outputs = old.outputs.iter().map(|v| another(&mut graph, *v)).collect::<Vec<_>>();
                    old.outputs.iter().zip(&outputs).for_each(|(old, new)| copy[old.index()] = Some(*new));
                    graph.nodes.push(Node { kind: old.kind.clone(), inputs, outputs, part: DERIVED });
                }
            }
        }
        let inputs = if node.part == DERIVED { moved(&node.inputs, &copy) } else { node.inputs.clone() };
        graph.nodes.push(Node { inputs, ..node.clone() });
    }
    graph
}

/// For each value the first node of the part that it is made in: a part is a stretch of nodes, with gradients in between.
fn first_of(nodes: &[Node], values: usize) -> Vec<usize> {
    let (mut first, mut begin, mut part) = (vec![0; values], 0, KEPT);
    for (n, node) in nodes.iter().enumerate().filter(|(_, node)| node.part != DERIVED) {
        if node.part != part {
            (begin, part) = (n, node.part);
        }
        node.outputs.iter().for_each(|v| first[v.index()] = begin);
    }
    first
}

fn marked(node: &Node) -> bool {
    matches!(node.kind, Kind::Op(_)) && node.part != KEPT && node.part != DERIVED
}

/// The part of each value that is to be made again; of all others, which outlive their parts, `KEPT`.
fn parts_of(graph: &Graph, roots: &[Value]) -> Vec<u32> {
    let mut part = vec![KEPT; graph.types.len()];
    for node in graph.nodes.iter().filter(|node| marked(node)) {
        node.outputs.iter().for_each(|v| part[v.index()] = node.part);
    }
    for node in graph.nodes.iter().filter(|node| node.part != DERIVED) {
        let others = node.inputs.iter().filter(|v| part[v.index()] != node.part).collect::<Vec<_>>();
        others.into_iter().for_each(|v| part[v.index()] = KEPT);
    }
    roots.iter().for_each(|v| part[v.index()] = KEPT);
    part
}

fn moved(values: &[Value], copy: &[Option<Value>]) -> Vec<Value> {
    values.iter().map(|v| copy.get(v.index()).copied().flatten().unwrap_or(*v)).collect()
}

/// A value of the same type.
fn another(graph: &mut Graph, value: Value) -> Value {
    graph.types.push(graph.ty(value).clone());
    Value(graph.types.len() as u32 - 1)
}
