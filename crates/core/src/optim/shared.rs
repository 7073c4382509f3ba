//! The numbers that every optimizer has.

use crate::declare::{ABSENT, Hyper, REQUIRED, Range};

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
