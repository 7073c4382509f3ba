//! Raw memory: zeroed, 64-byte aligned buffers that may be shared between a running plan and the store, and the typed
//! views an op gets of them. Who may write when is decided by the plan's memory layout and the engine's pins.

use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Dim, Type};
use super::sweep::Segment;
use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::Cell;
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

    fn range(&self, offset: usize, len: usize) -> Result<()> {
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
        Ok(Arg { ptr: unsafe { buffer.ptr.as_ptr().add(offset) }, dtype: ty.dtype, size: ty.size() })
    }

    /// A value of the same type at the start of `buffer`, whose length must be just that.
    pub fn like(&self, buffer: &Buffer) -> Result<Self> {
        let bytes = self.bytes_len(1);
        if buffer.len != bytes {
            let message = format!("variable: expected {bytes} bytes, got {}", buffer.len);
            return Err(Error::new(Code::ShapeMismatch, message));
        }
        Ok(Arg { ptr: buffer.ptr.as_ptr(), ..*self })
    }

    /// Whether the value lies in `buffer`.
    pub fn lies_in(&self, buffer: &Buffer) -> bool {
        buffer.ptr.as_ptr() as usize <= self.ptr as usize
            && (self.ptr as usize) < buffer.ptr.as_ptr() as usize + buffer.len
    }

    fn holds<T: Element>(&self) -> bool {
        self.dtype == T::DTYPE || (self.dtype == DType::Bool && T::DTYPE == DType::U8)
    }

    /// # Safety
    /// Nothing may write to the value while the slice is alive, and its buffer must outlive it.
    unsafe fn slice<'a, T: Element>(&self, b: usize) -> &'a [T] {
        assert!(self.holds::<T>(), "a view of dtype {:?}, but the value is {:?}", T::DTYPE, self.dtype);
        // SAFETY: `new` checked the range for the largest batch; the caller vouches for aliasing and lifetime.
        unsafe { std::slice::from_raw_parts(self.ptr.cast::<T>(), self.size.at(b)) }
    }

    /// # Safety
    /// Nothing else may read or write the value while the slice is alive, and its buffer must outlive it.
    unsafe fn slice_mut<'a, T: Element>(&self, b: usize) -> &'a mut [T] {
        assert!(self.holds::<T>(), "a view of dtype {:?}, but the value is {:?}", T::DTYPE, self.dtype);
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.cast::<T>(), self.size.at(b)) }
    }

    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Row `i` of a value whose rows have `len` elements.
    ///
    /// # Safety
    /// As `slice_mut`; the row must lie inside the value.
    pub(crate) unsafe fn row_mut<'a, T: Element>(&self, i: usize, len: usize) -> &'a mut [T] {
        assert!(self.holds::<T>(), "a view of dtype {:?}, but the value is {:?}", T::DTYPE, self.dtype);
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
        assert!(offset + len <= buffer.len, "room was checked when the run was made");
        // SAFETY: both ranges are alive and hold `len` bytes; arena and store never overlap, and a variable that is
        // copied onto itself may.
        unsafe { std::ptr::copy(self.ptr, buffer.ptr.as_ptr().add(offset), len) };
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

/// A segment of the sweep over values of fixed size. Private to the crate because it trusts its caller, the plan's
/// update: all values are alive as long as the run, and apart from each other.
pub(crate) fn segment(param: &Arg, gradient: &Arg, states: &[Arg], decay: bool) -> Segment<'static> {
    let all = || [param, gradient].into_iter().chain(states);
    assert!(all().all(|arg| arg.holds::<f32>() && arg.size == param.size && arg.size.power == 0), "one length, float32");
    let states: Vec<*mut f32> = states.iter().map(|arg| arg.ptr.cast()).collect();
    // SAFETY: every arg was checked to hold its elements; the update has checked that the buffers are distinct.
    let mut segment = unsafe { Segment::from_raw(param.size.coef, param.ptr.cast(), gradient.ptr.cast(), &states) };
    segment.decay = decay;
    segment
}

/// The first operand of an elementwise op: another value, or the output itself (in place).
pub use super::elementwise::First;

