//! A graph made ready to run: a list of instructions over places in one arena, and its binding to real memory.
//! Knows ops only by their traits; all sizes follow from the batch B.

use super::layout::{Layout, lay_out};
use crate::error::Result;
use crate::graph::types::{DType, Dim, Shape, Type};
use crate::graph::{Graph, Kind, Source, Value};
use crate::kernel::io::Io;
use crate::kernel::memory::Buffer;
use crate::kernel::place::Arg;
use crate::kernel::settled::Settled;
use crate::kernel::turn;
use crate::op::Op;
use std::sync::Arc;

/// Estimated nanoseconds of one turn; slow machines make several times of it.
const TURN_NS: f64 = 1e6;
/// The same of an instruction natively, where no event loop waits for its end, and threads that share it meet there.
const SHARED_TURN_NS: f64 = 4e6;
/// Estimated nanoseconds of a sub-plan from which on threads run it side by side.
const SHARED_FROM: f64 = 1e5;
/// Most turns of one instruction.
const MAX_PARTS: f64 = 1e6;

/// What of a step an op may depend on besides its inputs: the coordinates of all randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
    pub seed: u64,
    pub iteration: u64,
    /// Global index of the batch's first row, so that a batch cut in pieces draws the same numbers.
    pub first_row: u64,
    /// Position inside a `scan`, 0 outside.
    pub scan_step: u32,
}

/// Where a value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Offset in bytes into the arena.
    Arena(usize),
    /// A buffer of the store.
    Variable(usize),
}

#[derive(Debug)]
struct Instr {
    op: Arc<dyn Op>,
    /// Its args stand at `first ..`: inputs, then outputs.
    first: usize,
    inputs: usize,
    outputs: usize,
    scratch: Option<(usize, Type)>,
    shared: bool,
    /// Of one turn.
    cost: f64,
    /// Turns it takes, about.
    parts: usize,
    /// Its sub-plan, where the arenas of that begin, and how many there are.
    body: Option<(Box<Program>, usize, usize)>,
    /// For which kinds of roots it runs.
    uses: u8,
}

/// Kinds of roots, of which an evaluation may want some: the loss and its gradients, what else is reported, written or
/// assigned, and curvature.
pub const GRADIENTS: u8 = 1;
pub const OTHERS: u8 = 2;
pub const CURVATURE: u8 = 4;

/// Instructions in order, and the places of all their args.
#[derive(Debug)]
pub struct Program {
    instrs: Vec<Instr>,
    types: Vec<Type>,
    places: Vec<Place>,
    /// Sources the step fills in (data, scalars, parameters) and where.
    pub sources: Vec<(Source, Type, Place)>,
    /// Place and type of each root, in the order asked for.
    pub roots: Vec<(Type, Place)>,
    pub arena_len: usize,
    pub max_batch: usize,
    /// The first instructions, whose results stay good for as long as B does.
    pub kept: usize,
    /// Rough nanoseconds of all the others, where none of them takes turns and an ordinary step needs them all.
    pub short: Option<f64>,
    /// Whether entries along the batch know nothing of each other, so that it may run on some of them alone.
    by_rows: bool,
}

impl Program {
    /// Compiles `graph` so that `roots` hold when it has run. Fuses, drops what nothing needs, lays out memory.
    pub fn compile(graph: &Graph, roots: &[Value], max_batch: usize, threads: usize) -> Result<Program> {
        Program::compile_kinds(graph, roots, &|_| GRADIENTS, max_batch, threads)
    }

    /// The same with roots of several kinds.
    pub fn compile_kinds(
        graph: &Graph,
        roots: &[Value],
        kind: &dyn Fn(usize) -> u8,
        max_batch: usize,
        threads: usize,
    ) -> Result<Program> {
        let (graph, moved) = graph.prune(roots);
        let roots: Vec<Value> = roots.iter().map(|v| moved[v.index()].expect("roots are kept")).collect();
        let graph = super::recompute::again(graph, &roots);
        let mut graph = super::fuse::fuse(&graph, &roots);
        let kept = super::keep::first(&mut graph, max_batch);
        let uses = uses(&graph, &roots, kind);
        graph.types.iter().try_for_each(|ty| ty.bytes(max_batch).map(drop))?;
        let mut bodies = Vec::new();
        for node in &graph.nodes {
            let body = match &node.kind {
                Kind::Op(op) => op.subgraph(),
                Kind::Source(_) => None,
            };
            bodies.push(match body {
                Some(body) => Some(Program::compile(body, &body.results, max_batch, threads)?),
                None => None,
            });
        }
        let scratch = |n: usize| scratch_type(&graph, n, max_batch, threads);
        let copies = |n: usize, body: &Program| {
            if body.by_rows && graph.cost_of(&graph.nodes[n], max_batch) > SHARED_FROM { threads } else { 1 }
        };
        let extra: Vec<usize> = (0..graph.nodes.len())
            .map(|n| {
                let own = scratch(n)?.map_or(0, |ty| ty.size().coef.saturating_mul(4));
                let arenas = bodies[n].as_ref().map_or(0, |body| body.arena_len.saturating_mul(copies(n, body)));
                Ok(own.saturating_add(arenas))
            })
            .collect::<Result<_>>()?;
        let layout = lay_out(&graph, &roots, kept, max_batch, &extra)?;
        let mut program = Program {
            instrs: Vec::new(),
            types: Vec::new(),
            places: Vec::new(),
            sources: Vec::new(),
            roots: roots.iter().map(|&v| (graph.ty(v).clone(), layout.places[v.index()])).collect(),
            arena_len: layout.len,
            max_batch,
            kept,
            short: None,
            by_rows: super::alone::by_rows(&graph, &roots),
        };
        for (n, (node, body)) in graph.nodes.iter().zip(bodies).enumerate() {
            match &node.kind {
                Kind::Source(source) => {
                    let v = node.outputs[0];
                    program.sources.push((*source, graph.ty(v).clone(), layout.places[v.index()]));
                }
                Kind::Op(op) if layout.shared[n] && op.only_copies() => {}
                Kind::Op(op) => {
                    let body = body.map(|body| (copies(n, &body), body));
                    program.add(&graph, &layout, n, op.clone(), body, scratch(n)?, uses[n]);
                }
            }
        }
        let rest = &program.instrs[kept.min(program.instrs.len())..];
        let short = |instr: &Instr| instr.parts == 1 && instr.uses & (GRADIENTS | OTHERS) != 0;
        program.short = rest.iter().all(short).then(|| rest.iter().map(|instr| instr.cost).sum());
        Ok(program)
    }

