//! The pieces of one step of a run: gather and compute, decide, update, finish. Each but the last may pause when the
//! budget of the call ends, and goes on where it was.

use super::program::{GRADIENTS, OTHERS, Step, parts};
use super::run::{DataSlot, REPORT_HEAD, Run, Update};
use super::sweep::{StepReport, Sweep};
use crate::error::Result;
use crate::kernel::gather::gather;
use crate::kernel::place::Arg;
use crate::kernel::turn::Turn;
use std::sync::{Mutex, PoisonError};

/// Where the norm of the update stands in a step's report.
const UPDATE_NORM: usize = 4;

/// Estimated nanoseconds that a call may still take. Nothing begins that does not fit, but for the first thing, so that
/// every call gets on.
pub(super) struct Budget {
    pub(super) left: f64,
    begun: bool,
}

impl Budget {
    pub(super) fn new(left: f64) -> Self {
        Budget { left, begun: false }
    }

    /// Whether work of that cost may begin; then it is charged.
    pub(super) fn allows(&mut self, cost: f64) -> bool {
        if self.begun && cost > self.left {
            return false;
        }
        (self.left, self.begun) = (self.left - cost, true);
        true
    }
}

impl DataSlot {
    /// Rough nanoseconds of a turn of gathering `b` rows, and the turns it takes.
    fn cost(&self, b: usize) -> (f64, usize) {
        let cost = (b * self.row) as f64 * 0.3;
        (cost / parts(cost) as f64, parts(cost))
    }
}

impl Run {
    /// Gathers and computes; false when the budget ended first.
    pub(super) fn work(&mut self, budget: &mut Budget) -> Result<bool> {
        let b = self.rows();
        let step = Step { seed: self.call.seed, iteration: self.call.iteration, first_row: 0, scan_step: 0 };
        let slots = self.data.len();
        let end = slots + self.plan.program.len();
        let mut at = self.at.unwrap_or(0);
        let kept = slots + self.plan.program.kept;
        while at < end {
            if at == slots && kept > slots {
                if self.kept_for == b {
                    at = kept;
                    continue;
                }
                self.kept_for = 0;
            }
            if at == kept && self.is_short(budget) {
                self.plan.program.run_from(kept - slots, &self.bound, b, &step)?;
                at = end;
                break;
            }
            if at >= kept && !self.plan.program.serves(at - slots, self.kinds) {
                at += 1;
                continue;
            }
            let (cost, parts) = match at.checked_sub(slots) {
                Some(pc) => self.plan.program.cost(pc),
                None => self.data[at].cost(b),
            };
            if !budget.allows(cost) {
                self.at = Some(at);
                return Ok(false);
            }
            let done = match at.checked_sub(slots) {
                Some(pc) if parts == 1 => {
                    self.plan.program.run(pc, &self.bound, b, &step)?;
                    true
                }
                None if parts == 1 => {
                    self.gather(at, b)?;
                    true
                }
                _ => self.turn(at, b, &step, budget)?,
            };
            at += usize::from(done);
        }
        (self.at, self.kept_for) = (Some(at), b);
        Ok(true)
    }

    /// Whether all instructions but those kept may run at once; then they are charged.
    fn is_short(&self, budget: &mut Budget) -> bool {
        let all = self.kinds & (GRADIENTS | OTHERS) == GRADIENTS | OTHERS && self.turn.is_none();
        self.plan.program.short.is_some_and(|cost| all && cost <= budget.left && budget.allows(cost))
    }

    /// The next turn of a long piece of work; whether it was the last.
    #[inline(never)]
    fn turn(&mut self, at: usize, b: usize, step: &Step, budget: &mut Budget) -> Result<bool> {
        let slots = self.data.len();
        let (cost, parts) = if at < slots { self.data[at].cost(b) } else { self.plan.program.cost(at - slots) };
        let mut turn = self.turn.unwrap_or_else(|| Turn::first(parts));
        let (done, more) = turn.take(|| match at.checked_sub(slots) {
            Some(pc) => self.plan.program.run(pc, &self.bound, b, step),
            None => self.gather(at, b),
        });
        done?;
        if !more && self.turn.is_none() {
            // It could not be cut.
            budget.left -= cost * (parts - 1) as f64;
        }
        self.turn = more.then_some(turn);
        Ok(!more)
    }

