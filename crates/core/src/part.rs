//! The two parts of the WASM module. The first is what ordinary applications run. The second holds the rest, and is fetched
//! when something asks for it: `scripts/split.mjs` moves there all that only [`gate`] leads to. Everywhere else both are
//! always there, and a gate is an ordinary call.
//!
//! To move something: put the one way to it behind [`second`], where it can still be refused, or behind [`gate`], where
//! that was asked before.

use crate::error::{Code, Error, Result};
use std::sync::atomic::{AtomicBool, Ordering};

static WHOLE: AtomicBool = AtomicBool::new(!cfg!(target_family = "wasm"));

/// Whether the second part is there.
pub fn whole() -> bool {
    WHOLE.load(Ordering::Relaxed)
}

/// Says that the second part is there.
pub fn arrived() {
    WHOLE.store(true, Ordering::Relaxed);
}

/// That the second part is there.
///
/// # Errors
/// `PART_MISSING`: whoever called fetches it and calls again.
pub fn need() -> Result<()> {
    if whole() { Ok(()) } else { Err(missing()) }
}

#[cold]
fn missing() -> Error {
    Error::new(Code::PartMissing, "engine: expected its second part, got none")
}

/// Calls what the second part has.
///
/// # Errors
/// `PART_MISSING`, before anything is done; and what `call` says.
pub fn second<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    need()?;
    gate(call)
}

/// The way into the second part, which must be there. A function of its own: at its name the module is cut.
#[cfg_attr(target_family = "wasm", inline(never))]
pub fn gate<T>(call: impl FnOnce() -> T) -> T {
    call()
}
