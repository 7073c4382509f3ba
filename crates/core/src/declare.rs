//! What a unit (an optimizer, a schedule) says about itself, and the macro that says it beside the code. From these
//! descriptions come the TypeScript classes, the checks of options, the layout of state and the documentation.

use crate::error::{Code, Error, Result};

/// The default of a number that is off unless given. Also what stands for it in encoded values.
pub const ABSENT: f64 = f64::NAN;
/// The default of a number that must be given. (No number may be infinite.)
pub const REQUIRED: f64 = f64::INFINITY;

/// Documentation, which is rendered where the crate is built and left out of the WASM module.
pub const fn prose(text: &'static str) -> &'static str {
    if cfg!(target_family = "wasm") { "" } else { text }
}

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
    /// From zero to one.
    UpToOne,
}

impl Range {
    /// The interval as mathematics writes it; TypeScript checks against this text.
    pub const fn text(self) -> &'static str {
        match self {
            Range::Finite => "(-Infinity, Infinity)",
            Range::NonNegative => "[0, Infinity)",
            Range::Positive => "(0, Infinity)",
            Range::BelowOne => "[0, 1)",
            Range::UpToOne => "[0, 1]",
        }
    }
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
    /// What it does.
    pub doc: &'static str,
}

/// A switch, fixed when the unit is made.
#[derive(Clone, Copy, Debug)]
pub struct Switch {
    /// Its name in snake_case.
    pub name: &'static str,
    /// Its value when none is given.
    pub default: bool,
    /// What it does.
    pub doc: &'static str,
}

/// A tensor of state, of its parameter's shape.
#[derive(Clone, Copy, Debug)]
pub struct StateSpec {
    /// Its name in snake_case, as it stands in saved files.
    pub name: &'static str,
    /// The value its elements start with.
    pub initial: f32,
    /// The switch or hyper-parameter without which it does not exist; empty: always there.
    pub only_if: &'static str,
}

/// All a unit says about itself.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// The name of its class and in saved files.
    pub name: &'static str,
    /// One sentence, the formula, the reference, what differs elsewhere.
    pub doc: &'static str,
    /// Defaults of the hyper-parameters that all units of the kind share, where this one's differ.
    pub shared_defaults: &'static [(&'static str, f64)],
    /// Its own numbers.
    pub hypers: &'static [Hyper],
    /// Its switches.
    pub options: &'static [Switch],
    /// Its state tensors, in order, all that there can be.
    pub states: &'static [StateSpec],
}

impl Declaration {
    /// What is fixed when the unit is made: its switches, then the hyper-parameters on which a state depends (a number
    /// counts as on unless it is the constant 0).
    pub fn flags(&self) -> impl Iterator<Item = &'static str> {
        let depends = |hyper: &&Hyper| self.states.iter().any(|state| state.only_if == hyper.name);
        let hypers = self.hypers.iter().filter(depends).map(|hyper| hyper.name);
        self.options.iter().map(|option| option.name).chain(hypers)
    }

    /// The state tensors that exist under `flags`, in order.
    pub fn states(&self, flags: &[bool]) -> Vec<StateSpec> {
        let on = |name: &str| self.flags().zip(flags).any(|(flag, &value)| value && flag == name);
        self.states.iter().copied().filter(|state| state.only_if.is_empty() || on(state.only_if)).collect()
    }
}

/// A type made by [`declare!`].
pub trait Declared: Sized {
    /// What it says about itself.
    const DECLARATION: Declaration;

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
    let same = |known: &str| plain(known).eq(plain(name));
    entries.iter().find(|entry| same(entry.declaration.name)).ok_or_else(|| {
        let known: Vec<_> = entries.iter().map(|entry| entry.declaration.name).collect();
        Error::new(Code::UnknownName, format!("{kind}: expected one of {}, got '{name}'", known.join(", ")))
    })
}

/// A name without what does not count in it.
fn plain(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|&byte| byte != b'_').map(|byte| byte.to_ascii_lowercase())
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
        $unit:ident = $name:literal $(with [$($shared:ident: $shared_default:expr),+])? {
            $($(#[doc = $hyper_doc:literal])+ $hyper:ident: $range:ident = $default:expr,)*
        }
        $(options { $($(#[doc = $option_doc:literal])+ $option:ident = $option_default:literal,)+ })?
        $(state [$($state:ident $(= $initial:literal)? $(if $only_if:ident)?),*])?
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug)]
        pub struct $unit {
            $($(#[doc = $hyper_doc])+ pub $hyper: f64,)*
            $($($(#[doc = $option_doc])+ pub $option: bool,)+)?
        }

        impl $crate::declare::Declared for $unit {
            const DECLARATION: $crate::declare::Declaration = $crate::declare::Declaration {
                name: $name,
                doc: $crate::declare::prose(concat!($($doc, "\n"),+)),
                shared_defaults: &[$($((stringify!($shared), $shared_default)),+)?],
                hypers: &[$($crate::declare::Hyper {
                    name: stringify!($hyper),
                    default: $default,
                    range: $crate::declare::Range::$range,
                    doc: $crate::declare::prose(concat!($($hyper_doc, "\n"),+)),
                }),*],
                options: &[$($($crate::declare::Switch {
                    name: stringify!($option),
                    default: $option_default,
                    doc: $crate::declare::prose(concat!($($option_doc, "\n"),+)),
                }),+)?],
                states: &[$($($crate::declare::StateSpec {
                    name: stringify!($state),
                    initial: 0.0 $(+ $initial)?,
                    only_if: concat!($(stringify!($only_if))?),
                }),*)?],
            };

            fn with(hypers: &[f64], flags: &[bool]) -> Self {
                let (mut _hypers, mut _flags) = (hypers.iter().copied(), flags.iter().copied());
                Self {
                    $($hyper: _hypers.next().unwrap_or($default),)*
                    $($($option: _flags.next().unwrap_or($option_default),)+)?
                }
            }
        }
    };
}
pub(crate) use declare;
