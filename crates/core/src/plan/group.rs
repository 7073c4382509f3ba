//! A group of an update: one optimizer with its switches and its targets, read from a plan and tied to memory.

use super::part::{Part, Surroundings};
use crate::declare::{Decay, Declaration, Entry, Hyper, Needs, StateShape, StateSpec};
use crate::error::{Code, Error, Result};
use crate::graph::{self, Graph, Value};
use crate::kernel::coded::Format;
use crate::kernel::memory::Buffer;
use crate::kernel::place::{Arg, Kept, segment};
use crate::kernel::segment::Segment;
use crate::optim::loss_scale::LossScale;
use crate::optim::step::{OnNonFinite, Step};
use crate::optim::{self, Make, Optimizer, SHARED};
use crate::part;
use crate::reader::Reader;
use crate::wrap::around::Wrapped;
use crate::wrap::{self, Acts};
use std::sync::Arc;

/// One parameter's line of an update.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) slot: usize,
    pub(super) gradient: Value,
    /// An estimate of the Hessian's diagonal.
    pub(super) curvature: Option<Value>,
    /// The indices of its rows, where the gradient is one of rows.
    pub(super) index: Option<Value>,
    pub(super) decay: bool,
    /// The rule's, the sum of gradients, the loss scale, each wrapper's.
    pub(super) states: Vec<usize>,
    /// The parameter's shape.
    pub(super) dims: Vec<usize>,
    /// The same for the rule, which may be to take it for a vector.
    pub(super) seen: Vec<usize>,
}

/// An optimizer with its switches and its targets.
pub struct Group {
    pub(super) entry: &'static Entry<Make>,
    pub(super) flags: Vec<bool>,
    pub(super) wraps: Vec<(&'static Entry<Acts>, Vec<bool>)>,
    /// How the rule's state is kept that has the size of its parameter.
    pub(super) format: Format,
    /// Whether rows without a gradient stay as they are.
    pub(super) lazy: bool,
    pub(super) targets: Vec<Target>,
    pub(super) on_non_finite: OnNonFinite,
    pub(super) decay: Decay,
    pub(super) fixed: Surroundings,
}

impl Group {
    /// Optimizer name and flags, the wrappers', the targets; then what to do about gradients that are not finite, what
    /// becomes of the weight decay, and what is around the step.
    pub(super) fn decode(reader: &mut Reader<'_>, ids: &[Value], graph: &Graph) -> Result<Group> {
        let (entry, flags) = optim::decode(reader)?;
        let wraps = (0..reader.count(1)?).map(|_| wrap::decode(reader)).collect::<Result<_>>()?;
        let format = usize::from(reader.u8()?);
        let format = *Format::ALL.get(format).ok_or_else(|| reader.invalid("a dtype of state (0 to 2)", format))?;
        let lazy = reader.u8()? == 1;
        if (lazy || format != Format::Float) && !entry.build.elementwise() {
            return Err(reader.invalid("lazy rows or coded state of an elementwise optimizer", entry.declaration.name));
        }
        if format != Format::Float {
            part::need()?;
        }
        let mut targets = Vec::new();
        for _ in 0..reader.count(1)? {
            let (name, slot) = (reader.str()?.to_string(), reader.size()?);
            let gradient = graph::lookup(ids, reader.varuint()?)?;
            let bits = reader.u8()?;
            let states = (0..reader.count(1)?).map(|_| reader.size()).collect::<Result<_>>()?;
            let dims: Vec<usize> = graph.ty(gradient).dims().iter().map(|dim| dim.at(1)).collect();
            let seen = if bits & 2 == 2 { vec![dims.iter().product()] } else { dims.clone() };
            targets.push(Target {
                name,
                slot,
                gradient,
                curvature: None,
                index: None,
                decay: bits & 1 == 1,
                states,
                dims,
                seen,
            });
        }
        let on_non_finite = match reader.u8()? {
            0 => OnNonFinite::Throw,
            1 => OnNonFinite::Skip,
            2 => OnNonFinite::Propagate,
            tag => return Err(reader.invalid("a policy for non-finite gradients (0 to 2)", tag)),
        };
        let decay = usize::from(reader.u8()?);
        let decay = *Decay::ALL.get(decay).ok_or_else(|| reader.invalid("a mode of weight decay (0 to 3)", decay))?;
        let (maximize, accumulate) = (reader.u8()? == 1, reader.varuint()?.max(1));
        if accumulate > 1 {
            part::need()?;
        }
        let (counts_micro, loss_scale) = (reader.u8()? == 1, LossScale::decode(reader)?);
        let fixed = Surroundings { maximize, accumulate, counts_micro, loss_scale, joined: reader.u8()? == 1 };
        let group = Group { entry, flags, wraps, format, lazy, targets, on_non_finite, decay, fixed };
        if lazy && !group.goes_by_element() {
            let name = entry.declaration.name;
            let expected = "no gradientAccumulationSteps and no wrappers but means of weights";
            let message = || format!("{name}: lazy: expected {expected}, got others (or set lazy: false)");
            return Err(Error::of(Code::InvalidValue, message));
        }
        Ok(group)
    }

