//! Steps that evaluate the loss several times. The program then reads copies of the parameters, the trial point, which are
//! made anew from the store at the start of every step: so whatever ends a step in its middle leaves the last completed one.
//! What the first evaluation reports, writes and assigns is the step's; later ones draw the same random numbers.

use super::Plan;
use super::part::Part;
use super::program::Bound;
use super::program::{CURVATURE, GRADIENTS, OTHERS};
use super::run::{Run, Status, Update};
use super::step::Budget;
use super::sweep::Sweep;
use crate::error::Result;
use crate::kernel::memory::Buffer;
use crate::kernel::place::Arg;
use crate::optim::drive::{Next, Site};
use crate::optim::step::OnNonFinite;
use crate::optim::{LEARNING_RATE, SHARED};
use crate::part;
use std::sync::Arc;

/// What a run keeps of a step under way.
#[derive(Default)]
pub(super) struct Several {
    /// Whether the step's first evaluation was looked at.
    begun: bool,
    /// The numbers of the step.
    report: Vec<f64>,
    /// What the first evaluation wrote and assigned, in the order of the roots after those reported.
    kept: Vec<Arg>,
    _memory: Vec<Arc<Buffer>>,
}

impl Several {
    /// The same, with the trial point of `update` in `seen`.
    pub(super) fn beside(
        plan: &Plan,
        update: &super::Update,
        arena: &Buffer,
        seen: &mut [Arc<Buffer>],
    ) -> Result<Several> {
        update.replace_by_copies(seen, arena)?;
        Several::new(plan, arena)
    }

    /// With room beside `arena` for what the roots of `plan` write and assign.
    fn new(plan: &Plan, arena: &Buffer) -> Result<Several> {
        let [_, writes, _, gradients] = plan.root_starts();
        let mut several = Several::default();
        for (ty, _) in &plan.program.roots[writes..gradients] {
            let buffer = Arc::new(arena.beside(ty.bytes(plan.program.max_batch)?)?);
            several.kept.push(Arg::new(&buffer, 0, ty, plan.program.max_batch)?);
            several._memory.push(buffer);
        }
        Ok(several)
    }

    fn keep(&self, bound: &Bound, writes: usize, b: usize) {
        self.kept.iter().zip(&bound.roots[writes..]).for_each(|(kept, root)| kept.copy_from(root, b));
    }
}

/// How a step goes on after an evaluation.
enum Then {
    Pause,
    Again,
    Decided,
    Stop(&'static str),
}

impl Run {
    /// Brings the step under way to where its update is due, by as many evaluations as it takes; or says why it does not
    /// come there now.
    pub(super) fn reach(&mut self, budget: &mut Budget) -> Result<Option<Status>> {
        loop {
            if self.at.is_none() {
                self.begin();
            }
            if !self.work(budget)? {
                return Ok(Some(Status::More));
            }
            if self.several.is_none() || self.update.is_some() {
                return Ok(None);
            }
            // Whoever has several evaluations in a step has the second part of the WASM module.
            match part::gate(|| self.drive(budget))? {
                Then::Pause => return Ok(Some(Status::More)),
                Then::Stop(rule) => return Ok(Some(Status::Stopped(rule))),
                Then::Again => {
                    self.at = Some(0);
                    self.kinds &= !OTHERS;
                }
                Then::Decided => return Ok(None),
            }
        }
    }

    /// Begins a step, at its first evaluation.
    fn begin(&mut self) {
        self.kinds = GRADIENTS | OTHERS;
        let Some(sweep) = &mut self.sweep else { return };
        if sweep.looks_at_curvature() && part::gate(|| sweep.wants_curvature(self.call.updates)) {
            self.kinds |= CURVATURE;
        }
        if let Some(several) = &mut self.several {
            several.begun = false;
            part::gate(|| sweep.begin());
        }
    }

    /// A value that the step writes or assigns, by its place among the roots.
    pub(super) fn result(&self, root: usize) -> &Arg {
        match &self.several {
            Some(several) => &several.kept[root - self.plan.root_starts()[1]],
            None => &self.bound.roots[root],
        }
    }

