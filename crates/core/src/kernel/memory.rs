//! Raw memory: zeroed, 64-byte aligned buffers that may be shared between a running plan and the store. Who may write
//! when is decided by the plan's memory layout and the engine's pins.

use crate::error::{Code, Error, Result};
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

/// Alignment of every buffer and of every value inside an arena, in bytes: a cache line, a full AVX-512 vector.
pub const ALIGN: usize = 64;

/// Bytes on the heap, zeroed and aligned. Written through a shared reference only under the rules of [`crate::engine`].
#[derive(Debug)]
pub struct Buffer {
    ptr: NonNull<u8>,
    len: usize,
    pins: AtomicU32,
}

// SAFETY: the pointer is owned; concurrent access is ruled out by pins (writes from outside are refused while a run
// that uses the buffer advances) and by the engine's commit lock (reads wait for the commit of a step).
unsafe impl Send for Buffer {}
// SAFETY: see above.
unsafe impl Sync for Buffer {}

impl Buffer {
    /// `len` zeroed bytes, or `OUT_OF_MEMORY`.
    pub fn zeroed(len: usize) -> Result<Self> {
        let refused = || Error::new(Code::OutOfMemory, format!("memory: expected {len} more bytes, got none"));
        let layout = Layout::from_size_align(len.max(1), ALIGN).map_err(|_| refused())?;
        // SAFETY: the layout has a size of at least one byte.
        let ptr = NonNull::new(unsafe { alloc_zeroed(layout) }).ok_or_else(refused)?;
        Ok(Buffer { ptr, len, pins: AtomicU32::new(0) })
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
            _ => Err(Error::new(
                Code::InvalidValue,
                format!("buffer: expected a range within {} bytes, got {len} bytes at {offset}", self.len),
            )),
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

impl Drop for Buffer {
    fn drop(&mut self) {
        let layout = Layout::from_size_align(self.len.max(1), ALIGN).expect("checked when allocated");
        // SAFETY: allocated in `zeroed` with this layout.
        unsafe { dealloc(self.ptr.as_ptr(), layout) }
    }
}
