//! Asks for cache lines before they are needed, where no prefetcher foresees them. Hints, which read nothing and fail nowhere.

/// Asks for the cache lines of `len` floats, whatever is there.
#[inline(always)]
pub fn soon(from: *const f32, len: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in 0..len.div_ceil(16) + 1 {
        // SAFETY: a hint, which reads nothing.
        unsafe { std::arch::x86_64::_mm_prefetch::<3>(from.wrapping_add(16 * line).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (from, len);
}

/// The same of one line that is going to be written.
#[inline(always)]
pub fn soon_written(to: *mut f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which reads nothing.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<7>(to.cast_const().cast())
    };
    #[cfg(not(target_arch = "x86_64"))]
    let _ = to;
}
