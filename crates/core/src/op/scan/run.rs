//! How `scan` runs its body: entry by entry, and where entries of the batch know nothing of each other, each thread for rows
//! of its own, side by side without waiting for each other.

use super::Scan;
use crate::error::Result;
use crate::kernel::io::Io;
use crate::kernel::place::Arg;
use crate::kernel::pool::parallel;
use crate::kernel::turn;
use crate::plan::{Body, Step};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// What one thread does.
struct Share<'a> {
    scan: &'a Scan,
    inputs: &'a [Arg],
    outputs: &'a [Arg],
    /// Length of the sequences.
    steps: usize,
    batch: usize,
    step: &'a Step,
    rows: Range<usize>,
}

pub(super) fn forward(scan: &Scan, io: &Io<'_>, body: &Body<'_>) -> Result<()> {
    let steps = io.input_type(scan.carries).dims()[0].coef;
    // Without steps there is still something to do: one part of nothing.
    let part = turn::part(steps.max(1), 1, 0);
    let ((inputs, outputs), batch, step) = (io.args(), io.batch, io.step);
    let copies = body.copies().len().min(batch).max(1);
    let refused = Mutex::new(None);
    parallel(copies, &|copy| {
        let rows = batch * copy / copies..batch * (copy + 1) / copies;
        let body = body.copies().nth(copy).expect("one of the copies");
        let share = Share { scan, inputs, outputs, steps, batch, step, rows };
        if let Err(error) = share.run(&body, part.start..part.end) {
            refused.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    });
    refused.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

impl Share<'_> {
    /// Goes on with `entries`; before the first it takes what does not change and the carries, after the last it hands those out.
    fn run(&self, body: &Body<'_>, entries: Range<usize>) -> Result<()> {
        let Scan { carries, sequences, reverse, .. } = *self.scan;
        let b = self.rows.len();
        if entries.start == 0 {
            for i in (0..carries).chain(carries + sequences..self.inputs.len()) {
                body.parameter_if(i, |parameter| parameter.at_batch(b).copy_from(&self.own(&self.inputs[i]), 1));
            }
        }
        for i in entries.start..entries.end.min(self.steps) {
            self.entry(body, if reverse { self.steps - 1 - i } else { i })?;
        }
        if entries.end >= self.steps {
            for c in 0..carries {
                let last = if self.steps == 0 { self.own(&self.inputs[c]) } else { body.result(c).at_batch(b) };
                self.own(&self.outputs[c]).copy_from(&last, 1);
            }
        }
        Ok(())
    }

    /// Entry `t`: keeps the carries, runs the body, hands its carries on and stacks its outputs.
    fn entry(&self, body: &Body<'_>, t: usize) -> Result<()> {
        let (Scan { carries, sequences, .. }, outputs) = (self.scan, self.scan.outputs());
        let (carries, sequences) = (*carries, *sequences);
        let b = self.rows.len();
        for s in carries..carries + sequences {
            body.parameter_if(s, |own| own.at_batch(b).copy_from(&self.of(&self.inputs[s], t, &own), 1));
        }
        for c in 0..carries {
            let history = &self.outputs[carries + outputs + c];
            body.parameter_if(c, |own| self.of(history, t, &own).copy_from(&own.at_batch(b), 1));
        }
        let first_row = self.step.first_row + self.rows.start as u64;
        body.run(b, &Step { scan_step: t as u32, first_row, ..*self.step })?;
        for c in 0..carries {
            body.parameter_if(c, |own| own.copy_from(&body.result(c), b));
        }
        for o in 0..outputs {
            let own = body.result(carries + o);
            self.of(&self.outputs[carries + o], t, &own).copy_from(&own.at_batch(b), 1);
        }
        Ok(())
    }

    /// The rows of a value that has any, or all of it.
    fn own(&self, value: &Arg) -> Arg {
        let whole = value.at_batch(self.batch);
        if value.has_rows() { whole.part(self.rows.clone(), self.batch) } else { whole }
    }

    /// Entry `t` of a stack, of which the body has `own`.
    fn of(&self, stack: &Arg, t: usize, own: &Arg) -> Arg {
        let entry = stack.at_batch(self.batch).entry(t, self.steps);
        if own.has_rows() { entry.part(self.rows.clone(), self.batch) } else { entry }
    }
}
