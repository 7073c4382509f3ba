//! What a unit (an optimizer, a schedule) says about itself, and the macro that says it beside the code. From these
//! descriptions come the TypeScript classes, the checks of options, the layout of state and the documentation.

mod state;

use crate::error::{Code, Error, Result};
use crate::reader::Reader;
pub use state::{StateShape, StateSpec};

/// The default of a number that is off unless given. Also what stands for it in encoded values.
pub const ABSENT: f64 = f64::NAN;
/// The default of a number that must be given. (No number may be infinite.)
pub const REQUIRED: f64 = f64::INFINITY;

/// Which numbers a hyper-parameter may be. Never NaN, never infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Any finite number.
    Finite,
    /// Zero and above.
    NonNegative,
    /// Above zero.
    Positive,
    /// From zero up to, but not, one: decay rates, where one would never forget.
    BelowOne,
    /// Zero and below.
    NonPositive,
    /// From zero to one.
    UpToOne,
    /// One and above.
    AtLeastOne,
}

impl Range {
    /// The interval as mathematics writes it; TypeScript checks against this text.
    pub const fn text(self) -> &'static str {
        match self {
            Range::Finite => "(-Infinity, Infinity)",
            Range::NonNegative => "[0, Infinity)",
            Range::Positive => "(0, Infinity)",
            Range::BelowOne => "[0, 1)",
            Range::NonPositive => "(-Infinity, 0]",
            Range::UpToOne => "[0, 1]",
            Range::AtLeastOne => "[1, Infinity)",
        }
    }

    /// Whether `value` lies in it.
    pub fn contains(self, value: f64) -> bool {
        value.is_finite()
            && match self {
                Range::Finite => true,
                Range::NonNegative => value >= 0.0,
                Range::Positive => value > 0.0,
                Range::BelowOne => (0.0..1.0).contains(&value),
                Range::NonPositive => value <= 0.0,
                Range::UpToOne => (0.0..=1.0).contains(&value),
                Range::AtLeastOne => value >= 1.0,
            }
    }
}

/// snake_case to camelCase: the one rule by which names differ between Rust and TypeScript.
pub fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_string();
    // ASCII alone: the tables of Unicode would be a tenth of the WASM module.
    words.fold(first, |name, word| name + &word[..1].to_ascii_uppercase() + &word[1..])
}

/// A number that may change from step to step.
#[derive(Clone, Copy, Debug)]
pub struct Hyper {
    /// Its name in snake_case; TypeScript's is the same in camelCase.
    pub name: &'static str,
    /// Its value when none is given, [`ABSENT`] or [`REQUIRED`].
    pub default: f64,
    /// What it may be.
    pub range: Range,
}

/// A switch, fixed when the unit is made.
#[derive(Clone, Copy, Debug)]
pub struct Switch {
    /// Its name in snake_case.
    pub name: &'static str,
    /// Its value when none is given.
    pub default: bool,
}

/// What becomes of the weight decay λ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decay {
    /// Before the rule the parameter loses η·λ of itself.
    Decoupled,
    /// λ of the parameter is added to its gradient: L2 regularisation.
    Coupled,
    /// Before the rule the parameter loses λ of itself.
    Independent,
    /// The rule itself has it.
    Inside,
}

impl Decay {
    /// All of them, in the order of their numbers in plans.
    pub const ALL: [Decay; 4] = [Decay::Decoupled, Decay::Coupled, Decay::Independent, Decay::Inside];

    /// As TypeScript writes it.
    pub const fn text(self) -> &'static str {
        match self {
            Decay::Decoupled => "decoupled",
            Decay::Coupled => "coupled",
            Decay::Independent => "independent",
            Decay::Inside => "inside",
        }
    }
}

/// What a rule looks at besides the gradients at the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Gradients,
    /// The loss there.
    Loss,
    /// An estimate of the Hessian's diagonal there.
    Curvature,
    /// Loss and gradients elsewhere: it evaluates them several times in a step.
    Evaluations,
}

impl Needs {
    /// As TypeScript writes it.
    pub const fn text(self) -> &'static str {
        match self {
            Needs::Gradients => "gradients",
            Needs::Loss => "loss",
            Needs::Curvature => "curvature",
            Needs::Evaluations => "evaluations",
        }
    }
}

/// Copies of the parameters that a step works in, at most, besides the plan's memory: `rows`, and `each` for each of the
/// number of this name.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    pub rows: usize,
    pub each: usize,
    pub times: &'static str,
}

/// Another library's rule of the same name.
#[derive(Clone, Copy, Debug)]
pub struct Parity {
    /// The library.
    pub name: &'static str,
    /// What it does with weight decay.
    pub decay: Decay,
    /// Its defaults where they differ, of shared numbers and of its own.
    pub defaults: &'static [(&'static str, f64)],
}

