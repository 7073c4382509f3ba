//! The module's allocator, a tenth of the standard one. Small blocks have sizes of powers of two and come from pages that
//! stay theirs; larger ones are the first that fit of a list ordered by address, whose neighbours join. Blocks carry no
//! heads, for Rust says how long a block is when it gives it back. One thread.

use std::alloc::Layout;
use std::ptr::null_mut;

/// Larger blocks begin and end at multiples of it.
const UNIT: usize = 64;
const SMALLEST: usize = 16;
/// The largest of the small blocks.
const SMALL: usize = 1024;
const PAGE: usize = 4096;
const CLASSES: usize = (SMALL / SMALLEST).ilog2() as usize + 1;

/// What a free block begins with. In lists of small ones, `len` means nothing.
struct Free {
    next: *mut Free,
    len: usize,
}

/// Free memory.
pub struct Heap {
    small: [*mut Free; CLASSES],
    large: *mut Free,
    /// Nothing at this address or above was ever written.
    fresh: usize,
    /// Gives at least so many bytes of zeros, and where: a multiple of [`UNIT`], above all that came before.
    more: fn(usize) -> Option<(usize, usize)>,
}

impl Heap {
    /// Without any memory yet.
    pub const fn new(more: fn(usize) -> Option<(usize, usize)>) -> Self {
        Self { small: [null_mut(); CLASSES], large: null_mut(), fresh: 0, more }
    }

    /// A block, or null where there is no more memory.
    pub fn alloc(&mut self, layout: Layout) -> *mut u8 {
        match class_of(layout) {
            Some(class) => self.alloc_small(class),
            None => self.take(len_of(layout), layout.align()),
        }
    }