    fn add(
        &mut self,
        graph: &Graph,
        layout: &Layout,
        n: usize,
        op: Arc<dyn Op>,
        body: Option<(usize, Program)>,
        scratch: Option<Type>,
        uses: u8,
    ) {
        let node = &graph.nodes[n];
        let first = self.types.len();
        for &v in node.inputs.iter().chain(&node.outputs) {
            self.types.push(graph.ty(v).clone());
            self.places.push(layout.places[v.index()]);
        }
        let body_at = layout.extra[n];
        let body_len = body.as_ref().map_or(0, |(copies, body)| copies * body.arena_len);
        let own: f64 = op.cost(&self.types[first..], self.max_batch);
        let parts = parts(if cfg!(target_family = "wasm") { own } else { own * (TURN_NS / SHARED_TURN_NS) });
        self.instrs.push(Instr {
            cost: own / parts as f64,
            parts,
            op,
            first,
            inputs: node.inputs.len(),
            outputs: node.outputs.len(),
            scratch: scratch.map(|ty| (body_at + body_len, ty)),
            shared: layout.shared[n],
            body: body.map(|(copies, body)| (Box::new(body), body_at, copies)),
            uses,
        });
    }

    /// Number of instructions.
    pub fn len(&self) -> usize {
        self.instrs.len()
    }

    pub fn is_empty(&self) -> bool {
        self.instrs.is_empty()
    }

    /// Whether instruction `pc` serves roots of one of these kinds.
    #[inline]
    pub fn serves(&self, pc: usize, kinds: u8) -> bool {
        self.instrs[pc].uses & kinds != 0
    }

    /// Rough nanoseconds of a turn of instruction `pc` at the largest batch, and how many there are to be.
    #[inline]
    pub fn cost(&self, pc: usize) -> (f64, usize) {
        (self.instrs[pc].cost, self.instrs[pc].parts)
    }

    /// Ties places to memory: `arena` from `at`, variables to their buffers. It will run at any batch, mostly at `b`.
    pub fn bind(&self, arena: &Buffer, at: usize, variables: &[Arc<Buffer>], b: usize) -> Result<Bound> {
        let arg = |place: &Place, ty: &Type| match *place {
            Place::Arena(offset) => Arg::new(arena, at + offset, ty, self.max_batch),
            Place::Variable(slot) => Arg::new(&variables[slot], 0, ty, self.max_batch),
        };
        let mut bound = Bound::default();
        for (place, ty) in self.places.iter().zip(&self.types) {
            bound.args.push(arg(place, ty)?);
        }
        for (_, ty, place) in &self.sources {
            bound.sources.push(arg(place, ty)?);
        }
        for (ty, place) in &self.roots {
            bound.roots.push(arg(place, ty)?);
        }
        for instr in &self.instrs {
            let scratch = instr.scratch.as_ref().map(|(offset, ty)| Arg::new(arena, at + offset, ty, 1));
            bound.scratch.push(scratch.transpose()?);
            let mut bodies = Vec::new();
            if let Some((body, offset, copies)) = &instr.body {
                for copy in 0..*copies {
                    bodies.push(body.bind(arena, at + offset + copy * body.arena_len, variables, b)?);
                }
            }
            bound.bodies.push(bodies);
        }
        bound.settled_for = b.min(self.max_batch);
        bound.settled = (0..self.instrs.len()).map(|pc| self.settle(pc, &bound)).collect();
        Ok(bound)
    }