/// What one instruction sees of its buffers. Each output is handed out once; inputs as often as wanted.
#[derive(Debug)]
pub struct Io<'a> {
    /// The size B of this step.
    pub batch: usize,
    pub step: &'a crate::plan::Step,
    inputs: &'a [Arg],
    outputs: &'a [Arg],
    types: &'a [Type],
    scratch: Option<Arg>,
    shared: bool,
    taken: Cell<u64>,
}

impl<'a> Io<'a> {
    /// `types` are those of the inputs followed by those of the outputs. `shared`: output 0 lies in input 0's place.
    /// Private to the crate because it trusts its caller, the program: the args are alive, and apart from each other
    /// except where `shared` says so.
    pub(crate) fn new(
        batch: usize,
        step: &'a crate::plan::Step,
        args: (&'a [Arg], &'a [Arg]),
        types: &'a [Type],
        scratch: Option<Arg>,
        shared: bool,
    ) -> Self {
        Io { batch, step, inputs: args.0, outputs: args.1, types, scratch, shared, taken: Cell::new(0) }
    }

    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    pub fn input_type(&self, i: usize) -> &'a Type {
        &self.types[i]
    }

    pub fn output_type(&self, o: usize) -> &'a Type {
        &self.types[self.inputs.len() + o]
    }

    /// Input `i`. Where the output took over input 0's buffer, ask for [`Io::first`] instead.
    pub fn input<T: Element>(&self, i: usize) -> &'a [T] {
        assert!(!(self.shared && i == 0), "input 0 is the output: ask for first()");
        // SAFETY: the layout keeps inputs apart from outputs (but for `shared`, refused above) while this runs.
        unsafe { self.inputs[i].slice(self.batch) }
    }

    /// Input 0, or the word that it is the output.
    pub fn first(&self) -> First<'a> {
        if self.shared { First::Same } else { First::Other(self.input(0)) }
    }

    /// Output `o`, once.
    pub fn output<T: Element>(&self, o: usize) -> &'a mut [T] {
        self.take(o);
        // SAFETY: taken once; the layout keeps it apart from everything else that is alive.
        unsafe { self.outputs[o].slice_mut(self.batch) }
    }

    /// The instruction's scratch memory, once.
    pub fn scratch(&self) -> &'a mut [f32] {
        self.take(63);
        match &self.scratch {
            // SAFETY: taken once; scratch belongs to this instruction alone.
            Some(arg) => unsafe { arg.slice_mut(1) },
            None => &mut [],
        }
    }

    /// Copies input `i` to output `o`, whatever the dtype; nothing to do where they share a buffer.
    pub fn copy(&self, i: usize, o: usize) {
        self.take(o);
        self.outputs[o].copy_from(&self.inputs[i], self.batch);
    }

    /// Output 0 with the elements of input 0 in it, to be changed where they are.
    pub fn updated<T: Element>(&self) -> &'a mut [T] {
        self.outputs[0].copy_from(&self.inputs[0], self.batch);
        self.output(0)
    }

    /// Bytes of input `i`: for ops that only move data.
    pub fn input_bytes(&self, i: usize) -> &'a [u8] {
        assert!(!(self.shared && i == 0), "input 0 is the output: ask for first()");
        // SAFETY: as `input`.
        unsafe { self.inputs[i].bytes_mut(self.batch) }
    }

    /// Bytes of output `o`, once.
    pub fn output_bytes(&self, o: usize) -> &'a mut [u8] {
        self.take(o);
        // SAFETY: as `output`.
        unsafe { self.outputs[o].bytes_mut(self.batch) }
    }

    /// The places themselves: for ops that run a sub-plan.
    pub fn args(&self) -> (&'a [Arg], &'a [Arg]) {
        (self.inputs, self.outputs)
    }

    fn take(&self, o: usize) {
        let bit = 1u64 << o.min(63);
        assert!(self.taken.get() & bit == 0 || o > 62, "output {o} was taken before");
        self.taken.set(self.taken.get() | bit);
    }
}
