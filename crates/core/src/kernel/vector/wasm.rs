//! Four floats, by intrinsics. What each does is said in `native`.

use std::arch::wasm32::*;
use std::ops::{Add, AddAssign, BitAnd, BitOr, Div, Mul, MulAssign, Neg, Shl, Shr, Sub, SubAssign};

pub const WIDTH: usize = 4;
#[derive(Clone, Copy)]
pub struct V(v128);
#[derive(Clone, Copy)]
pub struct D(v128, v128);
#[derive(Clone, Copy)]
pub struct I(v128);
#[derive(Clone, Copy)]
pub struct Mask(v128);

impl From<f32> for V {
    #[inline(always)]
    fn from(x: f32) -> V {
        V(f32x4_splat(x))
    }
}

macro_rules! arithmetic {
    ($($op:ident $method:ident $instruction:ident;)+) => {$(
        impl $op for V {
            type Output = V;
            #[inline(always)]
            fn $method(self, other: V) -> V {
                V($instruction(self.0, other.0))
            }
        }
        impl $op<f32> for V {
            type Output = V;
            #[inline(always)]
            fn $method(self, other: f32) -> V {
                self.$method(V::from(other))
            }
        }
        impl $op<V> for f32 {
            type Output = V;
            #[inline(always)]
            fn $method(self, other: V) -> V {
                V::from(self).$method(other)
            }
        }
    )+};
}
arithmetic! { Add add f32x4_add; Sub sub f32x4_sub; Mul mul f32x4_mul; Div div f32x4_div; }

impl<T> AddAssign<T> for V
where
    V: Add<T, Output = V>,
{
    #[inline(always)]
    fn add_assign(&mut self, other: T) {
        *self = *self + other;
    }
}

impl<T> SubAssign<T> for V
where
    V: Sub<T, Output = V>,
{
    #[inline(always)]
    fn sub_assign(&mut self, other: T) {
        *self = *self - other;
    }
}

impl<T> MulAssign<T> for V
where
    V: Mul<T, Output = V>,
{
    #[inline(always)]
    fn mul_assign(&mut self, other: T) {
        *self = *self * other;
    }
}

impl Add for D {
    type Output = D;
    #[inline(always)]
    fn add(self, other: D) -> D {
        D(f64x2_add(self.0, other.0), f64x2_add(self.1, other.1))
    }
}

impl Mul for D {
    type Output = D;
    #[inline(always)]
    fn mul(self, other: D) -> D {
        D(f64x2_mul(self.0, other.0), f64x2_mul(self.1, other.1))
    }
}

impl From<f64> for D {
    #[inline(always)]
    fn from(x: f64) -> D {
        D(f64x2_splat(x), f64x2_splat(x))
    }
}

impl Neg for V {
    type Output = V;
    #[inline(always)]
    fn neg(self) -> V {
        V(f32x4_neg(self.0))
    }
}

impl V {
    #[inline(always)]
    pub fn abs(self) -> V {
        V(f32x4_abs(self.0))
    }

    #[inline(always)]
    pub fn sqrt(self) -> V {
        V(f32x4_sqrt(self.0))
    }

    #[inline(always)]
    pub fn copysign(self, sign: V) -> V {
        V(v128_bitselect(sign.0, self.0, u32x4_splat(1 << 31)))
    }
}

impl Add for I {
    type Output = I;
    #[inline(always)]
    fn add(self, other: I) -> I {
        I(i32x4_add(self.0, other.0))
    }
}

impl Sub for I {
    type Output = I;
    #[inline(always)]
    fn sub(self, other: I) -> I {
        I(i32x4_sub(self.0, other.0))
    }
}

impl BitAnd for I {
    type Output = I;
    #[inline(always)]
    fn bitand(self, other: I) -> I {
        I(v128_and(self.0, other.0))
    }
}

impl Shl<usize> for I {
    type Output = I;
    #[inline(always)]
    fn shl(self, places: usize) -> I {
        I(i32x4_shl(self.0, places as u32))
    }
}

