//! The end of a training plan: which gradients go through which optimizer into which variables.

use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Type};
use crate::graph::{self, Graph, Value};
use crate::kernel::memory::Buffer;
use crate::kernel::place::{Arg, segment};
use crate::kernel::sweep::Segment;
use crate::optim::hyper::Hypers;
use crate::optim::step::{OnNonFinite, Step, StepReport};
use crate::optim::{self, Build, Optimizer, SHARED};
use crate::reader::Reader;
use std::sync::Arc;

/// One parameter's line of an update.
#[derive(Debug)]
struct Target {
    name: String,
    slot: usize,
    gradient: Value,
    decay: bool,
    states: Vec<usize>,
}

/// An optimizer, its switches and its targets.
pub struct Update {
    entry: &'static crate::declare::Entry<Build>,
    flags: Vec<bool>,
    targets: Vec<Target>,
    on_non_finite: OnNonFinite,
}

impl std::fmt::Debug for Update {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Update")
            .field("optimizer", &self.entry.declaration.name)
            .field("targets", &self.targets)
            .finish()
    }
}

impl Update {
    /// Optimizer name and flags, then the targets, then what to do about gradients that are not finite.
    pub fn decode(reader: &mut Reader<'_>, ids: &[Value]) -> Result<Update> {
        let (entry, flags) = optim::decode(reader)?;
        let mut targets = Vec::new();
        for _ in 0..reader.count(1)? {
            targets.push(Target {
                name: reader.str()?.to_string(),
                slot: reader.size()?,
                gradient: graph::lookup(ids, reader.varuint()?)?,
                decay: reader.u8()? == 1,
                states: (0..reader.count(1)?).map(|_| reader.size()).collect::<Result<_>>()?,
            });
        }
        let on_non_finite = match reader.u8()? {
            0 => OnNonFinite::Throw,
            1 => OnNonFinite::Skip,
            2 => OnNonFinite::Propagate,
            tag => return Err(reader.invalid("a policy for non-finite gradients (0 to 2)", tag)),
        };
        Ok(Update { entry, flags, targets, on_non_finite })
    }

    pub fn gradients(&self) -> impl Iterator<Item = Value> {
        self.targets.iter().map(|target| target.gradient)
    }

    /// Every target is a float32 variable, or a slot the graph does not read, whose gradient has its type.
    pub fn check(&self, graph: &Graph, variables: &[Option<Type>]) -> Result<()> {
        let states = self.entry.declaration.states(&self.flags).len();
        for Target { name, slot, gradient, states: slots, .. } in &self.targets {
            let ty = graph.ty(*gradient);
            let known = variables.get(*slot).and_then(Option::as_ref);
            if ty.dtype != DType::F32 || ty.size().power > 0 || known.is_some_and(|variable| variable != ty) {
                let expected = known.map_or("a fixed float32 shape".to_string(), Type::to_string);
                return Err(Error::new(
                    Code::ShapeMismatch,
                    format!("gradient of '{name}': expected {expected}, got {ty}"),
                ));
            }
            if slots.len() != states {
                let message = format!("state of '{name}': expected {states} slots, got {}", slots.len());
                return Err(Error::new(Code::PlanInvalid, message));
            }
        }
        Ok(())
    }

    /// Ties the targets to memory: `gradients` are the roots of the program, in order.
    pub fn bind(&self, gradients: &[Arg], variables: &[Arc<Buffer>], wants_norm: bool) -> Result<Sweep> {
        self.check_distinct(gradients, variables)?;
        let mut segments = Vec::new();
        for (target, gradient) in self.targets.iter().zip(gradients) {
            let arg = |slot: usize| gradient.like(&variables[slot]);
            let states = target.states.iter().map(|&slot| arg(slot)).collect::<Result<Vec<_>>>()?;
            segments.push(segment(&arg(target.slot)?, gradient, &states, target.decay));
        }
        let names = self.targets.iter().map(|target| target.name.clone()).collect();
        let count = SHARED.len() + self.entry.declaration.hypers.len();
        let cost = segments.iter().map(|segment| segment.len() as f64 * 0.4 * (2 + segment.states()) as f64).sum();
        Ok(Sweep {
            cost,
            step: Step::new(self.on_non_finite, wants_norm, names),
            optimizer: (self.entry.build)(&self.flags),
            hypers: Hypers::decode(&mut Reader::new(&[]), 0)?,
            values: vec![0.0; count],
            segments,
        })
    }

    /// No buffer may be written through two targets, or be another's gradient.
    fn check_distinct(&self, gradients: &[Arg], variables: &[Arc<Buffer>]) -> Result<()> {
        let mut written = Vec::new();
        for target in &self.targets {
            for &slot in std::iter::once(&target.slot).chain(&target.states) {
                let Some(buffer) = variables.get(slot) else {
                    let message =
                        format!("slot of '{}': expected one below {}, got {slot}", target.name, variables.len());
                    return Err(Error::new(Code::PlanInvalid, message));
                };
                let taken = written.iter().any(|other| Arc::ptr_eq(other, buffer));
                if taken || gradients.iter().any(|gradient| gradient.lies_in(buffer)) {
                    let message = format!("update of '{}': expected memory of its own, got another's", target.name);
                    return Err(Error::new(Code::DuplicateName, message));
                }
                written.push(buffer.clone());
            }
        }
        Ok(())
    }
}

/// An update bound to memory: decides and commits steps.
pub struct Sweep {
    step: Step,
    optimizer: Box<dyn Optimizer>,
    hypers: Hypers,
    values: Vec<f64>,
    segments: Vec<Segment<'static>>,
    cost: f64,
}

impl Sweep {
    /// Takes the sources of the coming steps' numbers.
    pub fn set_hyper(&mut self, bytes: &[u8]) -> Result<()> {
        let mut reader = Reader::new(bytes);
        self.hypers = Hypers::decode(&mut reader, self.values.len())?;
        reader.end()
    }

    /// Decides the step after `updates` updates; `loss` is that of the plan, where it reports one.
    pub fn decide(&mut self, updates: u64, loss: Option<f64>) -> Result<StepReport> {
        self.hypers.at(updates, &mut self.values);
        self.step.decide(&self.values, updates + 1, loss, &mut self.segments)
    }

    /// Rough nanoseconds of making a step.
    pub fn cost(&self) -> f64 {
        self.cost
    }

    /// Makes the step just decided, in turns: what is not a sweep is done in each of them.
    pub fn commit(&mut self, updates: u64) {
        self.step.commit(self.optimizer.as_ref(), &self.values, updates + 1, &mut self.segments);
    }
}