    /// Whether all that is done with a gradient is done element by element, so that it may be one of rows.
    pub(super) fn goes_by_element(&self) -> bool {
        let wraps = self.wraps.iter().all(|(entry, _)| entry.build.sweeps());
        self.entry.build.elementwise() && self.fixed.accumulate == 1 && wraps
    }

    /// The shapes of a parameter's states, in order.
    pub(super) fn shapes(&self) -> Vec<StateShape> {
        let shapes = |states: Vec<StateSpec>| states.into_iter().map(|state| state.shape).collect::<Vec<_>>();
        let mut all = shapes(self.entry.declaration.states(&self.flags));
        all.extend((self.fixed.accumulate > 1).then_some(StateShape::Like));
        all.extend(self.fixed.loss_scale.has_state().then_some(StateShape::Numbers(2)));
        all.extend(self.wraps.iter().flat_map(|(entry, flags)| shapes(entry.declaration.states(flags))));
        all
    }

    /// The numbers of a step: what the rule has, then what each wrapper has.
    fn hypers(&self) -> Vec<Hyper> {
        let wraps = self.wraps.iter().flat_map(|(entry, _)| entry.declaration.hypers);
        self.entry.declaration.hypers.iter().chain(wraps).copied().collect()
    }

    pub(super) fn evaluates_again(&self) -> bool {
        self.entry.declaration.needs == Needs::Evaluations || self.wraps.iter().any(|(entry, _)| entry.build.perturbs())
    }

    /// Whether what the rule needs is there.
    pub(super) fn check(&self, alone: bool, has_loss: bool) -> Result<()> {
        let Declaration { name, needs, .. } = self.entry.declaration;
        let looks = matches!(needs, Needs::Loss | Needs::Evaluations) || self.evaluates_again();
        if looks && !has_loss {
            return Err(Error::of(Code::NeedsLoss, || {
                format!("{name}: expected a plan with a loss, got gradients alone")
            }));
        }
        let plain = |(entry, _): &(&Entry<Acts>, _)| !entry.build.perturbs() && !entry.build.changes_gradients();
        let searches = alone && self.wraps.iter().all(plain) && self.fixed.accumulate == 1;
        if needs == Needs::Evaluations && (!searches || self.fixed.loss_scale.has_state()) {
            let got = "wrappers or a loss scale that change them, sums of them, or several groups";
            return Err(Error::of(Code::InvalidValue, || {
                format!("{name}: expected gradients as they come, got {got}")
            }));
        }
        Ok(())
    }

    pub(super) fn bind(
        &self,
        gradients: &[Arg],
        variables: &[Arc<Buffer>],
        seen: &[Arc<Buffer>],
        room: &dyn Fn(usize) -> Result<Arc<Buffer>>,
    ) -> Result<Part> {
        let names = self.targets.iter().map(|target| target.name.clone()).collect();
        let mut step = Step::new(self.on_non_finite, names);
        (step.hypers, step.decay) = (self.hypers(), self.decay);
        let own = SHARED.len() + self.entry.declaration.hypers.len();
        let count = (own, SHARED.len() + step.hypers.len());
        let mut part = Part::new(step, Optimizer::new(self.entry, &self.flags), count, self.fixed)?;
        part.optimizer.lazy = self.lazy;
        part.around.wraps.extend(self.wraps.iter().map(|(entry, flags)| Wrapped::new(entry, flags)));
        let mut gradients = gradients.iter();
        for target in &self.targets {
            let gradient = gradients.next().expect("a root each");
            part.index.push(target.index.and_then(|_| gradients.next()).copied());
            if !Arc::ptr_eq(&seen[target.slot], &variables[target.slot]) {
                let kept = Kept { format: Format::Float, coded: 0, stream: 0, width: 0 };
                part.trials.push(segment(&gradient.like(&seen[target.slot])?, gradient, None, &[], kept));
                part.memory.push(seen[target.slot].clone());
            }
            self.bind_target(&mut part, target, gradient, variables, room)?;
        }
        Ok(part)
    }

