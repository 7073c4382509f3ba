//! The numbers of a step, looked at before they reach a parameter.

use super::SHARED;
use super::step::Step;
use crate::declare::camel;
use crate::error::{Code, Error, Result, describe};
use std::cmp::Ordering;

impl Step {
    /// A schedule or a function may have given anything: refused before it reaches a parameter.
    ///
    /// # Errors
    /// `INVALID_VALUE` for a number that is out of its range, `NON_FINITE` for one that is not finite.
    pub fn check_hyper(&self, hyper: &[f64], t: u64) -> Result<()> {
        let declared = SHARED.iter().chain(&self.hypers).map(Some).chain(std::iter::repeat(None));
        for ((index, &value), declared) in hyper.iter().enumerate().zip(declared) {
            if value.is_nan() && declared.is_some_and(|hyper| hyper.default.is_nan()) {
                continue;
            }
            let name = || declared.map_or_else(|| format!("number {index}"), |hyper| camel(hyper.name));
            if value.abs().partial_cmp(&f64::from(f32::MAX)).is_none_or(Ordering::is_gt) {
                let message = || format!("step {t}: expected a finite {}, got {}", name(), describe(value));
                return Err(Error::of(Code::NonFinite, message));
            }
            if let Some(hyper) = declared.filter(|hyper| !hyper.range.contains(value)) {
                let message =
                    || format!("step {t}: expected {} in {}, got {}", name(), hyper.range.text(), describe(value));
                return Err(Error::of(Code::InvalidValue, message));
            }
        }
        Ok(())
    }
}
