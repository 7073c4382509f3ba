//! The wrappers: what may be put around any optimizer's rule. Each is a declaration and a few sweeps in a file of its own;
//! this file lists them and says what they have in common. They know neither the rule nor each other.
//!
//! To add one: write its file, add its word to the registry, add its derivation to the tests.

use crate::declare::{self, Declared, Docs, Entry};
use crate::error::Result;
use crate::kernel::segment::Segment;
use crate::optim::Tick;
use crate::part;
use crate::reader::Reader;

pub mod around;
mod columns;

/// Moments of a step at which a wrapper may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before clipping and the rule: the segments' parameters are the gradients that the rule will see, to be changed; their
    /// gradients are the weights.
    Gradient,
    /// Before the rule, on weights and gradients.
    Before,
    /// After the rule, on weights and gradients.
    After,
    /// After the first evaluation of a step: the segments' parameters are copies of the weights, to be moved to where the
    /// gradients that the rule sees will be evaluated; their gradients are those at the weights.
    Perturb,
}

/// Something around a rule.
pub trait Wrap: Declared {
    /// When it acts.
    const WHEN: &'static [When];
    /// Whether all it does is to sweep after the rule: then a step may be made in turns.
    const SWEEPS: bool = false;
    /// Whether its segments have, after their states, memory of the parameter's size that is only good within a step.
    const SCRATCH: bool = false;

    /// Does it.
    fn act(&self, when: When, tick: &Tick, segments: &mut [Segment<'_>]);
}

type Act = fn(&[f64], &[bool], When, &Tick, &mut [Segment<'_>]);

/// How a declared wrapper acts.
pub struct Acts {
    act: Act,
    when: &'static [When],
    sweeps: bool,
    scratch: bool,
}

impl Acts {
    /// Whether all it does is to sweep after the rule.
    pub fn sweeps(&self) -> bool {
        self.sweeps
    }

    /// Whether it changes gradients before the rule.
    pub fn changes_gradients(&self) -> bool {
        self.when.contains(&When::Gradient)
    }

    /// Whether it has gradients evaluated a second time.
    pub fn perturbs(&self) -> bool {
        self.when.contains(&When::Perturb)
    }

    /// Whether its segments have memory after their states.
    pub fn needs_scratch(&self) -> bool {
        self.scratch
    }
}

fn act<W: Wrap>(own: &[f64], flags: &[bool], when: When, tick: &Tick, segments: &mut [Segment<'_>]) {
    W::with(own, flags).act(when, tick, segments);
}

const fn acts<W: Wrap>() -> Acts {
    Acts { act: act::<W>, when: W::WHEN, sweeps: W::SWEEPS, scratch: W::SCRATCH }
}

macro_rules! registry {
    ($($module:ident::$unit:ident),+ $(,)?) => {
        $(pub mod $module;)+

        /// Every wrapper there is.
        pub static WRAPPERS: &[Entry<Acts>] =
            &[$(Entry { declaration: <$module::$unit as Declared>::DECLARATION, build: acts::<$module::$unit>() }),+];

        /// What each of them says about itself in words.
        pub static WRAPPER_DOCS: &[Docs] = &[$(<$module::$unit as Declared>::DOCS),+];
    };
}

registry![
    ema::ExponentialMovingAverage,
    swa::StochasticWeightAveraging,
    lookahead::Lookahead,
    cautious::Cautious,
    centralization::GradientCentralization,
    adaptive_clipping::AdaptiveClipping,
    grokfast::GrokFast,
    sam::SharpnessAware,
];

/// Which wrapper is meant and its flags.
///
/// # Errors
/// `UNKNOWN_NAME`; `PLAN_INVALID` when the flags are not those of the wrapper.
pub fn decode(reader: &mut Reader<'_>) -> Result<(&'static Entry<Acts>, Vec<bool>)> {
    // All of them are in the second part of the WASM module.
    part::second(|| declare::decode(WRAPPERS, |name| declare::find(WRAPPERS, "wrapper", name), reader))
}