/// All a unit says about itself.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// The name of its class and in saved files.
    pub name: &'static str,
    /// The library whose rule it is unless another's is asked for.
    pub origin: &'static str,
    /// What it does with weight decay unless told.
    pub decay: Decay,
    /// What it looks at.
    pub needs: Needs,
    /// Other libraries' rules that it knows.
    pub parities: &'static [Parity],
    /// Defaults of the hyper-parameters that all units of the kind share, where this one's differ.
    pub shared_defaults: &'static [(&'static str, f64)],
    /// Its own numbers.
    pub hypers: &'static [Hyper],
    /// Its switches.
    pub options: &'static [Switch],
    /// Its state tensors, in order, all that there can be.
    pub states: &'static [StateSpec],
    /// Where the parameters lie between a state z and what is worth evaluating, x: z and the number β of
    /// `w = (1−β)·z + β·x`; empty: the parameters themselves are.
    pub between: [&'static str; 2],
    /// What it works in, where that is more than the plan's memory.
    pub work: Option<Work>,
}

impl Declaration {
    /// What is fixed when the unit is made: its switches, whose rule it is, then the hyper-parameters on which a state depends (a number
    /// counts as on unless it is the constant 0).
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let depends = |hyper: &&Hyper| self.states.iter().any(|state| state.only_if == hyper.name);
        let hypers = self.hypers.iter().filter(depends).map(|hyper| hyper.name);
        self.options.iter().map(|option| option.name).chain(self.parities.iter().map(|other| other.name)).chain(hypers)
    }

    /// Whether a matrix is more than a long vector to it: then some may be excluded from being one.
    pub fn sees_axes(&self) -> bool {
        let plain = |state: &StateSpec| matches!(state.shape, StateShape::Like | StateShape::Numbers(_));
        !self.states.iter().all(plain)
    }

    /// The state tensors that exist under `flags`, in order.
    pub fn states(&self, flags: &[bool]) -> Vec<StateSpec> {
        let on = |name: &str| self.flags().zip(flags).any(|(flag, &value)| value && flag == name);
        self.states.iter().copied().filter(|state| state.only_if.is_empty() || on(state.only_if)).collect()
    }
}

/// What a declaration says in words: for readers of the documentation alone, so that it is part of no binary.
#[derive(Clone, Copy, Debug)]
pub struct Docs {
    /// One sentence, the formula, the reference, what differs elsewhere.
    pub unit: &'static str,
    /// Of each of its own numbers.
    pub hypers: &'static [&'static str],
    /// Of each switch.
    pub options: &'static [&'static str],
}

/// A type made by [`declare!`].
pub trait Declared: Sized {
    /// What it says about itself.
    const DECLARATION: Declaration;
    /// The same in words.
    const DOCS: Docs;

    /// The unit with these hyper-parameters and switches, in declared order; what is missing keeps its default.
    fn with(hypers: &[f64], flags: &[bool]) -> Self;
}

/// One line of a registry: a description and how to make the thing described.
pub struct Entry<Build> {
    /// What the unit says about itself.
    pub declaration: Declaration,
    /// Makes it.
    pub build: Build,
}

