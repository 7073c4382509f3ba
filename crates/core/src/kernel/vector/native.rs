//! One float, of which the compiler makes vectors.

use std::num::Wrapping;

/// Floats at once.
pub const WIDTH: usize = 1;
/// One float.
pub type V = f32;
/// As many doubles.
pub type D = f64;
/// Its bits, which wrap around.
pub type I = Wrapping<i32>;
/// Whether something holds.
pub type Mask = bool;

/// Reads `WIDTH` floats.
///
/// # Safety
/// They are there.
#[inline(always)]
pub unsafe fn load(from: *const f32) -> V {
    // SAFETY: by the caller's promise.
    unsafe { from.read_unaligned() }
}

/// Writes `WIDTH` floats.
///
/// # Safety
/// There is room, and nobody else's.
#[inline(always)]
pub unsafe fn store(to: *mut f32, x: V) {
    // SAFETY: by the caller's promise.
    unsafe { to.write_unaligned(x) }
}

/// The floats one by one.
#[inline(always)]
pub fn floats(x: V) -> [f32; WIDTH] {
    [x]
}

/// Of the floats one by one.
#[inline(always)]
pub fn from_floats(x: [f32; WIDTH]) -> V {
    x[0]
}

/// The floats as doubles.
#[inline(always)]
pub fn widened(x: V) -> D {
    f64::from(x)
}

/// The doubles one by one.
#[inline(always)]
pub fn doubles(x: D) -> [f64; WIDTH] {
    [x]
}

/// a > b.
#[inline(always)]
pub fn above(a: V, b: V) -> Mask {
    a > b
}

/// a < b.
#[inline(always)]
pub fn below(a: V, b: V) -> Mask {
    a < b
}

/// a ≥ b.
#[inline(always)]
pub fn at_least(a: V, b: V) -> Mask {
    a >= b
}

/// a = b.
#[inline(always)]
pub fn equal(a: V, b: V) -> Mask {
    a == b
}

/// `a` where the mask holds, `b` elsewhere.
#[inline(always)]
pub fn pick(mask: Mask, a: V, b: V) -> V {
    if mask { a } else { b }
}

/// As `pick`, for bits.
#[inline(always)]
pub fn pick_bits(mask: Mask, a: I, b: I) -> I {
    if mask { a } else { b }
}

/// Some bits everywhere.
#[inline(always)]
pub fn all(bits: i32) -> I {
    Wrapping(bits)
}

/// The bits of a float.
#[inline(always)]
pub fn bits(x: V) -> I {
    Wrapping(x.to_bits() as i32)
}

/// The float of some bits.
#[inline(always)]
pub fn from_bits(bits: I) -> V {
    f32::from_bits(bits.0 as u32)
}

/// The integer as a float.
#[inline(always)]
pub fn to_float(n: I) -> V {
    n.0 as f32
}

/// a > b, of integers.
#[inline(always)]
pub fn exceeds(a: I, b: I) -> Mask {
    a > b
}