    /// Adds a parameter to the part and to all that is around its rule.
    fn bind_target(
        &self,
        part: &mut Part,
        target: &Target,
        gradient: &Arg,
        variables: &[Arc<Buffer>],
        room: &dyn Fn(usize) -> Result<Arc<Buffer>>,
    ) -> Result<()> {
        let len = target.dims.iter().product();
        let own = self.entry.declaration.states(&self.flags).len();
        let mut coded = 0;
        let mut state = |(at, (&slot, shape)): (usize, (&usize, StateShape))| {
            if self.format == Format::Float || at >= own || shape != StateShape::Like {
                let buffer = &variables[slot];
                return gradient.whole(buffer, shape.len_in(&target.seen, buffer.len() / 4));
            }
            coded |= 1 << at;
            gradient.coded(&variables[slot], self.format, len)
        };
        let states = target.states.iter().zip(self.shapes()).enumerate().map(&mut state).collect::<Result<Vec<_>>>()?;
        let index = part.index.last().copied().flatten();
        let width = target.dims.iter().skip(1).product();
        let kept = Kept { format: self.format, coded: 0, stream: hash(&target.name), width };
        let made_of = |param: &Arg, gradient: &Arg, states: &[Arg], kept: Kept| {
            let mut segment = segment(param, gradient, index.as_ref(), states, kept);
            (segment.decay, segment.dims) = (target.decay, target.dims.clone());
            segment
        };
        let made = |param: &Arg, gradient: &Arg, states: &[Arg]| made_of(param, gradient, states, kept);
        let param = gradient.whole(&variables[target.slot], len)?;
        let (rule, others) = states.split_at(own);
        let mut seen = *gradient;
        if !others.is_empty() || !self.wraps.is_empty() {
            let own = (&param, len);
            // What lies around a rule is in the second part of the WASM module.
            seen = part::gate(|| self.surround(part, own, seen, others, &made, room))?;
        }
        let mut segment = made_of(&param, &seen, rule, Kept { coded, ..kept });
        segment.dims.clone_from(&target.seen);
        part.segments.push(segment);
        Ok(())
    }

    /// Adds what lies around the rule: the sum of gradients, the loss scale, the wrappers, with their `states`. Gives the
    /// gradient that the rule sees.
    fn surround(
        &self,
        part: &mut Part,
        (param, len): (&Arg, usize),
        mut seen: Arg,
        mut states: &[Arg],
        made: &dyn Fn(&Arg, &Arg, &[Arg]) -> Segment<'static>,
        room: &dyn Fn(usize) -> Result<Arc<Buffer>>,
    ) -> Result<Arg> {
        let mut take = |count: usize| states.split_off(..count).expect("a state each");
        let like = seen;
        let mut scratch = || {
            let buffer = room(len * 4)?;
            part.memory.push(buffer.clone());
            like.whole(&buffer, len)
        };
        if self.fixed.accumulate > 1 {
            let sum = take(1)[0];
            part.around.sums.push(made(&sum, &seen, &[]));
            seen = sum;
        }
        if self.fixed.loss_scale.has_state() {
            part.scales.push(made(param, &seen, take(1)));
        }
        if self.wraps.iter().any(|(entry, _)| entry.build.changes_gradients()) {
            let copy = scratch()?;
            part.around.copies.push(made(&copy, &seen, &[]));
            seen = copy;
        }
        for (wrapped, (entry, flags)) in part.around.wraps.iter_mut().zip(&self.wraps) {
            let mut states = take(entry.declaration.states(flags).len()).to_vec();
            if entry.build.needs_scratch() {
                states.push(scratch()?);
            }
            if entry.build.perturbs() {
                // It acts on the trial point.
                continue;
            }
            let (param, gradient) = if entry.build.changes_gradients() { (&seen, param) } else { (param, &seen) };
            wrapped.segments.push(made(param, gradient, &states));
        }
        Ok(seen)
    }
}

/// FNV-1a of the bytes of a name.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
