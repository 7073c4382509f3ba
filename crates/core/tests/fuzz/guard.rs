//! The allocator of the fuzz: every piece of memory has a border on both sides that must come back as it was, and there
//! is only so much. What is beyond that is refused, as on a machine with less memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Most bytes at once: a refusal beyond it is an error of the engine, or an abort where the engine did not ask.
const LIMIT: usize = 512 << 20;
const MARK: u8 = 0xa5;

static USED: AtomicUsize = AtomicUsize::new(0);
static DAMAGED: AtomicUsize = AtomicUsize::new(0);

/// Pieces whose border was written to, so far.
pub fn damaged() -> usize {
    DAMAGED.load(Relaxed)
}

pub struct Guarded;

fn with_borders(layout: Layout) -> Option<(Layout, usize)> {
    let border = layout.align().max(64);
    Some((Layout::from_size_align(layout.size().checked_add(2 * border)?, layout.align()).ok()?, border))
}

// SAFETY: what the system's allocator gives, less a border at each end.
unsafe impl GlobalAlloc for Guarded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((whole, border)) = with_borders(layout) else { return std::ptr::null_mut() };
        if USED.fetch_add(layout.size(), Relaxed) + layout.size() > LIMIT {
            USED.fetch_sub(layout.size(), Relaxed);
            return std::ptr::null_mut();
        }
        // SAFETY: the layout is not empty; both borders lie inside.
        unsafe {
            let start = System.alloc(whole);
            if start.is_null() {
                return start;
            }
            start.write_bytes(MARK, border);
            start.add(border + layout.size()).write_bytes(MARK, border);
            start.add(border)
        }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        let Some((whole, border)) = with_borders(layout) else { return };
        USED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: made by `alloc` with the same layout.
        unsafe {
            let start = ptr.sub(border);
            for at in (0..border).chain(border + layout.size()..whole.size()) {
                if *start.add(at) != MARK {
                    DAMAGED.fetch_add(1, Relaxed);
                    break;
                }
            }
            System.dealloc(start, whole);
        }
    }
}
