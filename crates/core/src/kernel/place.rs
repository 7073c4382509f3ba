//! Where the values of a bound plan lie: addresses with a dtype and a size, checked once when a run is made.

use super::coded::Format;
use super::memory::{ALIGN, Buffer};
use super::segment::Segment;
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Dim, Type};
use std::ops::Range;

/// The element types a view may have, each with its dtype.
pub trait Element: Copy + 'static {
    const DTYPE: DType;
}
impl Element for f32 {
    const DTYPE: DType = DType::F32;
}
impl Element for i32 {
    const DTYPE: DType = DType::I32;
}
impl Element for u8 {
    const DTYPE: DType = DType::U8;
}

/// Where one value of a bound plan lives. Bool and u8 share their representation.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    ptr: *mut u8,
    dtype: DType,
    size: Dim,
}

// SAFETY: an `Arg` is only dereferenced through `Io` and `Segment`, by the one thread that advances the run.
unsafe impl Send for Arg {}
// SAFETY: see above.
unsafe impl Sync for Arg {}

impl Arg {
    /// A value of type `ty` at `offset` bytes of `buffer`; checked for the largest batch the plan runs.
    pub fn new(buffer: &Buffer, offset: usize, ty: &Type, max_batch: usize) -> Result<Self> {
        buffer.range(offset, ty.bytes(max_batch)?)?;
        assert!(offset.is_multiple_of(ALIGN), "values start on a cache line");
        // SAFETY: the offset is within the buffer, as just checked.
        Ok(Arg { ptr: unsafe { buffer.address().add(offset) }, dtype: ty.dtype, size: ty.size() })
    }

    /// A value of the same type at the start of `buffer`, whose length must be just that.
    pub fn like(&self, buffer: &Buffer) -> Result<Self> {
        let bytes = self.bytes_len(1);
        if buffer.len() != bytes {
            let message = || format!("variable: expected {bytes} bytes, got {}", buffer.len());
            return Err(Error::of(Code::ShapeMismatch, message));
        }
        Ok(Arg { ptr: buffer.address(), ..*self })
    }

    /// `len` elements of the same dtype, all of `buffer`.
    pub fn whole(&self, buffer: &Buffer, len: usize) -> Result<Self> {
        Arg { size: Dim::fixed(len), ..*self }.like(buffer)
    }

    /// `len` elements of it as optimizer state: bytes in some other format than float32, all of `buffer`.
    pub(crate) fn coded(&self, buffer: &Buffer, format: Format, len: usize) -> Result<Self> {
        Arg { dtype: DType::U8, ..*self }.whole(buffer, format.bytes(len))
    }

    /// Whether the value lies in `buffer`.
    pub fn lies_in(&self, buffer: &Buffer) -> bool {
        buffer.address() as usize <= self.ptr as usize && (self.ptr as usize) < buffer.address() as usize + buffer.len()
    }

    fn holds<T: Element>(&self) -> bool {
        self.dtype == T::DTYPE || (self.dtype == DType::Bool && T::DTYPE == DType::U8)
    }

    /// # Safety
    /// Nothing may write to the value while the slice is alive, and its buffer must outlive it.
    pub(super) unsafe fn slice<'a, T: Element>(&self, b: usize) -> &'a [T] {
        assert!(self.holds::<T>(), "a view of another dtype than the value's");
        // SAFETY: `new` checked the range for the largest batch; the caller vouches for aliasing and lifetime.
        unsafe { std::slice::from_raw_parts(self.ptr.cast::<T>(), self.size.at(b)) }
    }

