//! Raw memory: zeroed, 64-byte aligned buffers that may be shared between a running plan and the store. Who may write
//! when is decided by the plan's memory layout and the engine's pins; how much there may be, by a quota.
//! Behind the bytes that were asked for, the last cache line is the buffer's as well: kernels may work on whole lines.

use crate::error::{Code, Error, Result};
use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// Alignment of every buffer and of every value inside an arena, in bytes: a cache line, a full AVX-512 vector.
pub const ALIGN: usize = 64;

/// How many bytes buffers may take together, and how many they take.
#[derive(Debug)]
pub struct Quota {
    used: AtomicUsize,
    limit: AtomicUsize,
}

impl Default for Quota {
    /// Without a limit.
    fn default() -> Self {
        Quota { used: AtomicUsize::new(0), limit: AtomicUsize::new(usize::MAX) }
    }
}

impl Quota {
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Acquire)
    }

    /// Of what is made from now on: what is there already stays, even beyond it.
    pub fn set_limit(&self, bytes: usize) {
        self.limit.store(bytes, Ordering::Release);
    }

    fn take(&self, len: usize) -> Result<()> {
        let limit = self.limit.load(Ordering::Acquire);
        let more = |used: usize| used.checked_add(len).filter(|&sum| sum <= limit);
        self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).map(|_| ()).map_err(|used| {
            let hint = "a smaller batchSize takes less, dispose() frees, a larger memoryLimit allows more";
            let [limit, used, len] = [limit, used, len].map(|bytes| bytes.to_string());
            let got = [&limit, " bytes, got ", &used, " in use and ", &len, " more (", hint, ")"].concat();
            Error::new(Code::OutOfMemory, "memory: expected at most ".to_string() + &got)
        })
    }

    fn give_back(&self, len: usize) {
        self.used.fetch_sub(len, Ordering::AcqRel);
    }
}

/// Bytes on the heap, zeroed and aligned. Written through a shared reference only under the rules of [`crate::engine`].
#[derive(Debug)]
pub struct Buffer {
    ptr: NonNull<u8>,
    len: usize,
    pins: AtomicU32,
    quota: Option<Arc<Quota>>,
}

