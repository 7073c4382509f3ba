//! The optimizers. Each is a declaration and a rule in a file of its own; this file lists them and says what they have
//! in common. They know neither each other's numbers, nor where memory lies, nor which CPU runs them.
//!
//! To add one: write its file, add its word to the registry, add its reference numbers to the tests.

use crate::declare::{ABSENT, Declared, Docs, Entry, Hyper, Needs, REQUIRED, Range, StateShape, StateSpec};
use crate::error::Result;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::Stage;
use crate::reader::Reader;
use drive::Drive;

pub mod drive;
mod eigenbasis;
pub mod hyper;
pub mod loss_scale;
mod moments;
mod newton_schulz;
mod scaled;
pub mod step;

/// One step, as optimizers see it.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    /// Its number; the first is 1.
    pub t: u64,
    /// Its learning rate.
    pub learning_rate: f64,
    /// What happens to every element before the rule.
    pub stage: Stage,
    /// Weight decay for rules that have it inside, for segments that decay; 0 for all others.
    pub decay: f64,
    /// The loss at the parameters, for rules that need it.
    pub loss: f64,
}

/// How a declared optimizer makes one step of its own numbers: elementwise ones by `kernel::sweep`.
pub trait Update: Declared + Send + Sync {
    /// Whether a step is nothing but sweeps of rules whose numbers do not come from the segments: then it may be made
    /// in turns.
    const SWEEPS: bool = true;

    /// What makes steps that evaluate the loss several times; then `step` is not called.
    const DRIVE: Option<fn() -> Box<dyn Drive>> = None;

    /// Whether rows without a gradient are left as they are unless the user says otherwise.
    const LAZY: bool = false;

    /// Whether a gradient of zeros changes neither parameter nor state, where there are so many states and no weight decay:
    /// then rows without a gradient need no visit.
    fn rests(&self, _states: usize) -> bool {
        false
    }

    /// Whether step `t` looks at an estimate of the Hessian's diagonal.
    fn wants_curvature(&self, _t: u64) -> bool {
        false
    }

    /// Updates every segment in place.
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]);

    /// The same with memory of its own that is kept between steps, for those that need some.
    fn step_with(&self, tick: &Tick, segments: &mut [Segment<'_>], _scratch: &mut Vec<f32>) {
        self.step(tick, segments);
    }
}