    /// The same with zeros, which memory that nobody had needs not be filled with.
    pub fn alloc_zeroed(&mut self, layout: Layout) -> *mut u8 {
        let fresh = self.fresh;
        let at = self.alloc(layout);
        if !at.is_null() {
            // Memory that came for this block may begin with the head of the free block that it was.
            let used = fresh.saturating_sub(at as usize).max(size_of::<Free>()).min(layout.size());
            // A page of small blocks is written to when it is cut up.
            let used = if class_of(layout).is_some() { layout.size() } else { used };
            // SAFETY: `alloc` gave at least `layout.size()` bytes there.
            unsafe { at.write_bytes(0, used) };
        }
        at
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// `at` came from this heap for this layout, and nobody uses it any more.
    pub unsafe fn dealloc(&mut self, at: *mut u8, layout: Layout) {
        match class_of(layout) {
            // SAFETY: the block is free now, and no smaller than a head.
            Some(class) => unsafe {
                let block = at.cast::<Free>();
                (*block).next = self.small[class];
                self.small[class] = block;
            },
            None => self.give(at as usize, len_of(layout)),
        }
    }

    fn alloc_small(&mut self, class: usize) -> *mut u8 {
        if self.small[class].is_null() {
            let size = SMALLEST << class;
            let page = self.take(PAGE, size);
            if page.is_null() {
                return page;
            }
            for start in (0..PAGE).step_by(size).rev() {
                // SAFETY: within the page, which is free and a multiple of `size` long.
                unsafe { self.dealloc(page.add(start), Layout::from_size_align_unchecked(size, 1)) };
            }
        }
        let block = self.small[class];
        // SAFETY: a free block of this class.
        self.small[class] = unsafe { (*block).next };
        block.cast()
    }

    fn take(&mut self, len: usize, align: usize) -> *mut u8 {
        let mut link: *mut *mut Free = &mut self.large;
        // SAFETY: `link` is the list's beginning or the `next` of a block in it; what is cut off lies within a free block.
        unsafe {
            while !(*link).is_null() {
                let block = *link;
                let at = (block as usize).next_multiple_of(align);
                let skipped = at - block as usize;
                if (*block).len >= skipped + len {
                    let rest = self.write(at + len, (*block).next, (*block).len - skipped - len);
                    if skipped == 0 {
                        *link = rest;
                    } else {
                        (*block) = Free { next: rest, len: skipped };
                    }
                    self.fresh = self.fresh.max(at + len);
                    return at as *mut u8;
                }
                link = &mut (*block).next;
            }
        }
        let wanted = if align > UNIT { len.saturating_add(align) } else { len };
        let Some((at, got)) = (self.more)(wanted) else { return null_mut() };
        self.give(at, got);
        self.take(len, align)
    }

    fn give(&mut self, at: usize, mut len: usize) {
        let mut before: *mut Free = null_mut();
        let mut next = self.large;
        // SAFETY: blocks of the list are free, and so is what is given.
        unsafe {
            while !next.is_null() && (next as usize) < at {
                before = next;
                next = (*next).next;
            }
            if at + len == next as usize {
                len += (*next).len;
                next = (*next).next;
            }
            if !before.is_null() && before as usize + (*before).len == at {
                *before = Free { next, len: (*before).len + len };
            } else {
                let block = self.write(at, next, len);
                let link = if before.is_null() { &mut self.large } else { &mut (*before).next };
                *link = block;
            }
        }
    }

    /// The head of a free block, or what follows if nothing of it is left.
    unsafe fn write(&mut self, at: usize, next: *mut Free, len: usize) -> *mut Free {
        if len == 0 {
            return next;
        }
        let block = at as *mut Free;
        // SAFETY: the caller owns the block, whose length is a multiple of `UNIT`.
        unsafe { *block = Free { next, len } };
        self.fresh = self.fresh.max(at + size_of::<Free>());
        block
    }
}

fn class_of(layout: Layout) -> Option<usize> {
    let size = layout.size().max(layout.align()).max(SMALLEST).next_power_of_two();
    (size <= SMALL).then(|| (size / SMALLEST).ilog2() as usize)
}

fn len_of(layout: Layout) -> usize {
    layout.size().next_multiple_of(UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const ROOM: usize = 1 << 22;
    static START: AtomicUsize = AtomicUsize::new(0);
    static GIVEN: AtomicUsize = AtomicUsize::new(0);

    /// As WASM's memory grows: by whole pages of 64 KiB, up to a limit.
    fn more(bytes: usize) -> Option<(usize, usize)> {
        let len = bytes.next_multiple_of(1 << 16);
        let at = GIVEN.load(Ordering::Relaxed);
        if at + len > ROOM {
            return None;
        }
        GIVEN.store(at + len, Ordering::Relaxed);
        Some((START.load(Ordering::Relaxed) + at, len))
    }

    fn random(state: &mut u64) -> usize {
        *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (*state >> 33) as usize
    }

    /// Blocks are aligned, apart from each other, zeroed where asked, and keep what is written; in the end all is one again.
    #[test]
    fn blocks_are_their_owners() {
        let memory = vec![0u8; ROOM + (1 << 16)];
        START.store((memory.as_ptr() as usize).next_multiple_of(1 << 16), Ordering::Relaxed);
        let mut heap = Heap::new(more);
        let mut alive: Vec<(*mut u8, Layout, u8)> = Vec::new();
        let mut state = 1;
        let mut refused = 0;
        for round in 0..20_000 {
            if random(&mut state) % 100 < 48 && !alive.is_empty() {
                let (at, layout, mark) = alive.swap_remove(random(&mut state) % alive.len());
                // SAFETY: alive, and given back once.
                unsafe {
                    assert!((0..layout.size()).all(|i| *at.add(i) == mark));
                    heap.dealloc(at, layout);
                }
                continue;
            }
            let size = 1 + random(&mut state) % [16, 200, 1500, 70_000][random(&mut state) % 4];
            let layout = Layout::from_size_align(size, 1 << (random(&mut state) % 9)).unwrap();
            let zeroed = round % 3 == 0;
            let at = if zeroed { heap.alloc_zeroed(layout) } else { heap.alloc(layout) };
            if at.is_null() {
                refused += 1;
                continue;
            }
            assert_eq!(at as usize % layout.align(), 0);
            let mark = (round % 251) as u8;
            // SAFETY: as long as it was asked for.
            unsafe {
                assert!(!zeroed || (0..size).all(|i| *at.add(i) == 0));
                at.write_bytes(mark, size);
            }
            alive.push((at, layout, mark));
        }
        assert!(refused > 0, "the memory was to run out");
        for (at, layout, _) in alive.drain(..) {
            // SAFETY: alive, and given back once.
            unsafe { heap.dealloc(at, layout) };
        }
        // What is not in pages of small blocks can be had at once again.
        let pages: usize = (0..CLASSES).map(|class| pages_of(&heap, class)).sum();
        let mut free = 0;
        let mut block = heap.large;
        while !block.is_null() {
            // SAFETY: a block of the list.
            unsafe {
                assert!((*block).next.is_null() || block as usize + (*block).len < (*block).next as usize);
                free += (*block).len;
                block = (*block).next;
            }
        }
        assert_eq!(free + pages * PAGE, GIVEN.load(Ordering::Relaxed));
    }

    /// Each of these takes just what comes for it, which nobody had before.
    #[test]
    fn what_is_new_has_no_head() {
        fn whole(bytes: usize) -> Option<(usize, usize)> {
            let len = bytes.next_multiple_of(1 << 16);
            let memory = vec![0u64; len / 8 + UNIT].leak();
            Some(((memory.as_ptr() as usize).next_multiple_of(UNIT), len))
        }
        let mut heap = Heap::new(whole);
        for _ in 0..3 {
            let layout = Layout::from_size_align(1 << 16, 16).unwrap();
            let at = heap.alloc_zeroed(layout);
            // SAFETY: as long as it was asked for.
            assert!((0..1 << 16).all(|i| unsafe { *at.add(i) } == 0));
        }
    }

    fn pages_of(heap: &Heap, class: usize) -> usize {
        let (mut blocks, mut block) = (0, heap.small[class]);
        while !block.is_null() {
            blocks += 1;
            // SAFETY: a block of the list.
            block = unsafe { (*block).next };
        }
        blocks * (SMALLEST << class) / PAGE
    }
}
