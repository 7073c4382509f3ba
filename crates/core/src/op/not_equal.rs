//! `not_equal`.

use super::compare::{Compare, LESS, MORE, UNORDERED, entry};
use std::sync::Arc;

pub const OP: Compare = Compare { name: "not_equal", holds: LESS | MORE | UNORDERED };

pub const ENTRY: super::Entry =
    entry(OP, "a ≠ b, elementwise, with NumPy's broadcasting; bool. NaN differs from everything.", |_| {
        Ok(Arc::new(OP))
    });