/// A step by an optimizer's own numbers, its flags, the step, the segments, memory.
type MakeStep = fn(&[f64], &[bool], &Tick, &mut [Segment<'_>], &mut Vec<f32>);

/// How one step of a declared optimizer is made.
pub struct Make {
    step: MakeStep,
    rests: fn(&[f64], &[bool], usize) -> bool,
    sweeps: bool,
    elementwise: bool,
    lazy: bool,
    drive: Option<fn() -> Box<dyn Drive>>,
    wants_curvature: fn(&[f64], &[bool], u64) -> bool,
}

impl Make {
    /// Whether it works element by element: on gradients of rows and on coded state as well.
    pub const fn elementwise(&self) -> bool {
        self.elementwise
    }

    /// Whether rows without a gradient are left as they are unless the user says otherwise.
    pub const fn lazy(&self) -> bool {
        self.lazy
    }
}

const fn makes<U: Update>() -> Make {
    Make {
        step: make::<U>,
        rests: |own, flags, states| U::with(own, flags).rests(states),
        sweeps: U::SWEEPS,
        // An estimate of the curvature comes whole.
        elementwise: U::SWEEPS && !matches!(U::DECLARATION.needs, Needs::Curvature),
        lazy: U::LAZY,
        drive: U::DRIVE,
        wants_curvature: |own, flags, t| U::with(own, flags).wants_curvature(t),
    }
}

fn make<U: Update>(own: &[f64], flags: &[bool], tick: &Tick, segments: &mut [Segment<'_>], scratch: &mut Vec<f32>) {
    U::with(own, flags).step_with(tick, segments, scratch);
}

/// An optimizer with its switches set. Its numbers come with each step.
pub struct Optimizer {
    make: &'static Make,
    sweeps: bool,
    curious: bool,
    /// Whether rows without a gradient are left as they are, whatever the rule would do.
    pub lazy: bool,
    /// How many tensors of state it has for each parameter.
    states: usize,
    flags: Vec<bool>,
    scratch: Vec<f32>,
    driver: Option<Box<dyn Drive>>,
}

impl Optimizer {
    /// From its line of the registry and its flags (see [`Declaration::flags`](crate::declare::Declaration::flags)).
    pub fn new(entry: &'static Entry<Make>, flags: &[bool]) -> Self {
        let like = |state: &StateSpec| matches!(state.shape, StateShape::Like);
        let sweeps = entry.build.sweeps && entry.declaration.states.iter().all(like);
        let driver = entry.build.drive.map(|make| make());
        let curious = entry.declaration.needs == Needs::Curvature;
        let states = entry.declaration.states(flags).len();
        let (flags, scratch) = (flags.to_vec(), Vec::new());
        Self { make: &entry.build, sweeps, curious, lazy: false, states, flags, scratch, driver }
    }

    /// Whether a step may be made in turns: all that it changes is changed element by element.
    pub fn sweeps(&self) -> bool {
        self.sweeps
    }

    /// Whether any step looks at an estimate of the Hessian's diagonal.
    pub fn looks_at_curvature(&self) -> bool {
        self.curious
    }

    /// Whether step `t` looks at an estimate of the Hessian's diagonal. `hyper` as in `step`.
    pub fn wants_curvature(&self, hyper: &[f64], t: u64) -> bool {
        (self.make.wants_curvature)(&hyper[SHARED.len()..], &self.flags, t)
    }

    /// What makes its steps where they take several evaluations of the loss, and its flags.
    pub fn driver(&mut self) -> Option<(&mut (dyn Drive + 'static), &[bool])> {
        self.driver.as_deref_mut().map(|driver| (driver, self.flags.as_slice()))
    }

    /// Updates every segment in place. `hyper` holds [`SHARED`], then its own numbers.
    pub fn step(&mut self, hyper: &[f64], tick: &Tick, segments: &mut [Segment<'_>]) {
        if let Some(driver) = &mut self.driver {
            return driver.commit(segments);
        }
        let own = &hyper[SHARED.len()..];
        for segment in segments.iter_mut() {
            segment.begin(tick.t);
            if segment.has_rows() {
                let keeps = !segment.decay || tick.stage.decay == 0.0 && tick.stage.l2 == 0.0 && tick.decay == 0.0;
                let rests = || keeps && (self.make.rests)(own, &self.flags, self.states);
                segment.visit_all(!(self.lazy || rests()));
            }
        }
        (self.make.step)(own, &self.flags, tick, segments, &mut self.scratch);
    }
}

macro_rules! registry {
    ($($module:ident::$unit:ident),+ $(,)?) => {
        $(pub mod $module;)+

        /// Every optimizer there is.
        pub static OPTIMIZERS: &[Entry<Make>] =
            &[$(Entry { declaration: <$module::$unit as Declared>::DECLARATION, build: makes::<$module::$unit>() }),+];

        /// What each of them says about itself in words.
        pub static OPTIMIZER_DOCS: &[Docs] = &[$(<$module::$unit as Declared>::DOCS),+];
    };
}

registry![
    sgd::Sgd,
    momentum::Momentum,
    rmsprop::RmsProp,
    adam::Adam,
    adamw::AdamW,
    sparse_adam::SparseAdam,
    adadelta::Adadelta,
    adagrad::Adagrad,
    adamax::Adamax,
    nadam::Nadam,
    ftrl::Ftrl,
    lion::Lion,
    schedule_free_adamw::ScheduleFreeAdamW,
    schedule_free_sgd::ScheduleFreeSgd,
    radam::RAdam,
    asgd::Asgd,
    rprop::Rprop,
    adabelief::AdaBelief,
    yogi::Yogi,
    adan::Adan,
    adopt::Adopt,
    ademamix::AdEMAMix,
    simplified_ademamix::SimplifiedAdEMAMix,
    sign_sgd::SignSgd,
    signum::Signum,
    madgrad::MadGrad,
    optimistic::OptimisticGradientDescent,
    optimistic_adam::OptimisticAdam,
    cocob::Cocob,
    lamb::Lamb,
    lars::Lars,
    novograd::NovoGrad,
    fromage::Fromage,
    adafactor::Adafactor,
    sm3::Sm3,
    stable_adamw::StableAdamW,
    muon::Muon,
    soap::Soap,
    dog::DoG,
    dowg::DoWg,
    prodigy::Prodigy,
    dadapt_adamw::DAdaptAdamW,
    polyak_sgd::PolyakSgd,
    momo::MoMo,
    momo_adam::MoMoAdam,
    lbfgs::Lbfgs,
    sophia::Sophia,
];

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
    Hyper { name: "learning_rate", default: REQUIRED, range: Range::NonNegative },
    Hyper { name: "weight_decay", default: ABSENT, range: Range::NonNegative },
    Hyper { name: "clipnorm", default: ABSENT, range: Range::Positive },
    Hyper { name: "clipvalue", default: ABSENT, range: Range::Positive },
    Hyper { name: "global_clipnorm", default: ABSENT, range: Range::Positive },
];

/// What they do.
pub static SHARED_DOCS: &[&str] = &[
    "Size of a step: a number, a schedule, or a function of the step (counted from 0).",
    "Weight decay: unless told otherwise by `weightDecayMode` or `parity`, before each update
     `w -= learningRate * weightDecay * w`.",
    "Each gradient is scaled down to at most this L2 norm.",
    "Each element of a gradient is clamped to ± this.",
    "All gradients together are scaled down to at most this L2 norm.",
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

/// 1 − decayᵗ: what is missing of a mean that started at zero.
fn bias(decay: f64, t: u64) -> f64 {
    1.0 - power(decay, t)
}

/// Which optimizer is meant and its flags.
///
/// # Errors
/// `UNKNOWN_NAME`; `PLAN_INVALID` when the flags are not those of the optimizer.
pub fn decode(reader: &mut Reader<'_>) -> Result<(&'static Entry<Make>, Vec<bool>)> {
    crate::declare::decode(OPTIMIZERS, "optimizer", reader)
}
