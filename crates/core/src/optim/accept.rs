//! What a step looks at before it writes anything: gradients, loss and curvature that are not finite.

use super::step::Step;
use crate::error::{Code, Error, Result, describe};
use crate::kernel::reduce::all_finite;
use crate::kernel::segment::Segment;

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

impl Step {
    /// Refuses step `t` (the first is 1) or lets it pass: false where it is to be left out. `norm` is that of the gradients,
    /// NaN where nobody took it (then they are looked through); `loss` is there where they are those of one.
    ///
    /// # Errors
    /// `NON_FINITE` under [`OnNonFinite::Throw`] for a gradient or the loss.
    pub fn accepts(&self, t: u64, norm: Option<f64>, loss: Option<f64>, segments: &[Segment<'_>]) -> Result<bool> {
        if self.on_non_finite == OnNonFinite::Propagate {
            return Ok(true);
        }
        let finite = |segment: &Segment| all_finite(segment.gradient());
        let good = norm.map_or_else(|| segments.iter().all(finite), f64::is_finite);
        let loss = loss.filter(|loss| !loss.is_finite());
        match self.on_non_finite {
            _ if good && loss.is_none() => Ok(true),
            OnNonFinite::Skip => Ok(false),
            _ if good => Err(bad_loss(t, loss.unwrap_or(f64::NAN))),
            _ => Err(self.non_finite(t, segments)),
        }
    }

    /// As [`Step::accepts`], of the estimates of the Hessian's diagonal that step `t` looks at.
    ///
    /// # Errors
    /// `NEEDS_LOSS` where there are none, `NON_FINITE` under [`OnNonFinite::Throw`].
    pub fn accepts_curvature(&self, t: u64, segments: &[Segment<'_>]) -> Result<bool> {
        for (index, segment) in segments.iter().enumerate() {
            let name = self.names.get(index).map_or("?", String::as_str);
            let Some(curvature) = segment.curvature() else {
                let hint = "pass { hessianDiagonals }, or use minimize or fit";
                let message = format!("step {t}: expected the Hessian's diagonal of '{name}', got none ({hint})");
                return Err(Error::new(Code::NeedsLoss, message));
            };
            if self.on_non_finite == OnNonFinite::Propagate || all_finite(curvature) {
                continue;
            }
            if self.on_non_finite == OnNonFinite::Skip {
                return Ok(false);
            }
            let message = format!("step {t}: expected a finite Hessian's diagonal of '{name}', got NaN or infinity");
            return Err(Error::new(Code::NonFinite, message));
        }
        Ok(true)
    }

    /// The error of step `t` for what it evaluated on the way.
    pub fn refuses(&self, t: u64, loss: f64, segments: &[Segment<'_>]) -> Error {
        if loss.is_finite() { self.non_finite(t, segments) } else { bad_loss(t, loss) }
    }

    fn non_finite(&self, t: u64, segments: &[Segment<'_>]) -> Error {
        let bad = segments.iter().position(|segment| !all_finite(segment.gradient()));
        let name = bad.and_then(|index| self.names.get(index)).map_or("?", String::as_str);
        let hint = "if the data are finite: lower the learning rate, clip the gradients, or set onNonFinite";
        let expected = [": expected a finite gradient of '", name, "', got NaN or infinity (", hint, ")"].concat();
        Error::new(Code::NonFinite, ["step ", &t.to_string(), &expected].concat())
    }
}

fn bad_loss(t: u64, loss: f64) -> Error {
    let hint = "if the data are finite: keep log, sqrt and division within their domain, or set onNonFinite";
    let got = [": expected a finite loss, got ", &describe(loss), " (", hint, ")"].concat();
    Error::new(Code::NonFinite, ["step ", &t.to_string(), &got].concat())
}
