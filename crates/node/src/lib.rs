//! The native Node addon: the engine's functions, each a few lines. Knows no unit's name and no arithmetic.
//! Every call is guarded: a panic becomes an `ENGINE_PANIC` error and the next call works.

use descend_core::engine::{Engine, Handle};
use descend_core::error::{Code, Error};
use napi::bindgen_prelude::{AsyncTask, Uint8Array, Uint8ArraySlice};
use napi::{Env, Status, Task};
use napi_derive::napi;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

static ENGINE: LazyLock<Mutex<Engine>> = LazyLock::new(Mutex::default);

fn engine() -> MutexGuard<'static, Engine> {
    // A poisoned lock only says that a call panicked: the tables it guards are changed in single steps.
    ENGINE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn guard<T>(call: impl FnOnce() -> Result<T, Error>) -> napi::Result<T> {
    let result = catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(engine().panicked(panic.as_ref())));
    result.map_err(|error| napi::Error::new(Status::GenericFailure, error.to_string()))
}

/// The version of the core, by which the loader refuses an addon of another release.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

#[napi]
pub fn info() -> napi::Result<String> {
    guard(|| Ok(engine().info()))
}

#[napi]
pub fn set_threads(n: u32) -> napi::Result<u32> {
    guard(|| engine().set_threads(n as usize).map(|n| n as u32))
}

#[napi]
pub fn set_fused(wanted: bool) -> napi::Result<bool> {
    guard(|| Ok(engine().set_fused(wanted)))
}

#[napi]
pub fn alloc(bytes: f64) -> napi::Result<u32> {
    guard(|| engine().alloc(bytes as usize))
}

#[napi]
pub fn set_limit(bytes: f64) -> napi::Result<()> {
    guard(|| {
        engine().set_limit(bytes as usize);
        Ok(())
    })
}

#[napi]
pub fn write(id: u32, offset: f64, bytes: &[u8]) -> napi::Result<()> {
    guard(|| engine().write(id, offset as usize, bytes))
}

#[napi]
pub fn read(id: u32, offset: f64, length: f64) -> napi::Result<Uint8Array> {
    guard(|| {
        let mut out = Vec::new();
        let refused = |_| Error::new(Code::OutOfMemory, format!("read: expected memory for {length} bytes, got none"));
        out.try_reserve_exact(length as usize).map_err(refused)?;
        out.resize(length as usize, 0);
        engine().read(id, offset as usize, &mut out)?;
        Ok(Uint8Array::new(out))
    })
}

#[napi]
pub fn release(kind: u8, id: u32) -> napi::Result<()> {
    guard(|| {
        engine().release(kind, id);
        Ok(())
    })
}

#[napi]
pub fn compile(plan: &[u8], max_batch: u32) -> napi::Result<u32> {
    guard(|| engine().compile(plan, max_batch as usize))
}

#[napi]
pub fn measure(plan: &[u8], max_batch: u32) -> napi::Result<f64> {
    guard(|| engine().measure(plan, max_batch as usize).map(|bytes| bytes as f64))
}

#[napi]
pub fn start(plan: u32, call: &[u8]) -> napi::Result<u32> {
    guard(|| engine().start(plan, call))
}

#[napi]
pub fn advance(run: u32, max_steps: u32, budget: f64, hyper: &[u8]) -> napi::Result<Uint8Array> {
    guard(|| {
        let run = engine().run(run)?;
        Ok(Uint8Array::new(run.advance(max_steps as usize, budget, hyper)?))
    })
}

/// One step on what `mail` brings, which also takes the answer.
#[napi]
pub fn apply(run: u32, mut mail: Uint8ArraySlice<'_>) -> napi::Result<()> {
    // SAFETY: the memory of an array of JavaScript's, in whose thread this is: nobody else looks at it before this returns.
    let mail = unsafe { mail.as_mut() };
    guard(|| engine().apply(run, mail))
}

/// One `advance` on a thread of the addon's.
pub struct Advance {
    run: Handle,
    max_steps: usize,
    budget: f64,
    hyper: Vec<u8>,
}

impl Task for Advance {
    type Output = Vec<u8>;
    type JsValue = Uint8Array;

    fn compute(&mut self) -> napi::Result<Vec<u8>> {
        guard(|| self.run.advance(self.max_steps, self.budget, &self.hyper))
    }

    fn resolve(&mut self, _env: Env, outcome: Vec<u8>) -> napi::Result<Uint8Array> {
        Ok(Uint8Array::new(outcome))
    }
}

#[napi]
pub fn advance_async(run: u32, max_steps: u32, budget: f64, hyper: &[u8]) -> napi::Result<AsyncTask<Advance>> {
    let run = guard(|| engine().run(run))?;
    Ok(AsyncTask::new(Advance { run, max_steps: max_steps as usize, budget, hyper: hyper.to_vec() }))
}

#[napi]
pub fn oracle(plan: u32, call: &[u8]) -> napi::Result<Uint8Array> {
    guard(|| engine().oracle(plan, call).map(Uint8Array::new))
}
