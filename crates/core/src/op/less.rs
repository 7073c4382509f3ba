//! `less`.

use super::compare::{Compare, LESS, entry};
use std::sync::Arc;

pub const OP: Compare = Compare { name: "less", holds: LESS };

pub const ENTRY: super::Entry = entry(OP, "a < b, elementwise, with NumPy's broadcasting; bool.", |_| Ok(Arc::new(OP)));