// SAFETY: the pointer is owned; concurrent access is ruled out by pins (writes from outside are refused while a run
// that uses the buffer advances) and by the engine's commit lock (reads wait for the commit of a step).
unsafe impl Send for Buffer {}
// SAFETY: see above.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// `len` zeroed bytes that no quota counts, or `OUT_OF_MEMORY`.
    pub fn zeroed(len: usize) -> Result<Self> {
        Self::alloc(len, None)
    }

    /// `len` zeroed bytes, counted until they are freed, or `OUT_OF_MEMORY`.
    pub fn within(quota: &Arc<Quota>, len: usize) -> Result<Self> {
        quota.take(len)?;
        Self::alloc(len, Some(quota.clone())).inspect_err(|_| quota.give_back(len))
    }

    fn alloc(len: usize, quota: Option<Arc<Quota>>) -> Result<Self> {
        let refused =
            || Error::new(Code::OutOfMemory, ["memory: expected ", &len.to_string(), " more bytes, got none"].concat());
        let layout = layout(len).ok_or_else(refused)?;
        let ptr = NonNull::new(zeroed(layout)).ok_or_else(refused)?;
        Ok(Buffer { ptr, len, pins: AtomicU32::new(0), quota })
    }

    /// Another buffer under the same quota.
    pub fn beside(&self, len: usize) -> Result<Self> {
        match &self.quota {
            Some(quota) => Buffer::within(quota, len),
            None => Buffer::zeroed(len),
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn address(&self) -> *mut u8 {
        self.ptr.as_ptr()
    }

    /// Marks the buffer as used by an advancing run; every `pin` has its `unpin`.
    pub fn pin(&self) {
        self.pins.fetch_add(1, Ordering::AcqRel);
    }

    pub fn unpin(&self) {
        self.pins.fetch_sub(1, Ordering::AcqRel);
    }

    pub fn pinned(&self) -> bool {
        self.pins.load(Ordering::Acquire) > 0
    }

    pub(super) fn range(&self, offset: usize, len: usize) -> Result<()> {
        match offset.checked_add(len) {
            Some(end) if end <= self.len => Ok(()),
            _ => Err(Error::of(Code::InvalidValue, || {
                format!("buffer: expected a range within {} bytes, got {len} bytes at {offset}", self.len)
            })),
        }
    }

    /// Copies bytes out. The caller holds the commit lock.
    pub fn read(&self, offset: usize, out: &mut [u8]) -> Result<()> {
        self.range(offset, out.len())?;
        // SAFETY: the range was checked; `out` is a Rust slice, so it cannot overlap memory that only we hand out raw.
        unsafe { std::ptr::copy_nonoverlapping(self.ptr.as_ptr().add(offset), out.as_mut_ptr(), out.len()) };
        Ok(())
    }

    /// Copies bytes in, unless a run is using the buffer.
    pub fn write(&self, offset: usize, bytes: &[u8]) -> Result<()> {
        self.range(offset, bytes.len())?;
        if self.pinned() {
            let message = "variable: expected no running call to use it, got a write while one does (await it first)";
            return Err(Error::new(Code::Busy, message));
        }
        // SAFETY: the range was checked and no run is using the buffer.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.ptr.as_ptr().add(offset), bytes.len()) };
        Ok(())
    }
}

/// Bytes of a huge page of x86-64 and of arm64 with small pages.
const HUGE: usize = 1 << 21;

/// Whole cache lines, or whole huge pages where the system can have such and they hold little else.
fn layout(len: usize) -> Option<Layout> {
    let pages = len.checked_next_multiple_of(HUGE)?;
    let huge = cfg!(target_os = "linux") && pages - len <= len / 8;
    let (unit, least) = if huge { (HUGE, len) } else { (ALIGN, len.max(1)) };
    Layout::from_size_align(least.checked_next_multiple_of(unit)?, unit).ok()
}

/// Zeroed memory, or null. Large memory asks for huge pages before it is first touched: a sweep over it is bound by how fast
/// addresses are looked up.
fn zeroed(layout: Layout) -> *mut u8 {
    if layout.align() < HUGE {
        // SAFETY: the layout has a size of at least one byte.
        return unsafe { alloc_zeroed(layout) };
    }
    // SAFETY: as above.
    let ptr = unsafe { alloc(layout) };
    if !ptr.is_null() {
        advise_huge(ptr, layout.size());
        // SAFETY: as many bytes as were just allocated.
        unsafe { ptr.write_bytes(0, layout.size()) };
    }
    ptr
}

#[cfg(target_os = "linux")]
fn advise_huge(ptr: *mut u8, len: usize) {
    // From <sys/mman.h>; the number is the same on every architecture of Linux.
    const MADV_HUGEPAGE: i32 = 14;
    // SAFETY: the C library's function of that name.
    unsafe extern "C" {
        fn madvise(address: *mut std::ffi::c_void, length: usize, advice: i32) -> i32;
    }
    // SAFETY: whole huge pages of memory that was just allocated; the advice changes none of its contents. What the system
    // answers does not matter: without huge pages there are others.
    unsafe { madvise(ptr.cast(), len, MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn advise_huge(_: *mut u8, _: usize) {}

/// Floats that nobody else has an address of.
#[derive(Debug)]
pub struct Floats(Buffer);

impl Floats {
    /// `len` zeros under the quota of `buffer`, or `OUT_OF_MEMORY`.
    pub fn beside(buffer: &Buffer, len: usize) -> Result<Self> {
        buffer.beside(len.saturating_mul(4)).map(Floats)
    }

    pub fn get(&mut self) -> &mut [f32] {
        // SAFETY: the buffer holds as many floats, is aligned for them, and is borrowed exclusively with its only owner.
        unsafe { std::slice::from_raw_parts_mut(self.0.ptr.as_ptr().cast(), self.0.len / 4) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let layout = layout(self.len).expect("checked when allocated");
        // SAFETY: allocated in `alloc` with this layout.
        unsafe { dealloc(self.ptr.as_ptr(), layout) }
        if let Some(quota) = &self.quota {
            quota.give_back(self.len);
        }
    }
}
