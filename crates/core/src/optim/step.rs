//! What surrounds the rule in every step, in Keras's order: norms → refusal → clip → decay → rule. All that can refuse a
//! step is decided before the first write, and nothing here allocates once the first step is done.

use super::{CLIPNORM, CLIPVALUE, GLOBAL_CLIPNORM, LEARNING_RATE, Optimizer, SHARED, Tick, WEIGHT_DECAY};
use crate::declare::{Decay, Hyper, camel};
use crate::error::{Code, Error, Result, describe};
use crate::kernel::reduce::{all_finite, sum_squares_f64};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::Stage;
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
    /// The optimizer's own numbers, for the ranges that schedules must keep within.
    pub hypers: &'static [Hyper],
    /// What becomes of the weight decay.
    pub decay: Decay,
    /// Whether to go up instead of down: gradients change their sign before anything else.
    pub maximize: bool,
    /// Names of the parameters, for errors.
    names: Vec<String>,
    square_sums: Vec<f64>,
}

impl Step {
    /// For segments with these names, in their order.
    pub fn new(on_non_finite: OnNonFinite, wants_norm: bool, names: Vec<String>) -> Self {
        Self {
            on_non_finite,
            wants_norm,
            hypers: &[],
            decay: Decay::Decoupled,
            maximize: false,
            names,
            square_sums: Vec::new(),
        }
    }

    /// Decides step `t` (the first is 1): refused, skipped or made, and with which scale of each gradient. `hyper` holds
    /// [`SHARED`], then the optimizer's own numbers; `loss` is there where the gradients are those of one. Writes no
    /// parameter.
    ///
    /// # Errors
    /// `INVALID_VALUE` for a number of the step that is out of its range, `NON_FINITE` for one that is not finite, and under [`OnNonFinite::Throw`] for a gradient or the loss.
    pub fn decide(
        &mut self,
        hyper: &[f64],
        t: u64,
        loss: Option<f64>,
        segments: &mut [Segment<'_>],
    ) -> Result<StepReport> {
        self.check_hyper(hyper, t)?;
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
            segment.gradient_scale = if self.maximize { -scale as f32 } else { scale as f32 };
        }
        Ok(report)
    }

    /// Makes the step that [`Step::decide`] allowed.
    pub fn commit(&self, optimizer: &mut Optimizer, hyper: &[f64], t: u64, segments: &mut [Segment<'_>]) {
        let learning_rate = hyper[LEARNING_RATE];
        let mut tick = Tick { t, learning_rate, stage: Stage::NONE, decay: 0.0 };
        if !hyper[CLIPVALUE].is_nan() {
            tick.stage.clip_value = hyper[CLIPVALUE] as f32;
        }
        let decay = if hyper[WEIGHT_DECAY].is_nan() { 0.0 } else { hyper[WEIGHT_DECAY] };
        match self.decay {
            Decay::Decoupled => tick.stage.decay = (learning_rate * decay) as f32,
            Decay::Independent => tick.stage.decay = decay as f32,
            Decay::Coupled => tick.stage.l2 = decay as f32,
            Decay::Inside => tick.decay = decay,
        }
        optimizer.step(hyper, &tick, segments);
    }

    /// Decides step `t` and makes it.
    ///
    /// # Errors
    /// As [`Step::decide`]; nothing has been written then.
    pub fn apply(
        &mut self,
        optimizer: &mut Optimizer,
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

    /// A schedule or a function may have given anything: refused before it reaches a parameter.
    fn check_hyper(&self, hyper: &[f64], t: u64) -> Result<()> {
        let declared = SHARED.iter().chain(self.hypers).map(Some).chain(std::iter::repeat(None));
        for ((index, &value), declared) in hyper.iter().enumerate().zip(declared) {
            if value.is_nan() && declared.is_some_and(|hyper| hyper.default.is_nan()) {
                continue;
            }
            let name = || declared.map_or_else(|| format!("number {index}"), |hyper| camel(hyper.name));
            if value.abs().partial_cmp(&f64::from(f32::MAX)).is_none_or(Ordering::is_gt) {
                let message = format!("step {t}: expected a finite {}, got {}", name(), describe(value));
                return Err(Error::new(Code::NonFinite, message));
            }
            if let Some(hyper) = declared.filter(|hyper| !hyper.range.contains(value)) {
                let message =
                    format!("step {t}: expected {} in {}, got {}", name(), hyper.range.text(), describe(value));
                return Err(Error::new(Code::InvalidValue, message));
            }
        }
        Ok(())
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
