//! Memory of a program: every value gets a place in one arena for just the time it is needed, ops that may work in
//! place take over their first input's buffer, and buffers whose lives do not overlap share addresses.

use super::program::Place;
use crate::error::{Code, Error, Result};
use crate::graph::{Graph, Kind, Source, Value};
use crate::kernel::memory::ALIGN;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Places of all values, and per node the offset of its private memory and whether it works in place.
#[derive(Debug)]
pub struct Layout {
    pub places: Vec<Place>,
    pub extra: Vec<usize>,
    pub shared: Vec<bool>,
    /// Length of the arena in bytes.
    pub len: usize,
}

/// A stretch of memory and the instructions (inclusive) during which it is taken.
struct Block {
    bytes: usize,
    from: usize,
    to: usize,
    offset: usize,
}

/// The results of the first `kept` nodes stay. `extra[n]`: bytes of private memory of node n (scratch, the arena of its
/// sub-plan).
pub fn lay_out(graph: &Graph, roots: &[Value], kept: usize, max_batch: usize, extra: &[usize]) -> Result<Layout> {
    let end = graph.nodes.len();
    let last_use = last_uses(graph, roots, kept);
    let mut blocks: Vec<Block> = Vec::new();
    let mut block_of: Vec<Option<usize>> = vec![None; graph.types.len()];
    let mut places = vec![Place::Arena(0); graph.types.len()];
    let mut shared = vec![false; end];
    let mut private = vec![None; end];
    for (n, node) in graph.nodes.iter().enumerate() {
        if let Kind::Source(Source::Variable(slot)) = node.kind {
            places[node.outputs[0].index()] = Place::Variable(slot);
            continue;
        }
        // Data, scalars and parameters are filled in before the first instruction.
        let source = matches!(node.kind, Kind::Source(_));
        for (o, &v) in node.outputs.iter().enumerate() {
            let to = last_use[v.index()].max(n);
            if o == 0
                && let Some(block) = taken_over(graph, n, &block_of, &last_use)
            {
                shared[n] = true;
                blocks[block].to = to;
                block_of[v.index()] = Some(block);
                continue;
            }
            block_of[v.index()] = Some(blocks.len());
            let from = if source || n < kept { 0 } else { n };
            blocks.push(Block { bytes: graph.ty(v).bytes(max_batch)?, from, to, offset: 0 });
        }
        if extra[n] > 0 {
            private[n] = Some(blocks.len());
            blocks.push(Block { bytes: extra[n], from: n, to: n, offset: 0 });
        }
    }
    let len = place(&mut blocks);
    // Sums stop at the largest number, which lies beyond this.
    if len > isize::MAX as usize {
        let message = || format!("plan: expected to work within {} bytes, got more with B = {max_batch}", isize::MAX);
        return Err(Error::of(Code::OutOfMemory, message));
    }
    for (place, block) in places.iter_mut().zip(&block_of) {
        if let Some(block) = block {
            *place = Place::Arena(blocks[*block].offset);
        }
    }
    let extra = private.iter().map(|block| block.map_or(0, |b: usize| blocks[b].offset)).collect();
    Ok(Layout { places, extra, shared, len })
}

/// The last node that reads each value; roots are read after the end. Parameters keep their value, and so do scalars,
/// which are written when the run is bound and read in every step.
fn last_uses(graph: &Graph, roots: &[Value], kept: usize) -> Vec<usize> {
    let mut last = vec![0; graph.types.len()];
    for (n, node) in graph.nodes.iter().enumerate() {
        node.inputs.iter().for_each(|v| last[v.index()] = last[v.index()].max(n));
        if let Kind::Source(Source::Parameter(_) | Source::Scalar(_)) = node.kind {
            last[node.outputs[0].index()] = graph.nodes.len();
        }
        node.outputs.iter().filter(|_| n < kept).for_each(|v| last[v.index()] = graph.nodes.len());
    }
    roots.iter().for_each(|v| last[v.index()] = graph.nodes.len());
    last
}

/// The block of input 0, if node n may write its output there: the op allows it, nothing reads the input afterwards,
/// and no other input is the same value.
fn taken_over(graph: &Graph, n: usize, block_of: &[Option<usize>], last_use: &[usize]) -> Option<usize> {
    let node = &graph.nodes[n];
    let Kind::Op(op) = &node.kind else { return None };
    let (&input, &output) = (node.inputs.first()?, node.outputs.first()?);
    let (from, to) = (graph.ty(input), graph.ty(output));
    let fits = from.dtype == to.dtype && from.size() == to.size();
    let free = last_use[input.index()] == n && !node.inputs[1..].contains(&input);
    if fits && free && op.in_place(&graph.types_of(node)) { block_of[input.index()] } else { None }
}

/// Largest first, each at the lowest offset where no block alive at the same time lies. Returns the arena's length.
fn place(blocks: &mut [Block]) -> usize {
    // A heap, for it is a tenth of the code of the library's sort.
    let mut order: BinaryHeap<_> = blocks.iter().enumerate().map(|(i, block)| (block.bytes, Reverse(i))).collect();
    let mut placed: Vec<usize> = Vec::new();
    while let Some((_, Reverse(i))) = order.pop() {
        blocks[i].bytes = blocks[i].bytes.checked_next_multiple_of(ALIGN).unwrap_or(usize::MAX);
        let mut offset = 0usize;
        // `placed` is sorted by offset: the first gap wide enough wins.
        for &other in &placed {
            let (a, b) = (&blocks[i], &blocks[other]);
            if a.from <= b.to && b.from <= a.to {
                if offset.saturating_add(a.bytes) <= b.offset {
                    break;
                }
                offset = offset.max(b.offset.saturating_add(b.bytes));
            }
        }
        blocks[i].offset = offset;
        let at = placed.partition_point(|&p| blocks[p].offset <= offset);
        placed.insert(at, i);
    }
    blocks.iter().map(|b| b.offset.saturating_add(b.bytes)).max().unwrap_or(0)
}
