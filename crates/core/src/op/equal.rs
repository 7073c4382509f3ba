//! `equal`.

use super::compare::{Compare, EQUAL, entry};
use std::sync::Arc;

pub const OP: Compare = Compare { name: "equal", holds: EQUAL };

pub const ENTRY: super::Entry =
    entry(OP, "a = b, elementwise, with NumPy's broadcasting; bool. NaN equals nothing.", |_| Ok(Arc::new(OP)));
