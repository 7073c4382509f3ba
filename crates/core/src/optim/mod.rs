//! The optimizers. Each is a declaration and a rule in a file of its own; this file lists them and says what they have
//! in common. They know neither each other's numbers, nor where memory lies, nor which CPU runs them.
//!
//! To add one: write its file, add its word to the registry, add its reference numbers to the tests.

use crate::declare::{self, Declared, Docs, Entry};
use crate::error::Result;
use crate::part;
use crate::reader::Reader;

mod accept;
mod bias;
pub mod drive;
mod eigenbasis;
pub mod hyper;
mod loss_model;
pub mod loss_scale;
mod magnitude;
mod make;
mod moments;
mod newton_schulz;
mod numbers;
mod optimizer;
mod scaled;
mod schedule_free;
mod shared;
pub mod step;
mod update;

use bias::{bias, power};
pub use make::Make;
use make::makes;
pub use optimizer::Optimizer;
pub use shared::{CLIPNORM, CLIPVALUE, GLOBAL_CLIPNORM, LEARNING_RATE, SHARED, SHARED_DOCS, WEIGHT_DECAY};
pub use update::{Tick, Update};

const fn entry<U: Update>() -> Entry<Make> {
    Entry { declaration: U::DECLARATION, build: makes::<U>() }
}

macro_rules! registry {
    ($($first:ident::$one:ident),+; $($module:ident::$unit:ident),+ $(,)?) => {
        $(pub mod $first;)+
        $(pub mod $module;)+

        /// Every optimizer there is.
        pub static OPTIMIZERS: &[Entry<Make>] =
            &[$(entry::<$first::$one>(),)+ $(entry::<$module::$unit>()),+];
        /// Those that ordinary applications use.
        pub static FIRST: &[Entry<Make>] = &[$(entry::<$first::$one>()),+];

        /// What each of them says about itself in words.
        pub static OPTIMIZER_DOCS: &[Docs] = &[$(<$first::$one as Declared>::DOCS,)+ $(<$module::$unit as Declared>::DOCS),+];
    };
}

// What ordinary applications use; then what is in the second part of the WASM module (see `part`).
registry![
    sgd::Sgd,
    momentum::Momentum,
    rmsprop::RmsProp,
    adam::Adam,
    adamw::AdamW;
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

/// Which optimizer is meant and its flags.
///
/// # Errors
/// `UNKNOWN_NAME`; `PLAN_INVALID` when the flags are not those of the optimizer.
pub fn decode(reader: &mut Reader<'_>) -> Result<(&'static Entry<Make>, Vec<bool>)> {
    declare::decode(FIRST, |name| part::second(|| declare::find(OPTIMIZERS, "optimizer", name)), reader)
}