    /// The rows of a data slot.
    fn gather(&self, slot: usize, b: usize) -> Result<()> {
        let (slot, start) = (&self.data[slot], self.call.rows.start);
        let rows = self.order.as_ref().map(|order| &order[start..start + b]);
        gather(&slot.into, &slot.buffer, slot.dtype, slot.row, start, rows, b)
    }

    /// Decides whether the step may commit, and reports it; the name of the stop rule that holds.
    pub(super) fn decide(&mut self) -> Result<Option<&'static str>> {
        if self.update.is_some() {
            return Ok(None);
        }
        let writes = self.plan.root_starts()[1];
        let loss = (writes > 0).then(|| self.bound.roots[0].number());
        let b = self.rows();
        let decided = match &mut self.sweep {
            Some(sweep) => sweep.decide(self.call.updates, b, loss)?,
            None => StepReport::NONE,
        };
        let stop = self.stop_rule(loss.unwrap_or(f64::NAN), decided.gradient_norm);
        self.reports.extend([
            self.rows() as f64,
            f64::from(u8::from(decided.skipped)),
            decided.gradient_norm,
            decided.learning_rate,
            decided.update_norm,
        ]);
        self.reports.extend(self.bound.roots[..writes].iter().map(Arg::number));
        if stop.is_none() {
            self.update = Some(if decided.skipped { Update::Skipped } else { Update::Due });
        }
        Ok(stop)
    }

    /// Changes the variables; false when the budget, where it may pause for one, ended first.
    pub(super) fn update(&mut self, budget: Option<&mut Budget>, commit: &Mutex<()>) -> bool {
        if self.update == Some(Update::Done) {
            return true;
        }
        // A panic while this is held poisons it: that is how the engine knows of half-written variables.
        let _held = commit.lock().unwrap_or_else(PoisonError::into_inner);
        if self.update == Some(Update::Skipped) {
            self.sweep.iter_mut().for_each(Sweep::skip);
            self.update = Some(Update::Done);
            return true;
        }
        if self.update == Some(Update::Due) {
            self.assign();
        }
        if budget.is_some() || self.update == Some(Update::Begun) {
            if !self.sweep_in_turns(budget) {
                return false;
            }
        } else if let Some(sweep) = &mut self.sweep {
            sweep.commit(self.call.updates);
        }
        if let (Some(after), Some(bound)) = (&self.plan.after, &self.after) {
            let step = Step { seed: self.call.seed, iteration: self.call.iteration, first_row: 0, scan_step: 0 };
            self.failed = after.run(bound, &self.variables, &step).err();
        }
        if let Some(sweep) = &self.sweep {
            self.call.updates += 1;
            let at = self.reports.len() - self.plan.report_len() - REPORT_HEAD + UPDATE_NORM;
            self.reports[at] = sweep.update_norm();
        }
        self.update = Some(Update::Done);
        true
    }

    /// The optimizer's sweep, or what is left of it.
    #[inline(never)]
    fn sweep_in_turns(&mut self, mut budget: Option<&mut Budget>) -> bool {
        let Some(sweep) = &mut self.sweep else { return true };
        let (cost, parts) = sweep.cost();
        let mut turn = self.turn.take().unwrap_or_else(|| Turn::first(parts));
        self.update = Some(Update::Begun);
        loop {
            if budget.as_mut().is_some_and(|budget| !budget.allows(cost / parts as f64)) {
                self.turn = Some(turn);
                return false;
            }
            if !turn.take(|| sweep.commit(self.call.updates)).1 {
                return true;
            }
        }
    }

    /// Sets the variables that a step sets to values of its own.
    fn assign(&self) {
        let [_, _, assigns, gradients] = self.plan.root_starts();
        for ((_, slot), root) in self.plan.assigns.iter().zip(assigns..gradients) {
            self.result(root).write_to(&self.variables[*slot], 0, self.rows());
        }
    }

    /// Writes the outputs and goes on to the next rows.
    pub(super) fn finish(&mut self) {
        let (b, [_, writes, assigns, _]) = (self.rows(), self.plan.root_starts());
        let first = if self.data.is_empty() { 0 } else { self.call.rows.start };
        for ((buffer, ty), root) in self.outputs.iter().zip(writes..assigns) {
            let offset = if ty.size().power == 1 { ty.size().coef * ty.dtype.bytes() * first } else { 0 };
            self.result(root).write_to(buffer, offset, b);
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
}
