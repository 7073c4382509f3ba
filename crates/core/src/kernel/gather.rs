//! Rows of a data set into the batch: gathered by index and cast on the way, so that bytes stay bytes until a step
//! needs them. Refuses numbers that the target dtype cannot hold.

use super::memory::Buffer;
use super::place::Arg;
use super::simd::{Kernel, dispatch};
use crate::error::{Code, Error, Result};
use crate::graph::types::DType;

/// Copies `b` rows of `row` elements from `source` (of dtype `dtype`) into `into`: rows `rows[..]`, or those from
/// `start` on where no order is given.
pub fn gather(
    into: &Arg,
    source: &Buffer,
    dtype: DType,
    row: usize,
    start: usize,
    rows: Option<&[u32]>,
    b: usize,
) -> Result<()> {
    let index = |i: usize| rows.map_or(start + i, |rows| rows[i] as usize);
    let target = into.dtype();
    for i in 0..b {
        // SAFETY: the run has checked that the source holds all rows; nothing writes to it while it is pinned, and the
        // arena's value belongs to this run.
        unsafe {
            let from = |size: usize| source.address().add(index(i) * row * size);
            match (dtype, target) {
                (DType::U8 | DType::Bool, DType::F32) => {
                    cast(from(1), into.row_mut::<f32>(i, row), |x: u8| f32::from(x))
                }
                (DType::I32, DType::F32) => cast(from(4), into.row_mut::<f32>(i, row), |x: i32| x as f32),
                (DType::U8 | DType::Bool, DType::I32) => {
                    cast(from(1), into.row_mut::<i32>(i, row), |x: u8| i32::from(x))
                }
                (DType::F32, DType::I32) => whole(from(4), into.row_mut::<i32>(i, row), index(i))?,
                (DType::U8 | DType::Bool, DType::U8 | DType::Bool) => {
                    cast(from(1), into.row_mut::<u8>(i, row), |x: u8| x);
                }
                (DType::F32, DType::F32) => cast(from(4), into.row_mut::<f32>(i, row), |x: f32| x),
                (DType::I32, DType::I32) => cast(from(4), into.row_mut::<i32>(i, row), |x: i32| x),
                (from, to) => {
                    let message = format!("data: expected a dtype that casts to {}, got {}", to.name(), from.name());
                    return Err(Error::new(Code::InvalidDtype, message));
                }
            }
        }
    }
    Ok(())
}

/// # Safety
/// `from` must be aligned for `S` and hold as many elements as `to`.
unsafe fn cast<S: Copy, T>(from: *const u8, to: &mut [T], f: impl Fn(S) -> T) {
    // SAFETY: as promised by the caller.
    let from = unsafe { std::slice::from_raw_parts(from.cast::<S>(), to.len()) };
    dispatch(Cast { from, to, f });
}

/// One row.
struct Cast<'a, S, T, F> {
    from: &'a [S],
    to: &'a mut [T],
    f: F,
}

impl<S: Copy, T, F: Fn(S) -> T> Kernel for Cast<'_, S, T, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        self.to.iter_mut().zip(self.from).for_each(|(to, &x)| *to = (self.f)(x));
    }
}

/// # Safety
/// As [`cast`].
unsafe fn whole(from: *const u8, to: &mut [i32], row: usize) -> Result<()> {
    // SAFETY: as promised by the caller.
    let from = unsafe { std::slice::from_raw_parts(from.cast::<f32>(), to.len()) };
    for (to, &x) in to.iter_mut().zip(from) {
        *to = x as i32;
        if *to as f32 != x {
            let message = format!("data: expected whole numbers, got {x} in row {row}");
            return Err(Error::new(Code::InvalidValue, message));
        }
    }
    Ok(())
}
