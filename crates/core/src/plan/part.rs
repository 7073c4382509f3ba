//! A part of an update at work: one optimizer, its numbers and its parameters, with all that surrounds the rule. A step is
//! looked at (numbers, norms), accepted or not, and then made; before it is made nothing is written.

use crate::error::Result;
use crate::kernel::memory::Buffer;
use crate::kernel::place::{Arg, take_rows};
use crate::kernel::segment::Segment;
use crate::optim::Optimizer;
use crate::optim::hyper::Hypers;
use crate::optim::loss_scale::LossScale;
use crate::optim::step::Step;
use crate::part;
use crate::reader::Reader;
use crate::wrap::When;
use crate::wrap::around::Around;
use std::sync::Arc;

/// What of a part is fixed with its plan, besides the optimizer.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings {
    /// Whether to go up instead of down: gradients change their sign before anything else.
    pub maximize: bool,
    /// Steps whose gradients make one update.
    pub accumulate: u64,
    /// Whether schedules and wrappers count steps that only accumulate, as in Keras.
    pub counts_micro: bool,
    pub loss_scale: LossScale,
    /// Whether its norms are taken together with those of the part before.
    pub joined: bool,
}

/// One optimizer with its parameters.
pub struct Part {
    pub step: Step,
    pub optimizer: Optimizer,
    pub hypers: Hypers,
    pub values: Vec<f64>,
    /// How many of these are the rule's; the wrappers' come after them.
    pub own: usize,
    /// As the rule sees them.
    pub segments: Vec<Segment<'static>>,
    /// Of each, the indices of its gradient's rows where it is one of rows.
    pub index: Vec<Option<Arg>>,
    pub around: Around,
    pub fixed: Surroundings,
    /// With the loss scale as their state, where it changes.
    pub scales: Vec<Segment<'static>>,
    /// The trial point as parameters, where steps evaluate the loss more than once.
    pub trials: Vec<Segment<'static>>,
    /// Where gradients lie that wrappers change, and what else is only good within a step.
    pub memory: Vec<Arc<Buffer>>,
    /// Of the gradients as they came, unscaled.
    norm: Option<f64>,
    /// What the gradients that the rule sees are multiplied with before clipping.
    factor: f64,
    /// Whether the step under way reaches the rule.
    pub ready: bool,
    /// Whether the numbers are those of every step to come, and good.
    looked: bool,
}

impl Part {
    /// Without parameters; the first `own` of `count` numbers are the rule's.
    pub fn new(step: Step, optimizer: Optimizer, (own, count): (usize, usize), fixed: Surroundings) -> Result<Self> {
        Ok(Part {
            step,
            optimizer,
            hypers: Hypers::decode(&mut Reader::new(&[]), 0)?,
            values: vec![0.0; count],
            own,
            segments: Vec::new(),
            index: Vec::new(),
            around: Around::default(),
            fixed,
            scales: Vec::new(),
            trials: Vec::new(),
            memory: Vec::new(),
            norm: None,
            factor: 1.0,
            ready: false,
            looked: false,
        })
    }

    /// Takes the rows that gradients have in this step.
    pub fn take_rows(&mut self, b: usize) {
        if self.index.iter().any(Option::is_some) {
            part::gate(|| self.take_rows_now(b));
        }
    }

    fn take_rows_now(&mut self, b: usize) {
        let others = self.around.wraps.iter_mut().map(|wrapped| &mut wrapped.segments);
        for segments in others.chain([&mut self.scales, &mut self.segments]) {
            for (segment, index) in segments.iter_mut().zip(&self.index) {
                index.iter().for_each(|index| take_rows(segment, index, b));
            }
        }
    }

    /// Takes the sources of the coming steps' numbers.
    pub fn set_hyper(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        self.hypers = Hypers::decode(reader, self.values.len())?;
        self.looked = false;
        Ok(())
    }

    /// The number of the update that the step after `steps` others belongs to; the first is 1.
    pub fn t(&self, steps: u64) -> u64 {
        // Without the division, which a small step would notice.
        if self.fixed.accumulate == 1 { steps + 1 } else { steps / self.fixed.accumulate + 1 }
    }

    /// Sets the numbers of the step after `steps` others. Whether clipping needs norms.
    pub fn look(&mut self, steps: u64) -> Result<bool> {
        if !self.looked {
            let t = self.t(steps);
            self.hypers.at(if self.fixed.counts_micro { steps } else { t - 1 }, &mut self.values);
            self.step.check_hyper(&self.values, t)?;
            self.looked = self.hypers.steady;
        }
        Ok(Step::clips(&self.values))
    }

