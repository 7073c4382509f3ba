//! What surrounds the rule in every step, in Keras's order: norms → refusal → clip → decay → rule. All that can refuse a
//! step is decided before the first write, and nothing here allocates once the first step is done.

use super::{CLIPNORM, CLIPVALUE, GLOBAL_CLIPNORM, LEARNING_RATE, Optimizer, SHARED, WEIGHT_DECAY};
use crate::error::{Code, Error, Result, describe};
use crate::kernel::reduce::{all_finite, sum_squares_f64};
use crate::kernel::sweep::{Segment, Stage};
use std::cmp::Ordering;

/// What to do when a gradient is NaN or infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNonFinite {
    /// Refuse the step with an error that names the parameter.
    Throw,
    /// Leave out the step and say so.
    Skip,
    /// Go on: NaN will spread, as in Keras.
    Propagate,
}

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// L2 norm of all gradients before clipping; NaN where no one needed it.
    pub gradient_norm: f64,
    /// The learning rate of the step.
    pub learning_rate: f64,
    /// Whether the step was left out because a gradient was not finite.
    pub skipped: bool,
}

/// The surroundings of the steps of one run: made once, with the memory that every step reuses.
pub struct Step {
    /// What to do about gradients that are not finite.
    pub on_non_finite: OnNonFinite,
    /// Whether the norm is wanted for its own sake.
    pub wants_norm: bool,
    /// Names of the parameters, for errors.
    names: Vec<String>,
    square_sums: Vec<f64>,
}

impl Step {
    /// For segments with these names, in their order.
    pub fn new(on_non_finite: OnNonFinite, wants_norm: bool, names: Vec<String>) -> Self {
        Self { on_non_finite, wants_norm, names, square_sums: Vec::new() }
    }

    /// Decides step `t` (the first is 1): refused, skipped or made, and with which scale of each gradient. `hyper` holds
    /// [`SHARED`], then the optimizer's own numbers; `loss` is there where the gradients are those of one. Writes no
    /// parameter.
    ///
    /// # Errors
    /// `NON_FINITE` for a number of the step that is not finite, and under [`OnNonFinite::Throw`] for a gradient or the loss.
    pub fn decide(
        &mut self,
        hyper: &[f64],
        t: u64,
        loss: Option<f64>,
        segments: &mut [Segment<'_>],
    ) -> Result<StepReport> {
        check_hyper(hyper, t)?;
        let mut report = StepReport { gradient_norm: f64::NAN, learning_rate: hyper[LEARNING_RATE], skipped: false };
        let clips = !hyper[CLIPNORM].is_nan() || !hyper[GLOBAL_CLIPNORM].is_nan();
        let norms = clips || self.wants_norm;
        if norms {
            self.square_sums.clear();
            for segment in segments.iter() {
                self.square_sums.push(sum_squares_f64(segment.gradient()));
            }
            report.gradient_norm = self.square_sums.iter().sum::<f64>().sqrt();
        }
        if self.on_non_finite != OnNonFinite::Propagate {
            let finite = |segment: &Segment| all_finite(segment.gradient());
            report.skipped = if norms { !report.gradient_norm.is_finite() } else { !segments.iter().all(finite) };
            if report.skipped {
                return if self.on_non_finite == OnNonFinite::Skip {
                    Ok(report)
                } else {
                    Err(self.non_finite(t, segments))
                };
            }
        }
        if let Some(loss) = loss.filter(|loss| !loss.is_finite() && self.on_non_finite != OnNonFinite::Propagate) {
            report.skipped = true;
            return if self.on_non_finite == OnNonFinite::Skip { Ok(report) } else { Err(bad_loss(t, loss)) };
        }
        for (index, segment) in segments.iter_mut().enumerate() {
            let own = if clips { self.square_sums[index].sqrt() } else { 0.0 };
            let scale = shrink(own, hyper[CLIPNORM]) * shrink(report.gradient_norm, hyper[GLOBAL_CLIPNORM]);
            segment.gradient_scale = scale as f32;
        }
        Ok(report)
    }

    /// Makes the step that [`Step::decide`] allowed.
    pub fn commit(&self, optimizer: &dyn Optimizer, hyper: &[f64], t: u64, segments: &mut [Segment<'_>]) {
        let clip_value = if hyper[CLIPVALUE].is_nan() { f32::INFINITY } else { hyper[CLIPVALUE] as f32 };
        let decay = if hyper[WEIGHT_DECAY].is_nan() { 0.0 } else { hyper[LEARNING_RATE] * hyper[WEIGHT_DECAY] };
        optimizer.step(hyper, t, &Stage { clip_value, decay: decay as f32 }, segments);
    }

    /// Decides step `t` and makes it.
    ///
    /// # Errors
    /// As [`Step::decide`]; nothing has been written then.
    pub fn apply(
        &mut self,
        optimizer: &dyn Optimizer,
        hyper: &[f64],
        t: u64,
        segments: &mut [Segment<'_>],
    ) -> Result<StepReport> {
        let report = self.decide(hyper, t, None, segments)?;
        if !report.skipped {
            self.commit(optimizer, hyper, t, segments);
        }
        Ok(report)
    }

    fn non_finite(&self, t: u64, segments: &[Segment<'_>]) -> Error {
        let bad = segments.iter().position(|segment| !all_finite(segment.gradient()));
        let name = bad.and_then(|index| self.names.get(index)).map_or("?", String::as_str);
        let hint = "if the data are finite: lower the learning rate, clip the gradients, or set onNonFinite";
        let message = format!("step {t}: expected a finite gradient of '{name}', got NaN or infinity ({hint})");
        Error::new(Code::NonFinite, message)
    }
}

fn bad_loss(t: u64, loss: f64) -> Error {
    let hint = "if the data are finite: keep log, sqrt and division within their domain, or set onNonFinite";
    Error::new(Code::NonFinite, format!("step {t}: expected a finite loss, got {} ({hint})", describe(loss)))
}

/// What is left of a gradient of L2 norm `norm` that may have `limit` (NaN: any): exactly 1 up to the limit, so that a
/// gradient of zero is harmless.
fn shrink(norm: f64, limit: f64) -> f64 {
    if norm > limit {
        limit / norm
    } else if norm.is_nan() && !limit.is_nan() {
        f64::NAN
    } else {
        1.0
    }
}

/// A schedule or a function may have given NaN, or more than f32 holds: refused before it reaches a parameter.
fn check_hyper(hyper: &[f64], t: u64) -> Result<()> {
    let optional = WEIGHT_DECAY..SHARED.len();
    for (index, value) in hyper.iter().enumerate() {
        let absent = value.is_nan() && optional.contains(&index);
        if !absent && value.abs().partial_cmp(&f64::from(f32::MAX)).is_none_or(Ordering::is_gt) {
            let name = if index == LEARNING_RATE { "the learning rate" } else { "every hyper-parameter" };
            let got = describe(*value);
            return Err(Error::new(Code::NonFinite, format!("step {t}: expected {name} to be finite, got {got}")));
        }
    }
    Ok(())
}
