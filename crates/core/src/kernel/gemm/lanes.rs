//! One vector of f32 per instruction set, as the micro-kernel sees it: load, splat, multiply, add, store.
//! Refuses everything else.

/// A vector of `N` floats.
///
/// # Safety
/// Methods may use instructions that the target does not guarantee: call them only in code that is inlined into a
/// function compiled for the level they belong to.
pub unsafe trait Lanes: Copy {
    /// Floats per vector.
    const N: usize;
    /// All lanes `x`.
    unsafe fn splat(x: f32) -> Self;
    /// `N` floats from `from`, of any alignment.
    unsafe fn load(from: *const f32) -> Self;
    /// `N` floats to `to`, of any alignment.
    unsafe fn store(self, to: *mut f32);
    /// Lane by lane, rounded.
    unsafe fn mul(self, other: Self) -> Self;
    /// Lane by lane, rounded.
    unsafe fn add(self, other: Self) -> Self;
    /// self · other + sum, rounded once.
    #[cfg(not(target_arch = "wasm32"))]
    unsafe fn fused(self, other: Self, sum: Self) -> Self;
}

/// Implements [`Lanes`] by intrinsics (WASM's arithmetic is safe, hence the `allow`).
#[allow(unused_macros)]
macro_rules! lanes {
    ($vector:ty, $n:literal, $splat:path, $load:path, $store:path, $mul:path, $add:path $(, $fused:path)?) => {
        // SAFETY: each method is one instruction of the set that the trait's contract asks for.
        #[allow(unused_unsafe)]
        unsafe impl Lanes for $vector {
            const N: usize = $n;
            #[inline(always)]
            unsafe fn splat(x: f32) -> Self {
                // SAFETY: by the trait's contract.
                unsafe { $splat(x) }
            }
            #[inline(always)]
            unsafe fn load(from: *const f32) -> Self {
                // SAFETY: by the trait's contract.
                unsafe { $load(from.cast()) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut f32) {
                // SAFETY: by the trait's contract.
                unsafe { $store(to.cast(), self) }
            }
            #[inline(always)]
            unsafe fn mul(self, other: Self) -> Self {
                // SAFETY: by the trait's contract.
                unsafe { $mul(self, other) }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                // SAFETY: by the trait's contract.
                unsafe { $add(self, other) }
            }
            $(#[inline(always)]
            unsafe fn fused(self, other: Self, sum: Self) -> Self {
                // SAFETY: by the trait's contract.
                unsafe { $fused(self, other, sum) }
            })?
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    use std::arch::x86_64::*;
    lanes!(
        __m512,
        16,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_mul_ps,
        _mm512_add_ps,
        _mm512_fmadd_ps
    );
    lanes!(__m256, 8, _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_mul_ps, _mm256_add_ps, _mm256_fmadd_ps);
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm {
    use super::Lanes;
    use std::arch::wasm32::*;
    lanes!(v128, 4, f32x4_splat, v128_load, v128_store, f32x4_mul, f32x4_add);
}

/// Eight floats that the compiler turns into what the target has.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Portable([f32; 8]);

// SAFETY: needs no particular instructions.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
unsafe impl Lanes for Portable {
    const N: usize = 8;
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Portable([x; 8])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller has 8 floats there.
        Portable(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller has 8 floats there.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Portable(std::array::from_fn(|i| self.0[i] * other.0[i]))
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Portable(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }
    #[cfg(not(target_arch = "wasm32"))]
    #[inline(always)]
    unsafe fn fused(self, other: Self, sum: Self) -> Self {
        Portable(std::array::from_fn(|i| self.0[i].mul_add(other.0[i], sum.0[i])))
    }
}
