//! The thread pool of the process: runs the parts of one kernel side by side. Which thread runs which part is left
//! to chance, so parts must not depend on it; nothing in this crate computes other bits when the pool's size changes.
//! Refuses nothing it could run inline: a nested call, or one while another thread uses the pool, runs in the caller.

use super::turn;
#[cfg(not(target_arch = "wasm32"))]
pub use native::{parallel, set_threads, threads};
#[cfg(target_arch = "wasm32")]
pub use sequential::{parallel, set_threads, threads};
use std::marker::PhantomData;
use std::ops::Range;

/// Kernels leave fewer elements than this to the calling thread: waking a worker costs as much as they do.
pub const SPLIT_FROM: usize = 1 << 16;
/// The most threads a pool may have.
pub const MAX_THREADS: usize = 256;

/// Covers `0..units` (in a [turn](super::turn): a part of it) by consecutive ranges and runs `f` on each, on several
/// threads when `units · unit_cost` (elements) reaches [`SPLIT_FROM`]. Ranges start at multiples of `align`.
pub fn split(units: usize, unit_cost: usize, align: usize, f: impl Fn(Range<usize>) + Sync) {
    let part = turn::part(units, align, 0);
    let (start, end) = (part.start, part.end);
    let (units, threads) = (end - start, if cfg!(target_family = "wasm") { 1 } else { threads() });
    if units == 0 {
        return;
    }
    if threads == 1 || units.saturating_mul(unit_cost) < SPLIT_FROM {
        return f(start..end);
    }
    // About four ranges per thread even out threads that the system slows down.
    let least = (SPLIT_FROM / 4).div_ceil(unit_cost.max(1));
    let size = units.div_ceil(threads * 4).max(least).next_multiple_of(align);
    parallel(units.div_ceil(size), &|part| f(start + part * size..(start + (part + 1) * size).min(end)));
}

/// A mutable slice whose disjoint ranges are written by several parts.
pub struct Shared<'a, T> {
    start: *mut T,
    len: usize,
    lent: PhantomData<&'a mut [T]>,
}

// SAFETY: it lends nothing but slices that the caller of `range` promises to be disjoint.
unsafe impl<T: Send> Sync for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    /// Lends the whole slice.
    pub fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), lent: PhantomData }
    }

    /// The first element. What is written through it must not be in a range alive elsewhere.
    #[inline(always)]
    pub fn as_mut_ptr(&self) -> *mut T {
        self.start
    }

    /// How many there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One range of it.
    ///
    /// # Safety
    /// No two ranges alive at the same time may overlap.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub unsafe fn range(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: inside the slice that was lent for 'a; disjoint by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.end - range.start) }
    }
}

#[cfg(target_arch = "wasm32")]
mod sequential {
    /// The number of threads: 1, for WASM memory here belongs to one thread.
    pub fn threads() -> usize {
        1
    }

    /// Accepts what the native pool accepts, and stays at one thread.
    pub fn set_threads(wanted: usize) -> Result<usize, String> {
        if wanted > super::MAX_THREADS { Err(super::too_many(wanted)) } else { Ok(1) }
    }

    /// Runs `f(0)`, `f(1)`, … `f(parts - 1)`.
    pub fn parallel(parts: usize, f: &(dyn Fn(usize) + Sync)) {
        (0..parts).for_each(f);
    }
}

