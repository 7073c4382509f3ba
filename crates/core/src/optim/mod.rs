//! The optimizers. Each is a declaration and a rule in a file of its own; this file lists them and says what they have
//! in common. They know neither each other's numbers, nor where memory lies, nor which CPU runs them.
//!
//! To add one: write its file, add its word to the registry, add its reference numbers to the tests.

use crate::declare::{ABSENT, Declared, Entry, Hyper, REQUIRED, Range, prose};
use crate::error::Result;
use crate::kernel::sweep::{Segment, Stage};
use crate::reader::Reader;

pub mod hyper;
pub mod step;

/// An optimizer with its switches set. Whole-tensor ones implement this directly, elementwise ones through [`Update`].
pub trait Optimizer: Send + Sync {
    /// Updates every segment in place. `hyper` holds [`SHARED`], then its own numbers; `t` counts steps from 1.
    fn step(&self, hyper: &[f64], t: u64, stage: &Stage, segments: &mut [Segment<'_>]);
}

/// How a declared optimizer makes one step of its own numbers.
pub trait Update: Declared + Send + Sync {
    /// Updates every segment in place; `t` counts steps from 1.
    fn step(&self, learning_rate: f64, t: u64, stage: &Stage, segments: &mut [Segment<'_>]);
}

/// A declared optimizer whose switches are known and whose numbers come with each step.
struct Configured<U> {
    flags: Vec<bool>,
    kind: std::marker::PhantomData<fn() -> U>,
}

impl<U: Update> Optimizer for Configured<U> {
    fn step(&self, hyper: &[f64], t: u64, stage: &Stage, segments: &mut [Segment<'_>]) {
        U::with(&hyper[SHARED.len()..], &self.flags).step(hyper[LEARNING_RATE], t, stage, segments);
    }
}

fn build<U: Update + 'static>(flags: &[bool]) -> Box<dyn Optimizer> {
    Box::new(Configured::<U> { flags: flags.to_vec(), kind: std::marker::PhantomData })
}

/// How an optimizer is made from its flags (see [`Declaration::flags`](crate::declare::Declaration::flags)).
pub type Build = fn(&[bool]) -> Box<dyn Optimizer>;

macro_rules! registry {
    ($($module:ident::$unit:ident),+ $(,)?) => {
        $(pub mod $module;)+

        /// Every optimizer there is.
        pub static OPTIMIZERS: &[Entry<Build>] =
            &[$(Entry { declaration: <$module::$unit as Declared>::DECLARATION, build: build::<$module::$unit> }),+];
    };
}

registry![sgd::Sgd, momentum::Momentum, rmsprop::RmsProp, adam::Adam, adamw::AdamW];

/// Positions in [`SHARED`].
pub const LEARNING_RATE: usize = 0;
/// Position of the decoupled weight decay.
pub const WEIGHT_DECAY: usize = 1;
/// Position of the largest norm of one gradient.
pub const CLIPNORM: usize = 2;
/// Position of the largest element of a gradient.
pub const CLIPVALUE: usize = 3;
/// Position of the largest norm of all gradients together.
pub const GLOBAL_CLIPNORM: usize = 4;

/// The numbers that every optimizer has, before its own. Each has a learning rate of its own `with`.
pub static SHARED: &[Hyper] = &[
    Hyper {
        name: "learning_rate",
        default: REQUIRED,
        range: Range::NonNegative,
        doc: prose("Size of a step: a number, a schedule, or a function of the step (counted from 0)."),
    },
    Hyper {
        name: "weight_decay",
        default: ABSENT,
        range: Range::NonNegative,
        doc: prose("Decoupled weight decay: before each update, `w -= learningRate * weightDecay * w`."),
    },
    Hyper {
        name: "clipnorm",
        default: ABSENT,
        range: Range::Positive,
        doc: prose("Each gradient is scaled down to at most this L2 norm."),
    },
    Hyper {
        name: "clipvalue",
        default: ABSENT,
        range: Range::Positive,
        doc: prose("Each element of a gradient is clamped to ± this."),
    },
    Hyper {
        name: "global_clipnorm",
        default: ABSENT,
        range: Range::Positive,
        doc: prose("All gradients together are scaled down to at most this L2 norm."),
    },
];

/// `decay` to the power `t` by repeated squaring: within 2·log₂ t ulp, and in 20 ns where `math64::powi` takes
/// 130, which a small model would notice in every step.
fn power(decay: f64, t: u64) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, decay, t);
    while rest > 0 {
        if rest % 2 == 1 {
            result *= square;
        }
        square *= square;
        rest /= 2;
    }
    result
}

/// Reads which optimizer is meant and its flags: name, number of flags, a byte each.
///
/// # Errors
/// `UNKNOWN_NAME`; `PLAN_INVALID` when the flags are not those of the optimizer.
pub fn decode(reader: &mut Reader<'_>) -> Result<(&'static Entry<Build>, Vec<bool>)> {
    let entry = crate::declare::find(OPTIMIZERS, "optimizer", reader.str()?)?;
    let count = reader.count(1)?;
    let expected = entry.declaration.flags().count();
    if count != expected {
        return Err(reader.invalid(format!("{expected} flags of {}", entry.declaration.name), count));
    }
    let flags = reader.bytes(count)?.iter().map(|&byte| byte != 0).collect();
    Ok((entry, flags))
}
