//! The WASM module: the engine's functions, each a line or two. Knows no unit's name and no arithmetic.
//! A panic is a trap here; the TypeScript side then makes a new instance and copies what is alive out of the old memory.

use descend_core::engine::Engine;
use descend_core::error::Error;
use std::cell::RefCell;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

thread_local! {
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
}

fn with<T>(call: impl FnOnce(&mut Engine) -> Result<T, Error>) -> Result<T, JsError> {
    ENGINE.with_borrow_mut(|engine| call(engine.get_or_insert_default())).map_err(|error| JsError::new(&error.text()))
}

/// The version of the core.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_string()
}

#[wasm_bindgen]
pub fn info() -> Result<String, JsError> {
    with(|engine| Ok(engine.info()))
}

#[wasm_bindgen(js_name = setThreads)]
pub fn set_threads(n: usize) -> Result<usize, JsError> {
    with(|engine| engine.set_threads(n))
}

#[wasm_bindgen]
pub fn alloc(bytes: usize) -> Result<u32, JsError> {
    with(|engine| engine.alloc(bytes))
}

#[wasm_bindgen(js_name = setLimit)]
pub fn set_limit(bytes: f64) -> Result<(), JsError> {
    with(|engine| {
        engine.set_limit(bytes as usize);
        Ok(())
    })
}

/// Where a buffer lies in the exported memory. It stays there until it is released.
#[wasm_bindgen]
pub fn address(id: u32) -> Result<usize, JsError> {
    with(|engine| engine.buffer(id).map(|buffer| buffer.address() as usize))
}

#[wasm_bindgen]
pub fn release(kind: u8, id: u32) -> Result<(), JsError> {
    with(|engine| {
        engine.release(kind, id);
        Ok(())
    })
}

#[wasm_bindgen]
pub fn compile(plan: &[u8], max_batch: usize) -> Result<u32, JsError> {
    with(|engine| engine.compile(plan, max_batch))
}

#[wasm_bindgen]
pub fn measure(plan: &[u8], max_batch: usize) -> Result<usize, JsError> {
    with(|engine| engine.measure(plan, max_batch))
}

#[wasm_bindgen]
pub fn start(plan: u32, call: &[u8]) -> Result<u32, JsError> {
    with(|engine| engine.start(plan, call))
}

#[wasm_bindgen]
pub fn advance(run: u32, max_steps: usize, budget: f64, hyper: &[u8]) -> Result<Vec<u8>, JsError> {
    with(|engine| engine.run(run)?.advance(max_steps, budget, hyper))
}

/// Says that the second part of the module was instantiated.
#[wasm_bindgen]
pub fn arrived() {
    descend_core::part::arrived();
}

#[wasm_bindgen]
pub fn apply(run: u32, mail: &mut [u8]) -> Result<(), JsError> {
    with(|engine| engine.apply(run, mail))
}

#[wasm_bindgen]
pub fn oracle(plan: u32, call: &[u8]) -> Result<Vec<u8>, JsError> {
    with(|engine| engine.oracle(plan, call))
}

/// After a trap: whether it hit a step while that was writing variables. Plain memory, so it can be asked of a dead
/// instance.
#[wasm_bindgen]
pub fn torn() -> bool {
    // SAFETY: one thread, and the borrow that may still be marked belongs to a call that trapped and never goes on.
    ENGINE.with(|engine| unsafe { &*engine.as_ptr() }.as_ref().is_some_and(Engine::torn))
}
