//! Plans: a decoded graph with what to report, write and update each step, compiled once and run many times.

mod after;
mod alone;
mod bind;
mod call;
mod drive;
mod fuse;
mod group;
mod keep;
mod layout;
mod mail;
mod part;
mod program;
mod recompute;
mod rows;
mod run;
mod step;
mod sweep;
mod update;

use after::After;
pub use call::{Call, Order, Stop};
pub use program::{Body, Place, Program, Step};
use program::{CURVATURE, GRADIENTS, OTHERS};
pub use run::{Outcome, Run, Status};
pub use update::Update;

use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Type};
use crate::graph::{self, Graph, Kind, Source, Value};
use crate::op::oracle::{Array, Oracle};
use crate::reader::Reader;

/// Version of the plan bytes; both sides are built together, so only this one is read.
pub const VERSION: u8 = 3;

/// Most bytes that a plan's values may have for the naive executor, which keeps them all, in f64.
const MAX_ORACLE: usize = 1 << 28;

/// A plan, ready to be bound to slots and run.
#[derive(Debug)]
pub struct Plan {
    pub program: Program,
    /// The graph as decoded, for the f64 oracle.
    graph: Graph,
    reports: Vec<Value>,
    writes: Vec<(Value, usize)>,
    /// Variables that are set to a value when the step commits: its type and the slot.
    pub assigns: Vec<(Type, usize)>,
    pub update: Option<Update>,
    /// What follows the update.
    after: Option<After>,
    pub variables: Vec<Option<Type>>,
}

impl Plan {
    /// Decodes, differentiates, fuses and lays out. `max_batch` is the largest B it will run.
    pub fn compile(bytes: &[u8], max_batch: usize, threads: usize) -> Result<Plan> {
        let mut reader = Reader::new(bytes);
        if reader.bytes(8)? != b"descend\0" || reader.u8()? != VERSION {
            return Err(Error::of(Code::PlanInvalid, || {
                format!("plan: expected one of version {VERSION}, got other bytes")
            }));
        }
        let (graph, ids) = graph::decode(&mut reader)?;
        let reports = graph::decode_values(&mut reader, &ids)?;
        let writes = decode_pairs(&mut reader, &ids)?;
        let assigns = decode_pairs(&mut reader, &ids)?;
        let mut update = Update::decode(&mut reader, &ids, &graph)?;
        let mut variables = variable_types(&graph, graph.nodes.len())?;
        let after = match reader.remaining() {
            0 => None,
            _ => Some(After::decode(&mut reader, &mut variables, bytes.len(), threads)?),
        };
        reader.end()?;
        let mut roots: Vec<Value> = reports.clone();
        roots.extend(writes.iter().chain(&assigns).map(|(v, _)| *v));
        let gradients = roots.len();
        roots.extend(update.iter().flat_map(|u| u.gradients()));
        let curvatures = roots.len();
        roots.extend(update.iter().flat_map(|u| u.curvatures()));
        check_reports(&graph, &reports)?;
        check_assigns(&graph, &assigns, &variables)?;
        let (mut with_rows, mut curvatures) = (None, curvatures);
        if let Some(update) = &mut update {
            update.check(&graph, &variables, !reports.is_empty())?;
            let mut changed = graph.clone();
            if update.take_rows(&mut changed, &roots, max_batch)? {
                roots.truncate(gradients);
                roots.extend(update.gradients());
                curvatures = roots.len();
                roots.extend(update.curvatures());
                with_rows = Some(changed);
            }
        }
        let kind = |root| match root {
            0 => GRADIENTS,
            _ if root >= curvatures => CURVATURE,
            _ if root >= gradients => GRADIENTS,
            _ => OTHERS,
        };
        let changed = with_rows.as_ref().unwrap_or(&graph);
        let program = Program::compile_kinds(changed, &roots, &kind, max_batch.max(1), threads)?;
        let assigns = assigns.into_iter().map(|(v, slot)| (graph.ty(v).clone(), slot)).collect();
        Ok(Plan { program, graph, reports, writes, assigns, update, after, variables })
    }

    /// Whether all it does is to give variables values: what it works in is not worth keeping for another run.
    pub fn only_assigns(&self) -> bool {
        self.reports.is_empty() && self.writes.is_empty() && self.update.is_none()
    }

    /// Bytes of the arena that a run of it works in: what follows the update has a place of its own, behind the rest.
    pub fn arena_len(&self) -> usize {
        self.program.arena_len.saturating_add(self.after.as_ref().map_or(0, |after| after.program.arena_len))
    }

    /// Bytes besides the arena that a run of it takes: a trial point, and what its first evaluation gave.
    pub fn beside(&self) -> Result<usize> {
        let Some(update) = self.update.as_ref().filter(|update| update.evaluates_again()) else { return Ok(0) };
        let [_, writes, _, gradients] = self.root_starts();
        let mut kept = self.program.roots[writes..gradients].iter();
        kept.try_fold(update.bytes(), |sum, (ty, _)| Ok(sum.saturating_add(ty.bytes(self.program.max_batch)?)))
    }

    /// Number of scalars reported each step.
    pub fn report_len(&self) -> usize {
        self.reports.len()
    }

    /// Types of the arrays written each step, with their output slots.
    pub fn writes(&self) -> impl Iterator<Item = (&Type, usize)> {
        self.writes.iter().map(|(v, slot)| (self.graph.ty(*v), *slot))
    }

    /// Where the roots of each kind begin: reports, writes, assigns, gradients.
    pub fn root_starts(&self) -> [usize; 4] {
        let writes = self.reports.len();
        let assigns = writes + self.writes.len();
        [0, writes, assigns, assigns + self.assigns.len()]
    }

