//! Rows of a data set into the batch: gathered by index and cast on the way, so that bytes stay bytes until a step
//! needs them. Refuses numbers that the target dtype cannot hold.

use super::memory::Buffer;
use super::place::Arg;
use super::pool::split;
use super::simd::{Kernel, dispatch};
use super::turn;
use crate::error::{Code, Error, Result, describe};
use crate::graph::types::DType;
use std::sync::{Mutex, PoisonError};

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
    if b == 1 && turn::idle() {
        return gather_row(into, source, dtype, row, 0, rows.map_or(start, |rows| rows[0] as usize));
    }
    let refused = Mutex::new(None::<(usize, Error)>);
    split(b, row, 1, |range| {
        for i in range {
            let index = rows.map_or(start + i, |rows| rows[i] as usize);
            if let Err(error) = gather_row(into, source, dtype, row, i, index) {
                let mut first = refused.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|(other, _)| i < *other) {
                    *first = Some((i, error));
                }
                return;
            }
        }
    });
    let refused = refused.into_inner().unwrap_or_else(PoisonError::into_inner);
    refused.map_or(Ok(()), |(_, error)| Err(error))
}

/// Row `index` of the source into row `i`.
#[inline]
fn gather_row(into: &Arg, source: &Buffer, dtype: DType, row: usize, i: usize, index: usize) -> Result<()> {
    // SAFETY: the run has checked that the source holds all rows; nothing writes to it while it is pinned, and the
    // arena's value belongs to this run, each row of it to one thread.
    unsafe {
        let from = |size: usize| source.address().add(index * row * size);
        match (dtype, into.dtype()) {
            (DType::U8 | DType::Bool, DType::F32) => cast(from(1), into.row_mut::<f32>(i, row), |x: u8| f32::from(x)),
            (DType::I32, DType::F32) => cast(from(4), into.row_mut::<f32>(i, row), |x: i32| x as f32),
            (DType::U8 | DType::Bool, DType::I32) => cast(from(1), into.row_mut::<i32>(i, row), |x: u8| i32::from(x)),
            (DType::F32, DType::I32) => whole(from(4), into.row_mut::<i32>(i, row), index)?,
            (DType::U8 | DType::Bool, DType::U8 | DType::Bool) => {
                cast(from(1), into.row_mut::<u8>(i, row), |x: u8| x);
            }
            (DType::F32, DType::F32) => cast(from(4), into.row_mut::<f32>(i, row), |x: f32| x),
            (DType::I32, DType::I32) => cast(from(4), into.row_mut::<i32>(i, row), |x: i32| x),
            (from, to) => {
                let message = || format!("data: expected a dtype that casts to {}, got {}", to.name(), from.name());
                return Err(Error::of(Code::InvalidDtype, message));
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
            let message = || format!("data: expected whole numbers, got {} in row {row}", describe(f64::from(x)));
            return Err(Error::of(Code::InvalidValue, message));
        }
    }
    Ok(())
}
