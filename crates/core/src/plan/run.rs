//! A run: a plan bound to buffers, advancing step by step. A step is gather → instructions → (stop?) → commit, and may
//! pause between any two turns of work; nothing a caller can see changes before the commit, and the commit finishes.

use super::Plan;
use super::call::Call;
use super::program::{Bound, Step, parts};
use super::update::Sweep;
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Type};
use crate::kernel::gather::gather;
use crate::kernel::memory::Buffer;
use crate::kernel::place::Arg;
use crate::kernel::turn::Turn;
use crate::optim::step::StepReport;
use std::sync::{Arc, Mutex};

/// Numbers in front of the plan's own in each step's report: rows, skipped (0 or 1), gradient norm, learning rate.
pub const REPORT_HEAD: usize = 4;
/// Most steps one `advance` reports.
pub const MAX_STEPS: usize = 4096;

/// Why an `advance` came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// The budget is used up or `max_steps` are done; there is more.
    More,
    /// All rows were visited.
    Done,
    /// A stop rule held at the last reported step, which made no update: its name in TypeScript.
    Stopped(&'static str),
    /// A step was refused; the state is that of the last completed step.
    Failed(Error),
}

/// What an `advance` did.
#[derive(Debug)]
pub struct Outcome {
    pub status: Status,
    /// Completed steps' numbers, [`REPORT_HEAD`] and the plan's reports each.
    pub reports: Vec<f64>,
    /// Whether the variables are half updated, see [`Run::settle`]; then there are no reports.
    pub committing: bool,
}

/// A data set and the place its rows are gathered into.
pub(super) struct DataSlot {
    pub(super) buffer: Arc<Buffer>,
    pub(super) dtype: DType,
    pub(super) into: Arg,
    pub(super) row: usize,
}

/// Estimated nanoseconds that a call may still take. Nothing begins that does not fit, but for the first thing, so that
/// every call gets on.
struct Budget {
    left: f64,
    begun: bool,
}

impl Budget {
    /// Whether work of that cost may begin; then it is charged.
    fn allows(&mut self, cost: f64) -> bool {
        if self.begun && cost > self.left {
            return false;
        }
        (self.left, self.begun) = (self.left - cost, true);
        true
    }
}

/// How far the change of the variables has come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Update {
    Due,
    Begun(Turn),
    Done,
}