impl Shr<usize> for I {
    type Output = I;
    #[inline(always)]
    fn shr(self, places: usize) -> I {
        I(i32x4_shr(self.0, places as u32))
    }
}

impl BitOr for Mask {
    type Output = Mask;
    #[inline(always)]
    fn bitor(self, other: Mask) -> Mask {
        Mask(v128_or(self.0, other.0))
    }
}

/// # Safety
/// `WIDTH` floats are there.
#[inline(always)]
pub unsafe fn load(from: *const f32) -> V {
    // SAFETY: by the caller's promise.
    V(unsafe { v128_load(from.cast()) })
}

/// # Safety
/// There is room for `WIDTH` floats, and nobody else's.
#[inline(always)]
pub unsafe fn store(to: *mut f32, x: V) {
    // SAFETY: by the caller's promise.
    unsafe { v128_store(to.cast(), x.0) }
}

#[inline(always)]
pub fn floats(x: V) -> [f32; WIDTH] {
    let x = x.0;
    [f32x4_extract_lane::<0>(x), f32x4_extract_lane::<1>(x), f32x4_extract_lane::<2>(x), f32x4_extract_lane::<3>(x)]
}

#[inline(always)]
pub fn from_floats([a, b, c, d]: [f32; WIDTH]) -> V {
    V(f32x4(a, b, c, d))
}

#[inline(always)]
pub fn widened(x: V) -> D {
    D(f64x2_promote_low_f32x4(x.0), f64x2_promote_low_f32x4(i32x4_shuffle::<2, 3, 2, 3>(x.0, x.0)))
}

#[inline(always)]
pub fn doubles(D(low, high): D) -> [f64; WIDTH] {
    [
        f64x2_extract_lane::<0>(low),
        f64x2_extract_lane::<1>(low),
        f64x2_extract_lane::<0>(high),
        f64x2_extract_lane::<1>(high),
    ]
}

#[inline(always)]
pub fn above(a: V, b: V) -> Mask {
    Mask(f32x4_gt(a.0, b.0))
}

#[inline(always)]
pub fn below(a: V, b: V) -> Mask {
    Mask(f32x4_lt(a.0, b.0))
}

#[inline(always)]
pub fn at_least(a: V, b: V) -> Mask {
    Mask(f32x4_ge(a.0, b.0))
}

#[inline(always)]
pub fn equal(a: V, b: V) -> Mask {
    Mask(f32x4_eq(a.0, b.0))
}

/// `b` where it is less than `a`, else `a`: one instruction.
#[inline(always)]
pub fn or_less(a: V, b: V) -> V {
    V(f32x4_pmin(a.0, b.0))
}

/// `b` where it is more than `a`, else `a`.
#[inline(always)]
pub fn or_more(a: V, b: V) -> V {
    V(f32x4_pmax(a.0, b.0))
}

#[inline(always)]
pub fn pick(mask: Mask, a: V, b: V) -> V {
    V(v128_bitselect(a.0, b.0, mask.0))
}

#[inline(always)]
pub fn pick_bits(mask: Mask, a: I, b: I) -> I {
    I(v128_bitselect(a.0, b.0, mask.0))
}

#[inline(always)]
pub fn all(bits: i32) -> I {
    I(i32x4_splat(bits))
}

#[inline(always)]
pub fn bits(x: V) -> I {
    I(x.0)
}

#[inline(always)]
pub fn from_bits(bits: I) -> V {
    V(bits.0)
}

#[inline(always)]
pub fn to_float(n: I) -> V {
    V(f32x4_convert_i32x4(n.0))
}

/// All bits where any is set.
#[inline(always)]
pub fn set(n: I) -> I {
    I(i32x4_ne(n.0, i32x4_splat(0)))
}

#[inline(always)]
pub fn exceeds(a: I, b: I) -> Mask {
    Mask(i32x4_gt(a.0, b.0))
}
