//! `less_equal`.

use super::compare::{Compare, EQUAL, LESS, entry};
use std::sync::Arc;

pub const OP: Compare = Compare { name: "less_equal", holds: LESS | EQUAL };

pub const ENTRY: super::Entry =
    entry(OP, "a ≤ b, elementwise, with NumPy's broadcasting; bool.", |_| Ok(Arc::new(OP)));