/// A plan at work.
pub struct Run {
    pub(super) plan: Arc<Plan>,
    pub(super) arena: Arc<Buffer>,
    pub(super) bound: Bound,
    pub(super) variables: Vec<Arc<Buffer>>,
    pub(super) outputs: Vec<(Arc<Buffer>, Type)>,
    pub(super) data: Vec<DataSlot>,
    pub(super) order: Option<Vec<u32>>,
    pub(super) call: Call,
    pub(super) sweep: Option<Sweep>,
    /// Next piece of work of the step under way (data slots, then instructions), or `None` at a step boundary.
    pub(super) at: Option<usize>,
    /// How far that piece has come, if it was begun.
    pub(super) turn: Option<Turn>,
    /// The update of a step that may commit.
    pub(super) update: Option<Update>,
    /// Whether a long commit may pause as well. Not where another thread could read variables meanwhile.
    pub gives_way: bool,
    pub(super) reports: Vec<f64>,
    pub(super) best: f64,
    pub(super) waited: u64,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("call", &self.call).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Run {
    /// Runs up to `max_steps` steps, or until about `budget` nanoseconds of estimated work are done. `hyper` are the
    /// bytes of the optimizer's hyper-parameters (empty without one). `commit` is held while variables change. No steps:
    /// as `settle`.
    pub fn advance(&mut self, max_steps: usize, budget: f64, hyper: &[u8], commit: &Mutex<()>) -> Outcome {
        if max_steps == 0 {
            self.settle(commit);
            return Outcome { status: Status::More, reports: Vec::new(), committing: false };
        }
        self.pinned(|run| {
            let status = run.steps(max_steps.min(MAX_STEPS), budget, hyper, commit).unwrap_or_else(|error| {
                run.settle(commit);
                (run.at, run.turn, run.update) = (None, None, None);
                Status::Failed(error)
            });
            let committing = run.committing();
            let reports = if committing { Vec::new() } else { std::mem::take(&mut run.reports) };
            Outcome { status, reports, committing }
        })
    }

    /// Whether a step is decided and its update under way: `settle` before anyone looks at variables.
    pub fn committing(&self) -> bool {
        matches!(self.update, Some(Update::Due | Update::Begun(_)))
    }

    /// Brings an update under way to its end. The step counts when the next `advance` reports it.
    pub fn settle(&mut self, commit: &Mutex<()>) {
        if self.committing() {
            self.pinned(|run| run.update(None, commit));
        }
    }

    fn report_width(&self) -> usize {
        REPORT_HEAD + self.plan.report_len()
    }

    fn steps(&mut self, max_steps: usize, budget: f64, hyper: &[u8], commit: &Mutex<()>) -> Result<Status> {
        let mut budget = Budget { left: budget, begun: false };
        if let Some(sweep) = &mut self.sweep {
            sweep.set_hyper(hyper)?;
        }
        let steps = if self.data.is_empty() { max_steps } else { max_steps.min(self.steps_left()) };
        self.reports
            .try_reserve(steps * self.report_width())
            .map_err(|_| Error::new(Code::OutOfMemory, "reports: expected memory, got none"))?;
        for done in 0..max_steps {
            if self.at.is_none() && self.call.rows.is_empty() && !self.data.is_empty() {
                return Ok(Status::Done);
            }
            if !self.work(&mut budget)? {
                return Ok(Status::More);
            }
            // An update that may pause has calls of its own: who is told of steps finds the variables as they left them.
            let cost = self.sweep.as_ref().map_or(0.0, Sweep::cost);
            let pauses = self.gives_way && parts(cost) > 1;
            if pauses && done > 0 || self.update.is_none() && !budget.allows(cost / 4.0) {
                return Ok(Status::More);
            }
            if let Some(rule) = self.decide()? {
                return Ok(Status::Stopped(rule));
            }
            if !self.update(pauses.then_some(&mut budget), commit) {
                return Ok(Status::More);
            }
            if !pauses {
                budget.left -= cost;
            }
            self.finish();
            if budget.left <= 0.0 {
                break;
            }
        }
        let done = self.call.rows.is_empty() && !self.data.is_empty();
        Ok(if done { Status::Done } else { Status::More })
    }

    fn steps_left(&self) -> usize {
        self.call.rows.len().div_ceil(self.call.batch)
    }

    /// Rows of the step under way.
    fn rows(&self) -> usize {
        if self.data.is_empty() { 1 } else { self.call.batch.min(self.call.rows.len()) }
    }

    /// Gathers and computes; false when the budget ended first.
    fn work(&mut self, budget: &mut Budget) -> Result<bool> {
        let b = self.rows();
        let step = Step { seed: self.call.seed, iteration: self.call.iteration, first_row: 0, scan_step: 0 };
        let mut at = self.at.unwrap_or(0);
        while at < self.data.len() + self.plan.program.len() {
            let (cost, parts) = self.cost(at, b);
            if !budget.allows(cost / parts as f64) {
                self.at = Some(at);
                return Ok(false);
            }
            if parts == 1 {
                self.piece(at, b, &step)?;
            } else {
                let begun = self.turn.is_some();
                let mut turn = self.turn.take().unwrap_or_else(|| Turn::first(parts));
                let (done, more) = turn.take(|| self.piece(at, b, &step));
                done?;
                if more {
                    self.turn = Some(turn);
                    continue;
                }
                if !begun {
                    // It could not be cut.
                    budget.left -= cost - cost / parts as f64;
                }
            }
            at += 1;
        }
        self.at = Some(at);
        Ok(true)
    }

    /// Rough nanoseconds of a piece of work, and the turns it takes.
    fn cost(&self, at: usize, b: usize) -> (f64, usize) {
        match self.data.get(at) {
            Some(slot) => {
                let cost = (b * slot.row) as f64 * 0.3;
                (cost, parts(cost))
            }
            None => self.plan.program.cost(at - self.data.len()),
        }
    }

    /// One data slot's rows, or one instruction.
    fn piece(&self, at: usize, b: usize, step: &Step) -> Result<()> {
        let Some(slot) = self.data.get(at) else {
            return self.plan.program.run(at - self.data.len(), &self.bound, b, step);
        };
        let start = self.call.rows.start;
        let rows = self.order.as_ref().map(|order| &order[start..start + b]);
        gather(&slot.into, &slot.buffer, slot.dtype, slot.row, start, rows, b)
    }

    /// Decides whether the step may commit, and reports it; the name of the stop rule that holds.
    fn decide(&mut self) -> Result<Option<&'static str>> {
        if self.update.is_some() {
            return Ok(None);
        }
        let writes = self.plan.root_starts()[1];
        let loss = (writes > 0).then(|| self.bound.roots[0].number());
        let decided = match &mut self.sweep {
            Some(sweep) => sweep.decide(self.call.updates, loss)?,
            None => StepReport { gradient_norm: f64::NAN, learning_rate: f64::NAN, skipped: false },
        };
        let stop = self.stop_rule(loss.unwrap_or(f64::NAN), decided.gradient_norm);
        self.reports.extend([
            self.rows() as f64,
            f64::from(u8::from(decided.skipped)),
            decided.gradient_norm,
            decided.learning_rate,
        ]);
        self.reports.extend(self.bound.roots[..writes].iter().map(Arg::number));
        if stop.is_none() {
            self.update = Some(if decided.skipped { Update::Done } else { Update::Due });
        }
        Ok(stop)
    }