    fn settle(&self, pc: usize, bound: &Bound) -> Option<Settled<'static>> {
        let instr = &self.instrs[pc];
        // The op asks for nothing of the step: what depends on one is not settled.
        let step = Step::default();
        instr.op.settle(&self.io(instr, pc, bound, bound.settled_for, &step)).map(Settled::kept)
    }

    /// Runs instruction `pc` at batch `b`, or in a turn the next part of it.
    pub fn run(&self, pc: usize, bound: &Bound, b: usize, step: &Step) -> Result<()> {
        self.instruction(&self.instrs[pc], pc, bound, b, step)
    }

    #[inline(always)]
    fn io<'a>(&'a self, instr: &Instr, pc: usize, bound: &'a Bound, b: usize, step: &'a Step) -> Io<'a> {
        let middle = instr.first + instr.inputs;
        let end = middle + instr.outputs;
        let args = (&bound.args[instr.first..middle], &bound.args[middle..end]);
        Io::new(b, step, args, &self.types[instr.first..end], &bound.scratch[pc], instr.shared)
    }

    #[inline(always)]
    fn instruction(&self, instr: &Instr, pc: usize, bound: &Bound, b: usize, step: &Step) -> Result<()> {
        let io = self.io(instr, pc, bound, b, step);
        match &instr.body {
            Some((program, ..)) => instr.op.forward_with(&io, &Body { program, copies: &bound.bodies[pc] }),
            None => instr.op.forward(&io),
        }
    }

    /// Runs everything from instruction `first` on at batch `b`.
    pub fn run_from(&self, first: usize, bound: &Bound, b: usize, step: &Step) -> Result<()> {
        // In turns, all that is done in parts must come in its order.
        let settles = b == bound.settled_for && turn::idle();
        for (pc, (instr, settled)) in self.instrs.iter().zip(&bound.settled).enumerate().skip(first) {
            match settled {
                Some(settled) if settles => settled.run(),
                _ => self.instruction(instr, pc, bound, b, step)?,
            }
        }
        Ok(())
    }

    /// The names of the ops in order: what fusion left.
    pub fn op_names(&self) -> Vec<&'static str> {
        self.instrs.iter().map(|instr| instr.op.name()).collect()
    }
}

/// Which kinds of roots each node serves.
fn uses(graph: &Graph, roots: &[Value], kind: &dyn Fn(usize) -> u8) -> Vec<u8> {
    let mut values = vec![0; graph.types.len()];
    roots.iter().enumerate().for_each(|(i, root)| values[root.index()] |= kind(i));
    let mut nodes = vec![0; graph.nodes.len()];
    for (n, node) in graph.nodes.iter().enumerate().rev() {
        nodes[n] = node.outputs.iter().fold(0, |uses, output| uses | values[output.index()]);
        node.inputs.iter().for_each(|input| values[input.index()] |= nodes[n]);
    }
    nodes
}

/// How many turns to do work of `cost` nanoseconds in.
pub fn parts(cost: f64) -> usize {
    1 + (cost / TURN_NS).min(MAX_PARTS) as usize
}

fn scratch_type(graph: &Graph, n: usize, max_batch: usize, threads: usize) -> Result<Option<Type>> {
    let node = &graph.nodes[n];
    let Kind::Op(op) = &node.kind else { return Ok(None) };
    match op.scratch(&graph.types_of(node), max_batch, threads) {
        0 => Ok(None),
        len => Ok(Some(Type { dtype: DType::F32, shape: Shape::new([Dim::fixed(len)])? })),
    }
}

/// A program's places as addresses. Alive as long as the arena and the variables it was bound to.
#[derive(Debug, Default)]
pub struct Bound {
    args: Vec<Arg>,
    pub sources: Vec<Arg>,
    pub roots: Vec<Arg>,
    scratch: Vec<Option<Arg>>,
    bodies: Vec<Vec<Bound>>,
    /// Instructions that are short, for one B.
    settled: Vec<Option<Settled<'static>>>,
    settled_for: usize,
}

/// A compiled sub-graph in the hands of the op that runs it: in several copies, which may run at the same time on rows of
/// their own, where every value has a first axis of B and entries of it know nothing of each other.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    program: &'a Program,
    copies: &'a [Bound],
}

impl<'a> Body<'a> {
    /// The copies one by one.
    pub fn copies(&self) -> impl ExactSizeIterator<Item = Body<'a>> {
        let program = self.program;
        self.copies.iter().map(move |bound| Body { program, copies: std::slice::from_ref(bound) })
    }

    /// Hands `f` the place parameter `i` is read from, if the body reads it: written before a run, kept between runs.
    pub fn parameter_if(&self, i: usize, f: impl FnOnce(Arg)) {
        let at = self.program.sources.iter().position(|(source, ..)| *source == Source::Parameter(i));
        if let Some(at) = at {
            f(self.copies[0].sources[at]);
        }
    }

    /// Where result `i` is after a run.
    pub fn result(&self, i: usize) -> Arg {
        self.copies[0].roots[i]
    }

    pub fn run(&self, b: usize, step: &Step) -> Result<()> {
        self.program.run_from(0, &self.copies[0], b, step)
    }
}
