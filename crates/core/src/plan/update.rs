//! The end of a training plan: which gradients go through which optimizer into which variables.

use super::group::{Group, Target};
use super::program::parts;
use super::rows::rows_of;
use super::sweep::Sweep;
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Type};
use crate::graph::{self, Graph, Kind, Node, Value};
use crate::kernel::memory::Buffer;
use crate::kernel::place::{Arg, curved};
use crate::kernel::segment::Segment;
use crate::part;
use crate::reader::Reader;
use std::sync::Arc;

/// All optimizers of a plan.
pub struct Update {
    groups: Vec<Group>,
    wants_update_norm: bool,
}

impl std::fmt::Debug for Update {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.groups.iter().map(|group| group.entry.declaration.name)).finish()
    }
}

impl Update {
    /// The groups, and in bits whether the norm of updates is wanted and whether estimates of the Hessian's diagonal follow,
    /// one for each target; none where there are no groups.
    pub fn decode(reader: &mut Reader<'_>, ids: &[Value], graph: &Graph) -> Result<Option<Update>> {
        let groups = (0..reader.count(1)?).map(|_| Group::decode(reader, ids, graph)).collect::<Result<Vec<_>>>()?;
        if groups.is_empty() {
            return Ok(None);
        }
        let more = reader.u8()?;
        let mut update = Update { groups, wants_update_norm: more & 1 == 1 };
        if more & 2 == 2 {
            for target in update.groups.iter_mut().flat_map(|group| &mut group.targets) {
                target.curvature = match reader.varuint()? {
                    0 => None,
                    value => Some(graph::lookup(ids, value - 1)?),
                };
            }
        }
        Ok(Some(update))
    }

    fn targets(&self) -> impl Iterator<Item = &Target> {
        self.groups.iter().flat_map(|group| &group.targets)
    }

    /// The values it reads, in the order in which `bind` wants them.
    pub fn gradients(&self) -> impl Iterator<Item = Value> {
        self.targets().flat_map(|target| std::iter::once(target.gradient).chain(target.index))
    }

    /// Takes as rows the gradients that are made of some; `roots` are the values that the plan needs. Whether there are any.
    pub fn take_rows(&mut self, graph: &mut Graph, roots: &[Value], max_batch: usize) -> Result<bool> {
        let adds_rows = |node: &Node| matches!(&node.kind, Kind::Op(op) if op.adds_rows());
        // Who evaluates the loss again wants all of each gradient.
        if self.evaluates_again() || !graph.nodes.iter().any(adds_rows) {
            return Ok(false);
        }
        part::second(|| self.take_rows_now(graph, roots, max_batch))
    }

    fn take_rows_now(&mut self, graph: &mut Graph, roots: &[Value], max_batch: usize) -> Result<bool> {
        let mut any = false;
        for group in self.groups.iter_mut().filter(|group| group.goes_by_element()) {
            for target in &mut group.targets {
                let most = if group.lazy { usize::MAX } else { max_batch };
                if let Some(rows) = rows_of(graph, target.gradient, roots, most)? {
                    (target.gradient, target.index, any) = (rows.values, Some(rows.index), true);
                }
            }
        }
        Ok(any)
    }

    pub fn curvatures(&self) -> impl Iterator<Item = Value> {
        self.targets().filter_map(|target| target.curvature)
    }

    /// Whether a step evaluates the loss more than once.
    pub fn evaluates_again(&self) -> bool {
        self.groups.iter().any(Group::evaluates_again)
    }

    /// Bytes of the parameters.
    pub fn bytes(&self) -> usize {
        self.targets().map(|target| 4 * target.dims.iter().product::<usize>()).sum()
    }

    /// Puts buffers of their own in place of the parameters: the trial point.
    pub fn replace_by_copies(&self, variables: &mut [Arc<Buffer>], memory: &Buffer) -> Result<()> {
        for slot in self.targets().map(|target| target.slot) {
            if let Some(variable) = variables.get_mut(slot) {
                *variable = Arc::new(memory.beside(variable.len())?);
            }
        }
        Ok(())
    }

