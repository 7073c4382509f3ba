//! The WASM module: the engine's functions, each a line or two. Knows no unit's name and no arithmetic.
//! It imports nothing and speaks in numbers: bytes of a call lie in a room that JavaScript asks for and fills, those of an
//! answer where `answer` says. A call that is refused gives minus the length of why. A panic is a trap here; the TypeScript
//! side then makes a new instance and copies what is alive out of the old memory.

#[cfg(any(test, target_family = "wasm"))]
mod heap;

use descend_core::engine::Engine;
use descend_core::error::Error;
use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static ENGINE: RefCell<Option<Engine>> = const { RefCell::new(None) };
    static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[cfg(target_family = "wasm")]
mod memory {
    //! The heap of the module, over the memory behind its data.

    use super::heap::Heap;
    use std::alloc::{GlobalAlloc, Layout};
    use std::arch::wasm32::{memory_grow, memory_size};
    use std::cell::UnsafeCell;

    const PAGE: usize = 1 << 16;

    struct Memory(UnsafeCell<Heap>);

    #[global_allocator]
    static MEMORY: Memory = Memory(UnsafeCell::new(Heap::new(grow)));

    unsafe extern "C" {
        static __heap_base: u8;
    }

    /// What lies behind the data when the module begins, then new pages.
    fn grow(bytes: usize) -> Option<(usize, usize)> {
        static BEGUN: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
        let end = memory_size(0) * PAGE;
        if !BEGUN.swap(true, std::sync::atomic::Ordering::Relaxed) {
            let start = (&raw const __heap_base as usize).next_multiple_of(64);
            if start < end {
                return Some((start, end - start));
            }
        }
        let pages = bytes.div_ceil(PAGE);
        (memory_grow(0, pages) != usize::MAX).then_some((end, pages * PAGE))
    }

    // SAFETY: the module has one thread.
    unsafe impl Sync for Memory {}

    // SAFETY: blocks are as the heap gives them: aligned, apart, and alive until they are given back.
    unsafe impl GlobalAlloc for Memory {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: one thread, and the heap calls nothing that allocates.
            unsafe { &mut *self.0.get() }.alloc(layout)
        }

        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the same.
            unsafe { &mut *self.0.get() }.alloc_zeroed(layout)
        }

        unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
            // SAFETY: the same; the caller says that the block is its own.
            unsafe { (*self.0.get()).dealloc(at, layout) }
        }
    }
}

/// What a call gave, or minus the length of why it was refused.
fn told<T>(result: Result<T, Error>, number: impl FnOnce(T) -> f64) -> f64 {
    match result {
        Ok(value) => number(value),
        Err(error) => -said(error.text().into_bytes()),
    }
}

/// Leaves bytes for JavaScript, and gives their length.
fn said(bytes: Vec<u8>) -> f64 {
    ANSWER.with_borrow_mut(|answer| {
        *answer = bytes;
        answer.len() as f64
    })
}

fn with<T>(call: impl FnOnce(&mut Engine) -> Result<T, Error>, number: impl FnOnce(T) -> f64) -> f64 {
    told(ENGINE.with_borrow_mut(|engine| call(engine.get_or_insert_default())), number)
}

/// The same for calls with a message of so many bytes, which lies in the room.
fn heard<T>(
    length: usize,
    call: impl FnOnce(&mut Engine, &mut [u8]) -> Result<T, Error>,
    number: impl FnOnce(T) -> f64,
) -> f64 {
    ROOM.with_borrow_mut(|room| with(|engine| call(engine, &mut room[..length]), number))
}

/// Where a message of so many bytes has room; what is there stays, if it has.
#[wasm_bindgen]
pub fn room(length: usize) -> usize {
    ROOM.with_borrow_mut(|room| {
        if room.len() < length {
            *room = vec![0; length];
        }
        room.as_ptr() as usize
    })
}

/// Where the last answer lies.
#[wasm_bindgen]
pub fn answer() -> usize {
    ANSWER.with_borrow(|answer| answer.as_ptr() as usize)
}

/// The length of the version of the core.
#[wasm_bindgen]
pub fn version() -> f64 {
    said(env!("CARGO_PKG_VERSION").as_bytes().to_vec())
}

#[wasm_bindgen]
pub fn info() -> f64 {
    with(|engine| Ok(engine.info()), |text| said(text.into_bytes()))
}

#[wasm_bindgen(js_name = setThreads)]
pub fn set_threads(n: usize) -> f64 {
    with(|engine| engine.set_threads(n), |n| n as f64)
}

#[wasm_bindgen]
pub fn alloc(bytes: usize) -> f64 {
    with(|engine| engine.alloc(bytes), f64::from)
}

#[wasm_bindgen(js_name = setLimit)]
pub fn set_limit(bytes: f64) -> f64 {
    with(
        |engine| {
            engine.set_limit(bytes as usize);
            Ok(())
        },
        |()| 0.0,
    )
}

/// Where a buffer lies in the exported memory. It stays there until it is released.
#[wasm_bindgen]
pub fn address(id: u32) -> f64 {
    with(|engine| engine.buffer(id), |buffer| buffer.address() as usize as f64)
}

#[wasm_bindgen]
pub fn release(kind: u8, id: u32) -> f64 {
    with(
        |engine| {
            engine.release(kind, id);
            Ok(())
        },
        |()| 0.0,
    )
}

#[wasm_bindgen]
pub fn compile(length: usize, max_batch: usize) -> f64 {
    heard(length, |engine, plan| engine.compile(plan, max_batch), f64::from)
}

#[wasm_bindgen]
pub fn measure(length: usize, max_batch: usize) -> f64 {
    heard(length, |engine, plan| engine.measure(plan, max_batch), |bytes| bytes as f64)
}

#[wasm_bindgen]
pub fn start(plan: u32, length: usize) -> f64 {
    heard(length, |engine, call| engine.start(plan, call), f64::from)
}

#[wasm_bindgen]
pub fn advance(run: u32, max_steps: usize, budget: f64, length: usize) -> f64 {
    heard(length, |engine, hyper| engine.run(run)?.advance(max_steps, budget, hyper), said)
}

/// Says that the second part of the module was instantiated.
#[wasm_bindgen]
pub fn arrived() {
    descend_core::part::arrived();
}

/// The answer stands at the beginning of the message.
#[wasm_bindgen]
pub fn apply(run: u32, length: usize) -> f64 {
    heard(length, |engine, mail| engine.apply(run, mail), |()| 0.0)
}

#[wasm_bindgen]
pub fn oracle(plan: u32, length: usize) -> f64 {
    heard(length, |engine, call| engine.oracle(plan, call), said)
}

/// After a trap: whether it hit a step while that was writing variables. Plain memory, so it can be asked of a dead
/// instance.
#[wasm_bindgen]
pub fn torn() -> bool {
    // SAFETY: one thread, and the borrow that may still be marked belongs to a call that trapped and never goes on.
    ENGINE.with(|engine| unsafe { &*engine.as_ptr() }.as_ref().is_some_and(Engine::torn))
}
