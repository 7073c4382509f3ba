//! `greater`.

use super::compare::{Compare, MORE, entry};
use std::sync::Arc;

pub const OP: Compare = Compare { name: "greater", holds: MORE };

pub const ENTRY: super::Entry = entry(OP, "a > b, elementwise, with NumPy's broadcasting; bool.", |_| Ok(Arc::new(OP)));