    /// Whether the step after `steps` others looks at curvature; a step that only adds up gradients does not.
    pub fn wants_curvature(&mut self, steps: u64) -> bool {
        if !self.optimizer.looks_at_curvature() {
            return false;
        }
        let t = self.t(steps);
        self.hypers.at(if self.fixed.counts_micro { steps } else { t - 1 }, &mut self.values);
        (steps + 1).is_multiple_of(self.fixed.accumulate) && self.optimizer.wants_curvature(&self.values[..self.own], t)
    }

    /// The squared norm of the gradients as they came, but unscaled.
    pub fn measure(&mut self) -> f64 {
        let sum = self.step.measure(raw(&self.around, &self.segments)) * self.unscale().powi(2);
        self.norm = Some(sum.sqrt());
        sum
    }

    /// Whether the step may be made; false: it is left out.
    pub fn accepts(&mut self, steps: u64, loss: Option<f64>) -> Result<bool> {
        let (t, norm) = (self.t(steps), self.norm.take());
        self.step.loss = loss.unwrap_or(f64::NAN);
        let raw = raw(&self.around, &self.segments);
        let accepted = self.step.accepts(t, norm, loss, raw);
        if accepted.is_err() && self.fixed.loss_scale.forgives(&self.scales) {
            return Ok(false);
        }
        if accepted == Ok(true) && self.wants_curvature(steps) {
            return part::gate(|| self.step.accepts_curvature(t, &self.segments));
        }
        accepted
    }

    /// What gradients are multiplied with at first.
    fn unscale(&self) -> f64 {
        1.0 / self.fixed.loss_scale.at(&self.scales)
    }

    /// The first half of a step: gradients are added up and changed by wrappers. False where that was all of it.
    pub fn prepare(&mut self, steps: u64) -> bool {
        self.factor = if self.fixed.maximize { -self.unscale() } else { self.unscale() };
        self.bare() || part::gate(|| self.surround(steps))
    }

    /// Whether nothing lies around the rule; what does is in the second part of the WASM module.
    fn bare(&self) -> bool {
        self.around.sums.is_empty() && self.around.wraps.is_empty()
    }

    fn surround(&mut self, steps: u64) -> bool {
        let tick = self.step.tick(&self.values, self.t(steps));
        let (_, numbers) = self.values.split_at(self.own);
        if !self.around.sums.is_empty() {
            self.around.sums.iter_mut().for_each(|segment| segment.gradient_scale = self.factor as f32);
            self.around.accumulate();
            if !(steps + 1).is_multiple_of(self.fixed.accumulate) {
                if self.fixed.counts_micro {
                    self.around.act(When::After, &tick, numbers, &self.segments);
                }
                self.fixed.loss_scale.adjust(true, &mut self.scales);
                return false;
            }
            self.factor = 1.0 / self.fixed.accumulate as f64;
        }
        if self.around.changes_gradients() {
            self.around.copies.iter_mut().for_each(|segment| segment.gradient_scale = self.factor as f32);
            self.around.copy();
            self.around.act(When::Gradient, &tick, numbers, &self.segments);
            self.factor = 1.0;
        }
        true
    }

    /// The squared norm of the gradients that the rule would see without clipping.
    pub fn prepared(&mut self) -> f64 {
        self.step.measure(&self.segments) * self.factor.powi(2)
    }

    /// The other half: `joint` is the norm of all gradients that are clipped together.
    pub fn commit(&mut self, steps: u64, joint: f64) {
        let tick = self.step.tick(&self.values, self.t(steps));
        self.step.clip(&self.values, self.factor, joint, &mut self.segments);
        if self.bare() {
            self.optimizer.step(&self.values, &tick, &mut self.segments);
            return self.fixed.loss_scale.adjust(true, &mut self.scales);
        }
        let (_, numbers) = self.values.split_at(self.own);
        part::gate(|| self.around.act(When::Before, &tick, numbers, &self.segments));
        self.optimizer.step(&self.values, &tick, &mut self.segments);
        part::gate(|| self.around.finish(&tick, numbers, &self.segments));
        self.fixed.loss_scale.adjust(true, &mut self.scales);
    }

    /// Whether gradients are clipped by a norm.
    pub fn clips(&self) -> bool {
        Step::clips(&self.values)
    }

    /// Whether the rule sees other gradients than those that came.
    pub fn changes(&self) -> bool {
        !self.around.sums.is_empty() || self.around.changes_gradients()
    }

    /// Notes that a step was left out.
    pub fn skip(&mut self) {
        self.fixed.loss_scale.adjust(false, &mut self.scales);
    }
}

/// The parameters with the gradients as they came.
fn raw<'a>(around: &'a Around, rule: &'a [Segment<'static>]) -> &'a [Segment<'static>] {
    if !around.sums.is_empty() {
        &around.sums
    } else if around.changes_gradients() {
        &around.copies
    } else {
        rule
    }
}
