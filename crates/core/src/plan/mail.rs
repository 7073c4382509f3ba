//! One step on what a message brings: gradients go in and the step's numbers come out in one crossing, into memory that both
//! sides keep between steps. Refuses messages that are shorter than they say.

use super::run::{REPORT_HEAD, Run, Status};
use crate::error::{Code, Error, Result};
use std::sync::Mutex;

/// Doubles in front of a message. Going in: updates made so far, slots that are given, bytes of hyper-parameters. Coming
/// out: the step's report. Then the slots as u32, their contents, the hyper-parameters (none: those of the step before).
pub const MAIL_HEAD: usize = 8;

impl Run {
    /// Makes one step. On an error nothing has changed but what was given. The run belongs to a plan without data, and no
    /// other thread uses its buffers: they are not pinned, which for many small ones would take longer than the step.
    ///
    /// # Errors
    /// `PLAN_INVALID` for another message; those of steps.
    pub fn step_by_mail(&mut self, mail: &mut [u8], commit: &Mutex<()>) -> Result<()> {
        let short = || Error::new(Code::PlanInvalid, "mail: expected a whole message, got less");
        let (head, mut rest) = mail.split_at_mut_checked(8 * MAIL_HEAD).ok_or_else(short)?;
        let number = |at: usize| f64::from_le_bytes(head[8 * at..8 * at + 8].try_into().expect("eight bytes"));
        let [updates, count, hyper] = [0, 1, 2].map(number);
        let mut take = |len: usize| {
            let (part, left) = std::mem::take(&mut rest).split_at_mut_checked(len).ok_or_else(short)?;
            rest = left;
            Ok::<&[u8], Error>(part)
        };
        let slots = take((count as usize).saturating_mul(4))?;
        for slot in slots.as_chunks::<4>().0 {
            let buffer = self.variables.get(u32::from_le_bytes(*slot) as usize).ok_or_else(short)?;
            buffer.write(0, take(buffer.len())?)?;
        }
        let hyper = take(hyper as usize)?;
        self.call.updates = updates as u64;
        self.reports.clear();
        while self.reports.is_empty() {
            match self.steps(1, f64::MAX, hyper, commit) {
                Ok(Status::More) => {}
                Ok(_) => break,
                Err(error) => return Err(self.refuse(error, commit)),
            }
        }
        for (bytes, number) in head.as_chunks_mut::<8>().0.iter_mut().zip(self.reports.iter().take(REPORT_HEAD)) {
            *bytes = number.to_le_bytes();
        }
        self.reports.clear();
        Ok(())
    }
}
