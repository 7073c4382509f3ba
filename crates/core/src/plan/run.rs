//! A run: a plan bound to buffers, advancing step by step. A step is gather → instructions → (stop?) → commit, and may
//! pause between any two instructions; nothing a caller can see changes before the commit, and the commit finishes.

use super::Plan;
use super::call::Call;
use super::program::{Bound, Step};
use super::update::Sweep;
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Type};
use crate::kernel::gather::gather;
use crate::kernel::memory::Buffer;
use crate::kernel::place::Arg;
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
}

/// A data set and the place its rows are gathered into.
pub(super) struct DataSlot {
    pub(super) buffer: Arc<Buffer>,
    pub(super) dtype: DType,
    pub(super) into: Arg,
    pub(super) row: usize,
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
    /// Next instruction of the step under way, or `None` at a step boundary.
    pub(super) pc: Option<usize>,
    pub(super) reports: Vec<f64>,
    pub(super) best: f64,
    pub(super) waited: u64,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("call", &self.call).field("pc", &self.pc).finish_non_exhaustive()
    }
}

impl Run {
    /// Runs up to `max_steps` steps, or until about `budget` nanoseconds of estimated work are done. `hyper` are the
    /// bytes of the optimizer's hyper-parameters (empty without one). `commit` is held while variables change.
    pub fn advance(&mut self, max_steps: usize, budget: f64, hyper: &[u8], commit: &Mutex<()>) -> Outcome {
        self.pinned(|run| {
            let status = run.steps(max_steps.min(MAX_STEPS), budget, hyper, commit);
            let status = status.unwrap_or_else(|error| {
                run.pc = None;
                Status::Failed(error)
            });
            Outcome { status, reports: std::mem::take(&mut run.reports) }
        })
    }

    fn steps(&mut self, max_steps: usize, mut budget: f64, hyper: &[u8], commit: &Mutex<()>) -> Result<Status> {
        if let Some(sweep) = &mut self.sweep {
            sweep.set_hyper(hyper)?;
        }
        let width = REPORT_HEAD + self.plan.report_len();
        let steps = if self.data.is_empty() { max_steps } else { max_steps.min(self.steps_left()) };
        self.reports
            .try_reserve(steps * width)
            .map_err(|_| Error::new(Code::OutOfMemory, "reports: expected memory, got none"))?;
        for _ in 0..max_steps {
            if self.pc.is_none() && self.call.rows.is_empty() && !self.data.is_empty() {
                return Ok(Status::Done);
            }
            if !self.step(&mut budget)? {
                return Ok(Status::More);
            }
            if let Some(rule) = self.finish(commit)? {
                return Ok(Status::Stopped(rule));
            }
            if budget <= 0.0 {
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
    fn step(&mut self, budget: &mut f64) -> Result<bool> {
        let b = self.rows();
        let step = Step { seed: self.call.seed, iteration: self.call.iteration, first_row: 0, scan_step: 0 };
        if self.pc.is_none() {
            for slot in &self.data {
                let start = self.call.rows.start;
                let rows = self.order.as_ref().map(|order| &order[start..start + b]);
                gather(&slot.into, &slot.buffer, slot.dtype, slot.row, start, rows, b)?;
                *budget -= (b * slot.row) as f64 * 0.3;
            }
            self.pc = Some(0);
        }
        while let Some(pc) = self.pc
            && pc < self.plan.program.len()
        {
            if *budget <= 0.0 {
                return Ok(false);
            }
            self.plan.program.run(pc, &self.bound, b, &step)?;
            *budget -= self.plan.program.cost(pc);
            self.pc = Some(pc + 1);
        }
        Ok(true)
    }

    /// Decides whether the step may commit, then commits it and goes on to the next rows.
    fn finish(&mut self, commit: &Mutex<()>) -> Result<Option<&'static str>> {
        let b = self.rows();
        let [_, writes, assigns, gradients] = self.plan.root_starts();
        let loss = (writes > 0).then(|| self.bound.roots[0].number());
        let decided = match &mut self.sweep {
            Some(sweep) => sweep.decide(self.call.updates, loss)?,
            None => StepReport { gradient_norm: f64::NAN, learning_rate: f64::NAN, skipped: false },
        };
        let stop = self.stop_rule(loss.unwrap_or(f64::NAN), decided.gradient_norm);
        self.reports.extend([
            b as f64,
            f64::from(u8::from(decided.skipped)),
            decided.gradient_norm,
            decided.learning_rate,
        ]);
        self.reports.extend(self.bound.roots[..writes].iter().map(Arg::number));
        if stop.is_none() {
            // A panic while this is held poisons it: that is how the engine knows of half-written variables.
            let _held = commit.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if !decided.skipped {
                for ((_, slot), value) in self.plan.assigns.iter().zip(&self.bound.roots[assigns..gradients]) {
                    value.write_to(&self.variables[*slot], 0, b);
                }
                if let Some(sweep) = &mut self.sweep {
                    sweep.commit(self.call.updates);
                    self.call.updates += 1;
                }
            }
            let first = self.call.rows.start;
            for ((buffer, ty), value) in self.outputs.iter().zip(&self.bound.roots[writes..assigns]) {
                let offset = if ty.size().power == 1 { ty.size().coef * ty.dtype.bytes() * first } else { 0 };
                value.write_to(buffer, offset, b);
            }
            self.call.iteration += 1;
            self.call.rows.start += if self.data.is_empty() { 0 } else { b };
            self.pc = None;
        }
        Ok(stop)
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