    /// # Safety
    /// Nothing else may read or write the value while the slice is alive, and its buffer must outlive it.
    pub(super) unsafe fn slice_mut<'a, T: Element>(&self, b: usize) -> &'a mut [T] {
        assert!(self.holds::<T>(), "a view of another dtype than the value's");
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.cast::<T>(), self.size.at(b)) }
    }

    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Elements at batch `b`.
    #[inline]
    pub(super) fn len(&self, b: usize) -> usize {
        self.size.at(b)
    }

    #[inline]
    pub(super) fn address(&self) -> *mut f32 {
        self.ptr.cast()
    }

    /// Row `i` of a value whose rows have `len` elements.
    ///
    /// # Safety
    /// As `slice_mut`; the row must lie inside the value.
    pub(crate) unsafe fn row_mut<'a, T: Element>(&self, i: usize, len: usize) -> &'a mut [T] {
        assert!(self.holds::<T>(), "a view of another dtype than the value's");
        // SAFETY: as promised by the caller.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.cast::<T>().add(i * len), len) }
    }

    fn bytes_len(&self, b: usize) -> usize {
        self.size.at(b) * self.dtype.bytes()
    }

    /// Copies a value of the same dtype and size. The two may not overlap.
    pub fn copy_from(&self, source: &Arg, b: usize) {
        let len = self.bytes_len(b);
        assert_eq!(len, source.bytes_len(b), "values of one size");
        if self.ptr != source.ptr {
            // SAFETY: both ranges were checked in `new`; the layout keeps distinct values apart.
            unsafe { std::ptr::copy_nonoverlapping(source.ptr, self.ptr, len) }
        }
    }

    /// The value at index `i` of an outermost axis with `n` entries, as `size / n` elements.
    pub fn entry(&self, i: usize, n: usize) -> Arg {
        assert!(i < n && self.size.power == 0 && self.size.coef.is_multiple_of(n), "an entry of a value of fixed size");
        let coef = self.size.coef / n;
        // SAFETY: i < n, so the entry lies inside the value.
        Arg { ptr: unsafe { self.ptr.add(i * coef * self.dtype.bytes()) }, size: Dim::fixed(coef), ..*self }
    }

    /// Rows `rows` of a value of fixed size that has `b` of them.
    pub fn part(&self, rows: Range<usize>, b: usize) -> Arg {
        assert!(rows.start <= rows.end && rows.end <= b && self.size.power == 0, "rows of a value of fixed size");
        let width = self.size.coef / b.max(1);
        // SAFETY: the rows lie inside the value.
        let ptr = unsafe { self.ptr.add(rows.start * width * self.dtype.bytes()) };
        Arg { ptr, size: Dim::fixed(width * rows.len()), ..*self }
    }

    /// Whether the size is that of the batch's rows.
    pub fn has_rows(&self) -> bool {
        self.size.power > 0
    }

    /// The same value with its dependence on the batch resolved.
    pub fn at_batch(&self, b: usize) -> Arg {
        Arg { size: Dim::fixed(self.size.at(b)), ..*self }
    }

    /// Writes one number per element, cast to the value's dtype.
    pub fn set_number(&self, x: f64) {
        match self.dtype {
            // SAFETY: scalars are written before any instruction of the step runs.
            DType::F32 => unsafe { self.slice_mut::<f32>(1) }.fill(x as f32),
            // SAFETY: as above.
            DType::I32 => unsafe { self.slice_mut::<i32>(1) }.fill(x as i32),
            // SAFETY: as above.
            DType::U8 | DType::Bool => unsafe { self.slice_mut::<u8>(1) }.fill(x as u8),
        }
    }

    /// The first element as a number: how scalars are reported.
    pub fn number(&self) -> f64 {
        match self.dtype {
            // SAFETY: read between instructions, on the thread that runs them.
            DType::F32 => f64::from(unsafe { self.slice::<f32>(1) }[0]),
            // SAFETY: as above.
            DType::I32 => f64::from(unsafe { self.slice::<i32>(1) }[0]),
            // SAFETY: as above.
            DType::U8 | DType::Bool => f64::from(unsafe { self.slice::<u8>(1) }[0]),
        }
    }

    /// Copies the value at batch `b` into `buffer` at `offset`, which the caller has checked to fit.
    pub(crate) fn write_to(&self, buffer: &Buffer, offset: usize, b: usize) {
        let len = self.bytes_len(b);
        assert!(offset + len <= buffer.len(), "room was checked when the run was made");
        // SAFETY: both ranges are alive and hold `len` bytes; arena and store never overlap, and a variable that is
        // copied onto itself may.
        unsafe { std::ptr::copy(self.ptr, buffer.address().add(offset), len) };
    }

    /// The bytes of the value.
    ///
    /// # Safety
    /// As `slice_mut`.
    pub(crate) unsafe fn bytes_mut<'a>(&self, b: usize) -> &'a mut [u8] {
        // SAFETY: the range was checked in `new`; the caller vouches for aliasing.
        unsafe { std::slice::from_raw_parts_mut(self.ptr, self.bytes_len(b)) }
    }
}

/// How the memory of a segment is to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    /// Of the states in `coded`, a bit by slot; the others are floats.
    pub format: Format,
    pub coded: u32,
    /// What random rounding depends on besides the step and the element.
    pub stream: u32,
    /// The elements of a row, where the gradient is one of rows.
    pub width: usize,
}

/// A segment of the sweep over values of fixed size; with an `index` of rows, none of which it has yet. Private to the crate because
/// it trusts its caller, the plan's update: all values are alive as long as the run, and apart from each other.
pub(crate) fn segment(
    param: &Arg,
    gradient: &Arg,
    index: Option<&Arg>,
    states: &[Arg],
    kept: Kept,
) -> Segment<'static> {
    let len = param.size.coef;
    assert!(param.holds::<f32>() && gradient.holds::<f32>() && param.size.power == 0, "float32 of fixed size");
    assert!(index.is_some() || param.size == gradient.size, "one length");
    let state = |(slot, arg): (usize, &Arg)| {
        let coded = kept.coded >> slot & 1 == 1;
        assert!(
            arg.size.power == 0 && if coded { arg.size.coef == kept.format.bytes(len) } else { arg.holds::<f32>() }
        );
        (arg.ptr.cast(), if coded { len } else { arg.size.coef })
    };
    let states: Vec<_> = states.iter().enumerate().map(state).collect();
    // SAFETY: every arg was checked to hold its elements; the update has checked that the buffers are distinct.
    unsafe {
        let mut segment = Segment::from_raw(len, param.ptr.cast(), gradient.ptr.cast(), &states);
        segment.code(kept.format, kept.coded, kept.stream);
        // Values of plans and buffers of the store begin at cache lines of their own.
        segment.lines = index.is_none();
        if let Some(index) = index {
            assert!(
                index.holds::<i32>() && gradient.size.coef == index.size.coef * kept.width,
                "an index for each row"
            );
            segment.by_rows(index.ptr.cast(), 0, kept.width);
        }
        segment
    }
}

/// Takes the rows of this step: those before the first negative index.
pub(crate) fn take_rows(segment: &mut Segment<'static>, index: &Arg, b: usize) {
    // SAFETY: the op that made them gives different indices in rising order, and a row of values for each.
    unsafe { segment.set_rows(index.size.at(b)) }
}

/// The segment with an estimate of the Hessian's diagonal, on the same trust.
pub(crate) fn curved(segment: Segment<'static>, curvature: &Arg) -> Segment<'static> {
    assert!(curvature.holds::<f32>() && curvature.size == Dim::fixed(segment.len()), "one length");
    // SAFETY: as in `segment`.
    unsafe { segment.with_curvature(curvature.ptr.cast()) }
}
