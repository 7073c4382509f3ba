//! `greater_equal`.

use super::compare::{Compare, EQUAL, MORE, entry};
use std::sync::Arc;

pub const OP: Compare = Compare { name: "greater_equal", holds: MORE | EQUAL };

pub const ENTRY: super::Entry =
    entry(OP, "a ≥ b, elementwise, with NumPy's broadcasting; bool.", |_| Ok(Arc::new(OP)));