    fn drive(&mut self, budget: &mut Budget) -> Result<Then> {
        let (Some(several), Some(sweep)) = (&mut self.several, &mut self.sweep) else { return Ok(Then::Decided) };
        let loss = self.bound.roots[0].number();
        if !several.begun {
            let before = self.reports.len();
            let stop = self.decide()?;
            if let Some(rule) = stop {
                return Ok(Then::Stop(rule));
            }
            let report = self.reports.split_off(before);
            let (writes, b) = (self.plan.root_starts()[1], self.rows());
            let several = self.several.as_mut().expect("as above");
            several.keep(&self.bound, writes, b);
            (several.begun, several.report) = (true, report);
            if self.update == Some(Update::Skipped) {
                self.reports.append(&mut several.report);
                return Ok(Then::Decided);
            }
            self.update = None;
            return self.drive(budget);
        }
        loop {
            if !budget.allows(sweep.piece_cost()) {
                return Ok(Then::Pause);
            }
            match sweep.proceed(self.call.updates, loss, &self.arena)? {
                Next::Work => {}
                Next::Evaluate => return Ok(Then::Again),
                next => {
                    // Where what was evaluated later may be left out, the first evaluation's numbers are reported.
                    several.report[1] = f64::from(u8::from(next == Next::NonFinite));
                    self.reports.append(&mut several.report);
                    self.update = Some(if next == Next::NonFinite { Update::Skipped } else { Update::Due });
                    return Ok(Then::Decided);
                }
            }
        }
    }
}

impl Sweep {
    /// Begins a step: the trial point is where the parameters are.
    pub(super) fn begin(&mut self) {
        self.moved = false;
        for part in &mut self.parts {
            for (trial, segment) in part.trials.iter_mut().zip(&part.segments) {
                trial.parts().0.copy_from_slice(segment.param());
            }
            if let Some((driver, _)) = part.optimizer.driver() {
                driver.begin();
            }
        }
    }

    /// Whether any step does.
    fn looks_at_curvature(&self) -> bool {
        self.parts.iter().any(|part| part.optimizer.looks_at_curvature())
    }

    /// Whether the step after `steps` others looks at curvature.
    fn wants_curvature(&mut self, steps: u64) -> bool {
        let mut wants = false;
        for part in &mut self.parts {
            wants |= part.wants_curvature(steps);
        }
        wants
    }

    /// Rough nanoseconds of a piece of the work between evaluations.
    fn piece_cost(&self) -> f64 {
        self.parts.iter().flat_map(|part| &part.trials).map(|trial| trial.len() as f64).sum()
    }

    /// Goes on with the step after `steps` others, when `loss` was evaluated at the trial point.
    fn proceed(&mut self, steps: u64, loss: f64, memory: &Buffer) -> Result<Next> {
        if self.parts.iter_mut().any(|part| part.optimizer.driver().is_some()) {
            return self.parts.iter_mut().try_fold(Next::Commit, |_, part| part.proceed(steps, loss, memory));
        }
        if self.moved {
            let skipped = self.decide(steps, 1, Some(loss))?.skipped;
            return Ok(if skipped { Next::NonFinite } else { Next::Commit });
        }
        let mut joined = self.parts.as_mut_slice();
        while !joined.is_empty() {
            let more = joined[1..].iter().take_while(|part| part.fixed.joined).count();
            let (parts, rest) = joined.split_at_mut(1 + more);
            perturb(steps, parts);
            joined = rest;
        }
        self.moved = true;
        Ok(Next::Evaluate)
    }
}

/// Lets the wrappers of parts whose norms are taken together move their trial point as one.
fn perturb(steps: u64, parts: &mut [Part]) {
    let mut all = Vec::new();
    for part in parts.iter_mut().filter(|part| part.around.perturbs()) {
        let sign = if part.fixed.maximize { -1.0 } else { 1.0 };
        part.trials.iter_mut().for_each(|trial| trial.gradient_scale = sign);
        all.append(&mut part.trials);
    }
    if let Some(first) = parts.iter().find(|part| part.around.perturbs()) {
        let (tick, numbers) = (first.step.tick(&first.values, first.t(steps)), &first.values[first.own..]);
        first.around.perturb(&tick, numbers, &mut all);
    }
    let mut all = all.into_iter();
    for part in parts.iter_mut().filter(|part| part.around.perturbs()) {
        part.trials.extend(all.by_ref().take(part.segments.len()));
    }
}

impl Part {
    /// Lets a rule that evaluates the loss several times go on.
    fn proceed(&mut self, steps: u64, loss: f64, memory: &Buffer) -> Result<Next> {
        let t = self.t(steps);
        let Some((driver, flags)) = self.optimizer.driver() else { return Ok(Next::Commit) };
        let next = driver.proceed(&mut Site {
            own: &self.values[SHARED.len()..self.own],
            flags,
            learning_rate: self.values[LEARNING_RATE],
            sign: if self.fixed.maximize { -1.0 } else { 1.0 },
            loss,
            propagates: self.step.on_non_finite == OnNonFinite::Propagate,
            segments: &mut self.segments,
            trials: &mut self.trials,
            memory,
        })?;
        if next == Next::NonFinite && self.step.on_non_finite == OnNonFinite::Throw {
            return Err(self.step.refuses(t, loss, &self.trials));
        }
        Ok(next)
    }
}