fn too_many(wanted: usize) -> String {
    let [most, wanted] = [MAX_THREADS, wanted].map(|n| n.to_string());
    ["set threads failed: expected 0 (all cores) to ", &most, ", got ", &wanted].concat()
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use super::{MAX_THREADS, too_many};
    use std::any::Any;
    use std::cell::{Cell, UnsafeCell};
    use std::hint::spin_loop;
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
    use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*};
    use std::sync::{Condvar, Mutex, PoisonError};

    /// Looks at the state this often (some 0.2 ms) before a worker goes to sleep: the gap between two kernels of a step, of which
    /// some run on one thread. To wake it takes as long as a short kernel does, longer where a host has given the core away.
    const SPINS: u32 = 4000;
    /// Low bits of `STATE`: workers inside the job, then one bit "open", then the job's number.
    const INSIDE: u64 = 0xffff;
    const OPEN: u64 = 1 << 16;
    const JOB: u64 = 1 << 17;

    type Part = *const (dyn Fn(usize) + Sync);
    /// What to run, of how many parts, by how many threads.
    type Job = (Part, usize, usize);
    struct JobCell(UnsafeCell<Option<Job>>);
    /// The next part of one thread's share, in a cache line of its own.
    #[repr(align(64))]
    struct Next(AtomicUsize);
    // SAFETY: written only by the owner of `BUSY` while the job is closed and empty, read only by workers inside it.
    unsafe impl Sync for JobCell {}

    static STATE: AtomicU64 = AtomicU64::new(0);
    static CURRENT: JobCell = JobCell(UnsafeCell::new(None));
    static NEXT: [Next; MAX_THREADS] = [const { Next(AtomicUsize::new(0)) }; MAX_THREADS];
    /// Held by the one thread whose job the pool runs.
    static BUSY: AtomicBool = AtomicBool::new(false);
    static PANIC: Mutex<Option<Box<dyn Any + Send>>> = Mutex::new(None);
    /// Threads wanted, the caller included; 0 = not set yet.
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    static SPAWNED: Mutex<usize> = Mutex::new(0);
    static SLEEPERS: AtomicUsize = AtomicUsize::new(0);
    static SLEEP: Mutex<()> = Mutex::new(());
    static WAKE: Condvar = Condvar::new();

    thread_local! {
        static NESTED: Cell<bool> = const { Cell::new(false) };
    }

    /// The number of threads that share large kernels, the caller included. Starts as the number of cores.
    #[inline]
    pub fn threads() -> usize {
        match THREADS.load(Acquire) {
            0 => set_threads(0).unwrap_or(1),
            n => n,
        }
    }

    /// Sets the number of threads (0 = all cores) and returns it; it is lower where the system refuses more threads.
    /// It changes how fast results come, never a bit of them.
    pub fn set_threads(wanted: usize) -> Result<usize, String> {
        if wanted > MAX_THREADS {
            return Err(too_many(wanted));
        }
        let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MAX_THREADS));
        let wanted = if wanted == 0 { cores() } else { wanted };
        let mut spawned = SPAWNED.lock().unwrap_or_else(PoisonError::into_inner);
        while *spawned + 1 < wanted {
            let index = *spawned + 1;
            let thread = std::thread::Builder::new().name(format!("descend-{index}"));
            if thread.spawn(move || work(index)).is_err() {
                break;
            }
            *spawned += 1;
        }
        let threads = wanted.min(*spawned + 1);
        THREADS.store(threads, Release);
        Ok(threads)
    }

    /// Runs `f(0)`, `f(1)`, … `f(parts - 1)`, each once, in any order and on any thread; returns when all are done.
    /// A panic in a part goes on in the caller; parts not yet begun are then left out. Allocates nothing.
    pub fn parallel(parts: usize, f: &(dyn Fn(usize) + Sync)) {
        let threads = threads();
        let alone = parts < 2 || threads == 1 || NESTED.get();
        if alone || BUSY.compare_exchange(false, true, Acquire, Relaxed).is_err() {
            return (0..parts).for_each(f);
        }
        // SAFETY: only the lifetime is dropped; the job is closed and empty of workers before this call returns.
        let part = unsafe { std::mem::transmute::<*const (dyn Fn(usize) + Sync + '_), Part>(f) };
        // SAFETY: this thread holds BUSY and no worker is inside: the job is closed.
        unsafe { *CURRENT.0.get() = Some((part, parts, threads)) };
        (0..threads).for_each(|share| NEXT[share].0.store(share * parts / threads, Relaxed));
        STATE.fetch_add(JOB | OPEN, SeqCst);
        if SLEEPERS.load(SeqCst) > 0 {
            let _awake = SLEEP.lock().unwrap_or_else(PoisonError::into_inner);
            WAKE.notify_all();
        }
        NESTED.set(true);
        run_parts(f, parts, threads, 0);
        NESTED.set(false);
        STATE.fetch_and(!OPEN, SeqCst);
        let mut waited = 0u32;
        while STATE.load(Acquire) & INSIDE != 0 {
            waited += 1;
            if waited < 10_000 { spin_loop() } else { std::thread::yield_now() }
        }
        let panic = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
        BUSY.store(false, Release);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Takes the parts of thread `me`'s share, which are the same in every job of so many parts, so that it finds in its
    /// cache what it left there; then what is left of the others' shares.
    fn run_parts(f: &(dyn Fn(usize) + Sync), parts: usize, threads: usize, me: usize) {
        for share in (0..threads).map(|other| (me + other) % threads) {
            let end = (share + 1) * parts / threads;
            loop {
                let part = NEXT[share].0.fetch_add(1, Relaxed);
                if part >= end {
                    break;
                }
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| f(part))) {
                    NEXT[..threads].iter().for_each(|next| next.0.store(parts, Relaxed));
                    *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
                }
            }
        }
    }

    /// A worker's life: wait for a job it has not seen, join it if it is still open, take parts, leave.
    fn work(index: usize) {
        NESTED.set(true);
        let mut seen = 0;
        loop {
            let mut state = wait_for_other_than(seen);
            seen = state / JOB;
            while state & OPEN != 0 && index < THREADS.load(Relaxed) {
                match STATE.compare_exchange_weak(state, state + 1, SeqCst, SeqCst) {
                    Ok(_) => {
                        seen = state / JOB;
                        // SAFETY: the job was open, and its owner waits until this worker has left.
                        if let Some((f, parts, threads)) = unsafe { *CURRENT.0.get() } {
                            // SAFETY: as above, so the closure is alive.
                            run_parts(unsafe { &*f }, parts, threads, index);
                        }
                        STATE.fetch_sub(1, SeqCst);
                        break;
                    }
                    Err(now) => state = now,
                }
            }
        }
    }

    /// The state as soon as its job is another than number `seen`: spins a little, then sleeps.
    fn wait_for_other_than(seen: u64) -> u64 {
        for _ in 0..SPINS {
            let state = STATE.load(Acquire);
            if state / JOB != seen {
                return state;
            }
            spin_loop();
        }
        SLEEPERS.fetch_add(1, SeqCst);
        let mut guard = SLEEP.lock().unwrap_or_else(PoisonError::into_inner);
        let state = loop {
            let state = STATE.load(SeqCst);
            if state / JOB != seen {
                break state;
            }
            guard = WAKE.wait(guard).unwrap_or_else(PoisonError::into_inner);
        };
        drop(guard);
        SLEEPERS.fetch_sub(1, SeqCst);
        state
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    #[test]
    fn every_part_runs_once_nested_and_from_many_threads() {
        for threads in [1, 2, 3, 8] {
            assert_eq!(set_threads(threads), Ok(threads));
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        for parts in [0usize, 1, 2, 17, 200] {
                            let counts: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                            parallel(parts, &|part| {
                                parallel(3, &|_| {
                                    counts[part].fetch_add(1, Relaxed);
                                });
                            });
                            assert!(counts.iter().all(|count| count.load(Relaxed) == 3));
                        }
                    });
                }
            });
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        for _ in 0..20 {
            let caught = std::panic::catch_unwind(|| parallel(50, &|part| assert!(part != 7, "part seven")));
            let message = caught.unwrap_err();
            assert!(message.downcast_ref::<&str>().is_some_and(|text| text.contains("part seven")));
            let sum = AtomicUsize::new(0);
            parallel(100, &|part| {
                sum.fetch_add(part, Relaxed);
            });
            assert_eq!(sum.into_inner(), 4950);
        }
    }

    #[test]
    fn too_many_threads_are_refused() {
        assert!(set_threads(MAX_THREADS + 1).unwrap_err().contains("expected 0"));
    }

    #[test]
    fn split_covers_everything_once_at_aligned_starts() {
        for units in [0, 1, 15, 65_535, 65_536, 1_000_003] {
            let mut seen = vec![0u8; units];
            let shared = Shared::new(&mut seen);
            split(units, 1, 16, |range| {
                assert_eq!(range.start % 16, 0);
                // SAFETY: `split` hands out disjoint ranges.
                unsafe { shared.range(range) }.iter_mut().for_each(|count| *count += 1);
            });
            assert!(seen.iter().all(|count| *count == 1));
        }
    }
}
