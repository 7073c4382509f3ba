//! A run: a plan bound to buffers, advancing step by step. A step is gather → instructions → (stop?) → commit, and may
//! pause between any two turns of work; nothing a caller can see changes before the commit, and the commit finishes.

use super::Plan;
use super::call::Call;
use super::drive::Several;
use super::program::Bound;
use super::step::Budget;
use super::sweep::Sweep;
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Type};
use crate::kernel::memory::Buffer;
use crate::kernel::place::Arg;
use crate::kernel::turn::Turn;
use std::sync::{Arc, Mutex};

/// Numbers in front of the plan's own in each step's report: rows, skipped (0 or 1), gradient norm, learning rate, update
/// norm.
pub const REPORT_HEAD: usize = 5;
/// Most steps one `advance` reports.
pub const MAX_STEPS: usize = 16_384;

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

/// How far the change of the variables has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Update {
    /// To be left out.
    Skipped,
    Due,
    Begun,
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
    /// The B for which the plan's kept values are, 0 for none.
    pub(super) kept_for: usize,
    /// What follows the update, bound; and why it could not be done.
    pub(super) after: Option<Bound>,
    pub(super) failed: Option<Error>,
    /// Kinds of roots that the evaluation under way is for.
    pub(super) kinds: u8,
    /// Where steps take several evaluations.
    pub(super) several: Option<Several>,
    /// Next piece of work of the step under way (data slots, then instructions), or `None` at a step boundary.
    pub(super) at: Option<usize>,
    /// How far that piece, or after the last the update, has come, if it was begun.
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
    /// bytes of the optimizer's hyper-parameters (empty without one, or for those of the call before). `commit` is held while variables change. No steps:
    /// as `settle`.
    pub fn advance(&mut self, max_steps: usize, budget: f64, hyper: &[u8], commit: &Mutex<()>) -> Outcome {
        if max_steps == 0 {
            self.settle(commit);
            return Outcome { status: Status::More, reports: Vec::new(), committing: false };
        }
        self.pinned(|run| {
            let steps = run.steps(max_steps.min(MAX_STEPS), budget, hyper, commit);
            let status = steps.unwrap_or_else(|error| Status::Failed(run.refuse(error, commit)));
            let committing = run.committing();
            let reports = if committing { Vec::new() } else { std::mem::take(&mut run.reports) };
            Outcome { status, reports, committing }
        })
    }

    /// Back to the last completed step.
    pub(super) fn refuse(&mut self, error: Error, commit: &Mutex<()>) -> Error {
        if self.committing() {
            self.update(None, commit);
        }
        (self.at, self.turn, self.update) = (None, None, None);
        error
    }

    /// Whether a step is decided and its update under way: `settle` before anyone looks at variables.
    pub fn committing(&self) -> bool {
        matches!(self.update, Some(Update::Due | Update::Begun))
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

    pub(super) fn steps(&mut self, max_steps: usize, budget: f64, hyper: &[u8], commit: &Mutex<()>) -> Result<Status> {
        let mut budget = Budget::new(budget);
        if let Some(sweep) = &mut self.sweep {
            sweep.renew_hyper(hyper)?;
        }
        let steps = if self.data.is_empty() { max_steps } else { max_steps.min(self.steps_left()) };
        self.reports
            .try_reserve(steps * self.report_width())
            .map_err(|_| Error::new(Code::OutOfMemory, "reports: expected memory, got none"))?;
        for done in 0..max_steps {
            if self.at.is_none() && self.call.rows.is_empty() && !self.data.is_empty() {
                return Ok(Status::Done);
            }
            if let Some(status) = self.reach(&mut budget)? {
                return Ok(status);
            }
            // An update that may pause has calls of its own: who is told of steps finds the variables as they left them.
            let (cost, parts) = self.sweep.as_ref().map_or((0.0, 1), Sweep::cost);
            let pauses = self.gives_way && parts > 1;
            if pauses && done > 0 || self.update.is_none() && !budget.allows(cost / 4.0) {
                return Ok(Status::More);
            }
            if let Some(rule) = self.decide()? {
                return Ok(Status::Stopped(rule));
            }
            if !self.update(pauses.then_some(&mut budget), commit) {
                return Ok(Status::More);
            }
            if let Some(error) = self.failed.take() {
                return Err(error);
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
    pub(super) fn rows(&self) -> usize {
        if self.data.is_empty() { 1 } else { self.call.batch.min(self.call.rows.len()) }
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