    /// Runs the plan's graph in f64, naively, and returns the values written, or the reports where nothing is written.
    /// `sources` gives each source an array.
    pub fn oracle(
        &self,
        b: usize,
        step: &Step,
        mut sources: impl FnMut(Source, &[usize]) -> Result<Array>,
    ) -> Result<Vec<Array>> {
        let values = evaluate(&self.graph, b, step, &mut sources)?;
        let wanted = self.writes.iter().map(|(v, _)| *v).chain(self.reports.iter().copied());
        Ok(wanted.map(|v| values[v.index()].clone()).collect())
    }
}

/// The naive f64 executor: every node in order, every value kept. `sources` gives each source an array.
pub fn evaluate(
    graph: &Graph,
    b: usize,
    step: &Step,
    sources: &mut dyn FnMut(Source, &[usize]) -> Result<Array>,
) -> Result<Vec<Array>> {
    let bytes = graph.types.iter().try_fold(0usize, |sum, ty| Ok(sum.saturating_add(ty.bytes(b)?)))?;
    if bytes > MAX_ORACLE {
        let message = format!("oracle: expected values of at most {MAX_ORACLE} bytes in all, got {bytes}");
        return Err(Error::new(Code::OutOfMemory, message));
    }
    let mut values: Vec<Array> = vec![Array::default(); graph.types.len()];
    for node in &graph.nodes {
        let dims = |v: &Value| graph.ty(*v).dims().iter().map(|d| d.at(b)).collect::<Vec<_>>();
        match &node.kind {
            Kind::Source(source) => {
                let v = node.outputs[0];
                values[v.index()] = sources(*source, &dims(&v))?;
            }
            Kind::Op(op) => {
                let run = |parameters: &[Array], step: &Step| {
                    let body = op.subgraph().expect("asked for by an op with a sub-graph");
                    let mut of = |source: Source, _: &[usize]| match source {
                        Source::Parameter(i) => Ok(parameters[i].clone()),
                        _ => Err(Error::new(
                            Code::PlanInvalid,
                            "sub-graph: expected parameters only, got another source",
                        )),
                    };
                    let values = evaluate(body, b, step, &mut of)?;
                    Ok(body.results.iter().map(|v| values[v.index()].clone()).collect())
                };
                let inputs = node.inputs.iter().map(|v| values[v.index()].clone()).collect();
                let types = node.inputs.iter().map(|&v| graph.ty(v)).collect();
                let outputs = node.outputs.iter().map(dims).collect();
                let mut x = Oracle { inputs, types, batch: b, dims: outputs, outputs: Vec::new(), step, body: &run };
                op.oracle(&mut x)?;
                for (v, array) in node.outputs.iter().zip(x.outputs) {
                    values[v.index()] = array;
                }
            }
        }
    }
    Ok(values)
}

fn decode_pairs(reader: &mut Reader<'_>, ids: &[Value]) -> Result<Vec<(Value, usize)>> {
    (0..reader.count(1)?).map(|_| Ok((graph::lookup(ids, reader.varuint()?)?, reader.size()?))).collect()
}

/// The type of each variable slot the graph reads, each below `end`; two uses of one slot must agree.
fn variable_types(graph: &Graph, end: usize) -> Result<Vec<Option<Type>>> {
    let mut types: Vec<Option<Type>> = Vec::new();
    for node in &graph.nodes {
        let Kind::Source(Source::Variable(slot)) = node.kind else { continue };
        let ty = graph.ty(node.outputs[0]);
        if slot >= end {
            return Err(Error::of(Code::PlanInvalid, || format!("slot: expected one below {end}, got {slot}")));
        }
        if slot >= types.len() {
            types.resize(slot + 1, None);
        }
        if types[slot].as_ref().is_some_and(|other| other != ty) || ty.size().power > 0 {
            return Err(Error::of(Code::PlanInvalid, || format!("slot {slot}: expected one fixed type, got {ty}")));
        }
        types[slot] = Some(ty.clone());
    }
    Ok(types)
}

/// Adds the types of more uses of variables.
fn merge_types(variables: &mut Vec<Option<Type>>, more: Vec<Option<Type>>) -> Result<()> {
    variables.resize(variables.len().max(more.len()), None);
    for (known, ty) in variables.iter_mut().zip(more) {
        match (&known, &ty) {
            (Some(a), Some(b)) if a != b => {
                return Err(Error::of(Code::PlanInvalid, || format!("slot: expected {a} everywhere, got {b}")));
            }
            (None, _) => *known = ty,
            _ => {}
        }
    }
    Ok(())
}

fn check_reports(graph: &Graph, reports: &[Value]) -> Result<()> {
    for &v in reports {
        let ty = graph.ty(v);
        if ty.size() != crate::graph::types::Dim::ONE || ty.dtype != DType::F32 {
            return Err(Error::of(Code::ShapeMismatch, || format!("report: expected a float32 scalar, got {ty}")));
        }
    }
    Ok(())
}

fn check_assigns(graph: &Graph, assigns: &[(Value, usize)], variables: &[Option<Type>]) -> Result<()> {
    for (v, slot) in assigns {
        let ty = graph.ty(*v);
        let known = variables.get(*slot).and_then(Option::as_ref);
        if ty.size().power > 0 || known.is_some_and(|variable| variable != ty) {
            return Err(Error::of(Code::ShapeMismatch, || format!("assign: expected the variable's type, got {ty}")));
        }
    }
    Ok(())
}