    /// Every target is a float32 variable, or a slot the graph does not read, whose gradient has its type; a rule that
    /// looks at the loss has one.
    pub fn check(&self, graph: &Graph, variables: &[Option<Type>], has_loss: bool) -> Result<()> {
        self.groups.iter().try_for_each(|group| group.check(self.groups.len() == 1, has_loss))?;
        for (group, target) in self.groups.iter().flat_map(|group| group.targets.iter().map(move |t| (group, t))) {
            let Target { name, slot, gradient, states: slots, .. } = target;
            let ty = graph.ty(*gradient);
            let known = variables.get(*slot).and_then(Option::as_ref);
            if ty.dtype != DType::F32 || ty.size().power > 0 || known.is_some_and(|variable| variable != ty) {
                return Err(Error::of(Code::ShapeMismatch, || {
                    let expected = known.map_or("a fixed float32 shape".to_string(), Type::to_string);
                    format!("gradient of '{name}': expected {expected}, got {ty}")
                }));
            }
            if let Some(curvature) = target.curvature.filter(|curvature| graph.ty(*curvature) != ty) {
                let message = || format!("curvature of '{name}': expected {ty}, got {}", graph.ty(curvature));
                return Err(Error::of(Code::ShapeMismatch, message));
            }
            let states = group.shapes().len();
            if slots.len() != states {
                let message = || format!("state of '{name}': expected {states} slots, got {}", slots.len());
                return Err(Error::of(Code::PlanInvalid, message));
            }
        }
        Ok(())
    }

    /// Ties the targets to memory: `gradients` are the roots of the program, in order; `seen` is what it
    /// reads. `room` gives memory.
    pub fn bind(
        &self,
        gradients: &[Arg],
        variables: &[Arc<Buffer>],
        seen: &[Arc<Buffer>],
        wants_norm: bool,
        room: &dyn Fn(usize) -> Result<Arc<Buffer>>,
    ) -> Result<Sweep> {
        self.check_distinct(gradients, variables, seen)?;
        let (gradients, curvatures) = gradients.split_at(self.gradients().count());
        let mut curvatures = curvatures.iter();
        let (mut rest, mut all, mut cost, mut sweeps) = (gradients, Vec::new(), 0.0, !self.wants_update_norm);
        for group in &self.groups {
            let count = group.targets.iter().map(|target| 1 + usize::from(target.index.is_some())).sum();
            let (own, others) = rest.split_at(count);
            rest = others;
            let mut part = group.bind(own, variables, seen, room)?;
            let segments = part.segments.drain(..).zip(&group.targets);
            let curve =
                |(segment, target): (Segment<'static>, &Target)| match target.curvature.and_then(|_| curvatures.next())
                {
                    Some(curvature) => curved(segment, curvature),
                    None => segment,
                };
            part.segments = segments.map(curve).collect();
            let states = group.shapes().len() as f64;
            cost += part.segments.iter().map(|s| s.len() as f64 * 0.4 * (2.0 + states)).sum::<f64>();
            // What looks at whole tensors would look at half updated ones in a later turn.
            sweeps &= part.trials.is_empty()
                && part.optimizer.sweeps()
                && part.around.sweeps()
                && !part.fixed.loss_scale.has_state();
            all.push(part);
        }
        let cost = (cost, if sweeps { parts(cost) } else { 1 });
        Ok(Sweep::new(all, cost, wants_norm, self.wants_update_norm))
    }

    /// No buffer may be written through two targets, or be another's gradient.
    fn check_distinct(&self, gradients: &[Arg], variables: &[Arc<Buffer>], seen: &[Arc<Buffer>]) -> Result<()> {
        let mut written = Vec::new();
        for target in self.targets() {
            for &slot in std::iter::once(&target.slot).chain(&target.states) {
                let Some(buffer) = variables.get(slot) else {
                    let message =
                        || format!("slot of '{}': expected one below {}, got {slot}", target.name, variables.len());
                    return Err(Error::of(Code::PlanInvalid, message));
                };
                let taken = written.iter().any(|other| Arc::ptr_eq(other, buffer));
                let read = |gradient: &Arg| gradient.lies_in(buffer) || gradient.lies_in(&seen[slot]);
                if taken || gradients.iter().any(read) {
                    let message = || format!("update of '{}': expected memory of its own, got another's", target.name);
                    return Err(Error::of(Code::DuplicateName, message));
                }
                written.push(buffer.clone());
            }
        }
        Ok(())
    }
}