    /// Changes the variables; false when the budget, where it may pause for one, ended first.
    fn update(&mut self, mut budget: Option<&mut Budget>, commit: &Mutex<()>) -> bool {
        if let Some(Update::Done) = self.update {
            return true;
        }
        // A panic while this is held poisons it: that is how the engine knows of half-written variables.
        let _held = commit.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let cost = self.sweep.as_ref().map_or(0.0, Sweep::cost);
        let parts = if budget.is_some() { parts(cost) } else { 1 };
        let mut turn = match self.update {
            Some(Update::Begun(turn)) => turn,
            _ => {
                self.assign();
                Turn::first(parts)
            }
        };
        if let Some(sweep) = &mut self.sweep {
            loop {
                if budget.as_mut().is_some_and(|budget| !budget.allows(cost / parts as f64)) {
                    self.update = Some(Update::Begun(turn));
                    return false;
                }
                if !turn.take(|| sweep.commit(self.call.updates)).1 {
                    break;
                }
            }
            self.call.updates += 1;
        }
        self.update = Some(Update::Done);
        true
    }

    /// Sets the variables that a step sets to values of its own.
    fn assign(&self) {
        let [_, _, assigns, gradients] = self.plan.root_starts();
        for ((_, slot), value) in self.plan.assigns.iter().zip(&self.bound.roots[assigns..gradients]) {
            value.write_to(&self.variables[*slot], 0, self.rows());
        }
    }

    /// Writes the outputs and goes on to the next rows.
    fn finish(&mut self) {
        let (b, [_, writes, assigns, _]) = (self.rows(), self.plan.root_starts());
        let first = if self.data.is_empty() { 0 } else { self.call.rows.start };
        for ((buffer, ty), value) in self.outputs.iter().zip(&self.bound.roots[writes..assigns]) {
            let offset = if ty.size().power == 1 { ty.size().coef * ty.dtype.bytes() * first } else { 0 };
            value.write_to(buffer, offset, b);
        }
        self.call.iteration += 1;
        self.call.rows.start += if self.data.is_empty() { 0 } else { b };
        (self.at, self.update) = (None, None);
    }

    fn stop_rule(&mut self, loss: f64, grad_norm: f64) -> Option<&'static str> {
        let stop = &self.call.stop;
        if loss < stop.loss_below {
            return Some("lossBelow");
        }
        if grad_norm < stop.grad_norm_below {
            return Some("gradNormBelow");
        }
        if stop.min_delta.is_nan() {
            return None;
        }
        if loss < self.best - stop.min_delta {
            self.best = loss;
            self.waited = 0;
            return None;
        }
        self.waited += 1;
        (self.waited >= stop.patience).then_some("minDelta")
    }

    /// Marks every buffer as in use while `work` runs, even if it panics.
    fn pinned<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        struct Pins(Vec<Arc<Buffer>>);
        impl Drop for Pins {
            fn drop(&mut self) {
                self.0.iter().for_each(|buffer| buffer.unpin());
            }
        }
        let data = self.data.iter().map(|slot| &slot.buffer);
        let outputs = self.outputs.iter().map(|(buffer, _)| buffer);
        let buffers: Vec<_> = self.variables.iter().chain(data).chain(outputs).cloned().collect();
        buffers.iter().for_each(|buffer| buffer.pin());
        let pins = Pins(buffers);
        let result = work(self);
        drop(pins);
        result
    }

    /// The memory to give back when the run ends.
    pub fn into_arena(self) -> Arc<Buffer> {
        self.arena
    }
}
