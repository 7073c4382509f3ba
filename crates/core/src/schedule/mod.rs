//! Schedules: pure functions of the step, so that a run resumed at any step goes on with the same numbers. They know no
//! optimizer and keep no state. To add one: write its file, add its word to the registry, add its reference numbers. What is
//! made of other schedules (`join`, `product`, `points`) has no name here: TypeScript's classes give it many.

use crate::declare::{Declared, Docs, Entry, find};
use crate::error::{Code, Error, Result};

mod join;
mod points;
mod product;
mod source;

pub use source::Source;

/// A number as a function of the step.
pub trait Schedule: Send + Sync {
    /// The value at `step`, counted from 0.
    fn at(&self, step: u64) -> f64;
}

/// How a schedule is made from its numbers and switches, in declared order.
pub type Build = fn(&[f64], &[bool]) -> Box<dyn Schedule>;

macro_rules! registry {
    ($($module:ident::$unit:ident),+ $(,)?) => {
        $(pub mod $module;)+

        /// Every schedule there is.
        pub static SCHEDULES: &[Entry<Build>] = &[$(Entry {
            declaration: <$module::$unit as Declared>::DECLARATION,
            build: |numbers, switches| Box::new($module::$unit::with(numbers, switches)),
        }),+];

        /// What each of them says about itself in words.
        pub static SCHEDULE_DOCS: &[Docs] = &[$(<$module::$unit as Declared>::DOCS),+];
    };
}

registry![
    exponential_decay::ExponentialDecay,
    inverse_time_decay::InverseTimeDecay,
    polynomial_decay::PolynomialDecay,
    cosine_decay::CosineDecay,
    cosine_decay_restarts::CosineDecayRestarts,
    cosine_annealing::CosineAnnealingLr,
    triangular::Triangular,
    warmup_stable_decay::WarmupStableDecay,
    noam::Noam,
];

/// Makes a schedule from its name and its numbers, then its switches as 0 or 1, in declared order.
///
/// # Errors
/// `UNKNOWN_NAME`; `PLAN_INVALID` when there are more or fewer than declared.
pub fn build(name: &str, values: &[f64]) -> Result<Box<dyn Schedule>> {
    let entry = find(SCHEDULES, "schedule", name)?;
    let (numbers, switches) = (entry.declaration.hypers.len(), entry.declaration.options.len());
    if values.len() != numbers + switches {
        let expected = || format!("{name}: expected {} values, got {}", numbers + switches, values.len());
        return Err(Error::of(Code::PlanInvalid, expected));
    }
    let switches: Vec<bool> = values[numbers..].iter().map(|&value| value != 0.0).collect();
    Ok((entry.build)(&values[..numbers], &switches))
}
