//! What a formula computes with: natively one float, of which the compiler makes vectors of the width it finds best; on
//! WASM four at once, by intrinsics, for there nothing else is sure to become vector code, and a formula that does not
//! has ten times the size. The same operations on both, so a formula is written once.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod wasm;

#[cfg(not(target_family = "wasm"))]
pub use native::*;
#[cfg(target_family = "wasm")]
pub use wasm::*;

/// `x`, or the bound it is beyond; NaN stays NaN.
#[inline(always)]
pub fn bounded(x: V, low: V, high: V) -> V {
    pick(below(x, low), low, pick(above(x, high), high, x))
}

/// f of every float by itself, for what is reckoned in f64.
#[inline(always)]
pub fn one_by_one<const N: usize>(x: [V; N], f: impl Fn([f32; N]) -> f32) -> V {
    let x = x.map(floats);
    from_floats(std::array::from_fn(|lane| f(std::array::from_fn(|n| x[n][lane]))))
}
