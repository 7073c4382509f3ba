//! The end of a training plan: which gradients go through which optimizer into which variables.

use super::program::parts;
use crate::declare::{Decay, Entry, StateSpec};
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Type};
use crate::graph::{self, Graph, Value};
use crate::kernel::memory::Buffer;
use crate::kernel::place::{Arg, segment};
use crate::kernel::segment::Segment;
use crate::optim::hyper::Hypers;
use crate::optim::step::{OnNonFinite, Step, StepReport};
use crate::optim::{self, Make, Optimizer, SHARED};
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
    /// The parameter's shape.
    dims: Vec<usize>,
}

/// An optimizer, its switches and its targets.
pub struct Update {
    entry: &'static Entry<Make>,
    flags: Vec<bool>,
    targets: Vec<Target>,
    on_non_finite: OnNonFinite,
    decay: Decay,
    maximize: bool,
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
    /// Optimizer name and flags, then the targets, then what to do about gradients that are not finite, what becomes of
    /// the weight decay, and whether to go up.
    pub fn decode(reader: &mut Reader<'_>, ids: &[Value], graph: &Graph) -> Result<Update> {
        let (entry, flags) = optim::decode(reader)?;
        let mut targets = Vec::new();
        for _ in 0..reader.count(1)? {
            let (name, slot) = (reader.str()?.to_string(), reader.size()?);
            let gradient = graph::lookup(ids, reader.varuint()?)?;
            let decay = reader.u8()? == 1;
            let states = (0..reader.count(1)?).map(|_| reader.size()).collect::<Result<_>>()?;
            let dims = graph.ty(gradient).dims().iter().map(|dim| dim.at(1)).collect();
            targets.push(Target { name, slot, gradient, decay, states, dims });
        }
        let on_non_finite = match reader.u8()? {
            0 => OnNonFinite::Throw,
            1 => OnNonFinite::Skip,
            2 => OnNonFinite::Propagate,
            tag => return Err(reader.invalid("a policy for non-finite gradients (0 to 2)", tag)),
        };
        let decay = usize::from(reader.u8()?);
        let decay = *Decay::ALL.get(decay).ok_or_else(|| reader.invalid("a mode of weight decay (0 to 3)", decay))?;
        Ok(Update { entry, flags, targets, on_non_finite, decay, maximize: reader.u8()? == 1 })
    }

    pub fn gradients(&self) -> impl Iterator<Item = Value> {
        self.targets.iter().map(|target| target.gradient)
    }

    /// Every target is a float32 variable, or a slot the graph does not read, whose gradient has its type.
    pub fn check(&self, graph: &Graph, variables: &[Option<Type>]) -> Result<()> {
        let states = self.states().len();
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

    fn states(&self) -> Vec<StateSpec> {
        self.entry.declaration.states(&self.flags)
    }

    /// Ties the targets to memory: `gradients` are the roots of the program, in order.
    pub fn bind(&self, gradients: &[Arg], variables: &[Arc<Buffer>], wants_norm: bool) -> Result<Sweep> {
        self.check_distinct(gradients, variables)?;
        let (mut segments, specs) = (Vec::new(), self.states());
        for (target, gradient) in self.targets.iter().zip(gradients) {
            let state =
                |(&slot, spec): (&usize, &StateSpec)| gradient.whole(&variables[slot], spec.shape.len(&target.dims));
            let states = target.states.iter().zip(&specs).map(state).collect::<Result<Vec<_>>>()?;
            let mut segment = segment(&gradient.like(&variables[target.slot])?, gradient, &states);
            segment.decay = target.decay;
            segment.dims = target.dims.clone();
            segments.push(segment);
        }
        let names = self.targets.iter().map(|target| target.name.clone()).collect();
        let count = SHARED.len() + self.entry.declaration.hypers.len();
        let cost: f64 = segments.iter().map(|segment| segment.len() as f64 * 0.4 * (2 + segment.states()) as f64).sum();
        let optimizer = Optimizer::new(self.entry, &self.flags);
        let mut step = Step::new(self.on_non_finite, wants_norm, names);
        step.hypers = self.entry.declaration.hypers;
        (step.decay, step.maximize) = (self.decay, self.maximize);
        Ok(Sweep {
            // What looks at whole tensors would look at half updated ones in a later turn.
            cost: (cost, if optimizer.sweeps() { parts(cost) } else { 1 }),
            step,
            optimizer,
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
    optimizer: Optimizer,
    hypers: Hypers,
    values: Vec<f64>,
    segments: Vec<Segment<'static>>,
    cost: (f64, usize),
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

    /// Rough nanoseconds of making a step, and the turns it takes.
    pub fn cost(&self) -> (f64, usize) {
        self.cost
    }

    /// Makes the step just decided, in turns: what is not a sweep is done in each of them.
    pub fn commit(&mut self, updates: u64) {
        self.step.commit(&mut self.optimizer, &self.values, updates + 1, &mut self.segments);
    }
}