/// Finds a unit by name, whatever the case and with or without underscores.
///
/// # Errors
/// `UNKNOWN_NAME`, with the names there are.
pub fn find<Build>(entries: &'static [Entry<Build>], kind: &str, name: &str) -> Result<&'static Entry<Build>> {
    named(entries, name).ok_or_else(|| {
        let known: Vec<_> = entries.iter().map(|entry| entry.declaration.name).collect();
        Error::of(Code::UnknownName, || format!("{kind}: expected one of {}, got '{name}'", known.join(", ")))
    })
}

fn named<Build>(entries: &'static [Entry<Build>], name: &str) -> Option<&'static Entry<Build>> {
    let plain = |name: &'_ str| {
        name.bytes().filter(|&byte| byte != b'_').map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>()
    };
    let wanted = plain(name);
    entries.iter().find(|entry| plain(entry.declaration.name) == wanted)
}

/// Reads which unit is meant and its flags: name, number of flags, a byte each. `more` finds a unit that is not among
/// the `first`, those in the first part of the WASM module.
///
/// # Errors
/// `UNKNOWN_NAME`; `PLAN_INVALID` when the flags are not those of the unit; `PART_MISSING`.
pub fn decode<Build>(
    first: &'static [Entry<Build>],
    more: impl FnOnce(&str) -> Result<&'static Entry<Build>>,
    reader: &mut Reader<'_>,
) -> Result<(&'static Entry<Build>, Vec<bool>)> {
    let name = reader.str()?;
    let entry = match named(first, name) {
        Some(entry) => entry,
        None => more(name)?,
    };
    let count = reader.count(1)?;
    let expected = entry.declaration.flags().count();
    if count != expected {
        let name = entry.declaration.name;
        return Err(reader.refuse(|| (format!("{expected} flags of {name}"), count.to_string())));
    }
    Ok((entry, reader.bytes(count)?.iter().map(|&byte| byte != 0).collect()))
}

/// Declares a unit: its documentation, name, numbers with ranges and defaults, switches and state, and from these a
/// struct with one field each and its [`Declared`] description. The mathematics stays plain Rust beside it.
///
/// ```text
/// declare! {
///     /// What it is.
///     Adam = "Adam" with [learning_rate: 1e-3] {
///         /// What the number does.
///         beta1: BelowOne = 0.9,
///     } options {
///         /// What the switch does.
///         amsgrad = false,
///     } state [momentum, velocity_hat if amsgrad]
/// }
/// ```
macro_rules! declare {
    (
        $(#[doc = $doc:literal])+
        $unit:ident = $name:literal $(of $origin:ident)? $(with [$($shared:ident: $shared_default:expr),+])?
        $(decay $decay:ident)? $(needs $needs:ident)? {
            $($(#[doc = $hyper_doc:literal])+ $hyper:ident: $range:ident = $default:expr,)*
        }
        $(options { $($(#[doc = $option_doc:literal])+ $option:ident = $option_default:literal,)+ })?
        $(parity [$($parity:ident $(decay $parity_decay:ident)?
            {$($changed:ident: $changed_default:expr),* $(,)?}),+])?
        $(state [$($state:ident $(: $shape:ident $(($count:literal))?)? $(from $from:ident)? $(if $only_if:ident)?),*])?
        $(between [$behind:ident, $share:ident])?
        $(works [$rows:literal + $each:literal * $times:ident])?
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug)]
        pub struct $unit {
            $($(#[doc = $hyper_doc])+ pub $hyper: f64,)*
            $($($(#[doc = $option_doc])+ pub $option: bool,)+)?
            $($(/// Whether to follow this library.
            pub $parity: bool,)+)?
        }

        impl $crate::declare::Declared for $unit {
            const DECLARATION: $crate::declare::Declaration = $crate::declare::Declaration {
                name: $name,
                origin: [$(stringify!($origin),)? "keras"][0],
                decay: [$($crate::declare::Decay::$decay,)? $crate::declare::Decay::Decoupled][0],
                needs: [$($crate::declare::Needs::$needs,)? $crate::declare::Needs::Gradients][0],
                parities: &[$($($crate::declare::Parity {
                    name: stringify!($parity),
                    decay: [$($crate::declare::Decay::$parity_decay,)? $crate::declare::Decay::Decoupled][0],
                    defaults: &[$((stringify!($changed), $changed_default)),*],
                }),+)?],
                shared_defaults: &[$($((stringify!($shared), $shared_default)),+)?],
                hypers: &[$($crate::declare::Hyper {
                    name: stringify!($hyper),
                    default: $default,
                    range: $crate::declare::Range::$range,
                }),*],
                options: &[$($($crate::declare::Switch {
                    name: stringify!($option),
                    default: $option_default,
                }),+)?],
                states: &[$($($crate::declare::StateSpec {
                    name: stringify!($state),
                    shape: [$($crate::declare::StateShape::$shape$(($count))?,)? $crate::declare::StateShape::Like][0],
                    from: concat!($(stringify!($from))?),
                    only_if: concat!($(stringify!($only_if))?),
                }),*)?],
                between: [concat!($(stringify!($behind))?), concat!($(stringify!($share))?)],
                work: [$(Some($crate::declare::Work { rows: $rows, each: $each, times: stringify!($times) }),)? None][0],
            };
            const DOCS: $crate::declare::Docs = $crate::declare::Docs {
                unit: concat!($($doc, "\n"),+),
                hypers: &[$(concat!($($hyper_doc, "\n"),+)),*],
                options: &[$($(concat!($($option_doc, "\n"),+)),+)?],
            };

            fn with(hypers: &[f64], flags: &[bool]) -> Self {
                let (mut _hypers, mut _flags) = (hypers.iter().copied(), flags.iter().copied());
                Self {
                    $($hyper: _hypers.next().unwrap_or($default),)*
                    $($($option: _flags.next().unwrap_or($option_default),)+)?
                    $($($parity: _flags.next().unwrap_or(false),)+)?
                }
            }
        }
    };
}
pub(crate) use declare;
