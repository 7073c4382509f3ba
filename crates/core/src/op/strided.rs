//! Walks over the elements of a row-major array with an offset per operand: how values that are permuted, repeated or
//! compared are read. For any dtype; arithmetic on floats has kernels of its own.

use crate::graph::types::{DType, MAX_RANK, Type, product};
use crate::kernel::io::Io;
use crate::kernel::place::Element;
use std::ops::Range;

/// Distance in elements between neighbours along each axis of the result.
pub type Steps = [usize; MAX_RANK];

/// Distances of a row-major array.
pub fn row_major(dims: &[usize]) -> Steps {
    let mut steps = [0; MAX_RANK];
    let mut step = 1;
    for axis in (0..dims.len()).rev() {
        steps[axis] = step;
        step *= dims[axis];
    }
    steps
}

/// A value as (outer, axis, inner): elements before, along and behind an axis.
pub fn around(ty: &Type, axis: usize, b: usize) -> [usize; 3] {
    let dims = ty.dims();
    [product(&dims[..axis]).at(b), dims[axis].at(b), product(&dims[axis + 1..]).at(b)]
}

/// Distances by which an array of sizes `own` repeats along a result of sizes `dims` (NumPy's broadcasting).
pub fn repeated(own: &[usize], dims: &[usize]) -> Steps {
    let (within, mut steps) = (row_major(own), [0; MAX_RANK]);
    let skip = dims.len() - own.len();
    for axis in 0..own.len() {
        steps[skip + axis] = if own[axis] == 1 { 0 } else { within[axis] };
    }
    steps
}

/// Calls `f(start, offsets)` for every row of the last axis of a result of sizes `dims`, in order: where the row starts
/// in the result and in the operands.
fn walk_rows<const N: usize>(dims: &[usize], steps: &[Steps; N], mut f: impl FnMut(usize, [usize; N])) {
    let Some((&inner, outer)) = dims.split_last() else { return f(0, [0; N]) };
    let count: usize = outer.iter().product();
    let (mut index, mut offsets) = ([0; MAX_RANK], [0; N]);
    for row in 0..count {
        f(row * inner, offsets);
        for axis in (0..outer.len()).rev() {
            index[axis] += 1;
            (0..N).for_each(|n| offsets[n] += steps[n][axis]);
            if index[axis] < outer[axis] {
                break;
            }
            (0..N).for_each(|n| offsets[n] -= outer[axis] * steps[n][axis]);
            index[axis] = 0;
        }
    }
}

/// Length of a row and distance between its elements, in each operand.
fn inner<const N: usize>(dims: &[usize], steps: &[Steps; N]) -> (usize, [usize; N]) {
    match dims.len() {
        0 => (1, [0; N]),
        rank => (dims[rank - 1], std::array::from_fn(|n| steps[n][rank - 1])),
    }
}

/// Calls `f(i, offsets)` for every element i of a result of sizes `dims`, in order.
pub fn walk<const N: usize>(dims: &[usize], steps: [Steps; N], mut f: impl FnMut(usize, [usize; N])) {
    let (len, step) = inner(dims, &steps);
    walk_rows(dims, &steps, |start, offsets| {
        (0..len).for_each(|j| f(start + j, std::array::from_fn(|n| offsets[n] + j * step[n])));
    });
}

/// Operands that a walk over rows has; those not needed stay at 0.
const OPERANDS: usize = 3;

/// Rows of the last axis of output 0, and where its operands are read for them.
pub struct Rows {
    dims: [usize; MAX_RANK],
    rank: usize,
    steps: [Steps; OPERANDS],
}

impl Rows {
    /// For the first `operands` inputs, repeated to the shape of the output.
    pub fn repeated(io: &Io<'_>, operands: usize) -> Self {
        let mut rows =
            Rows { dims: [0; MAX_RANK], rank: io.output_type(0).shape.rank(), steps: [[0; MAX_RANK]; OPERANDS] };
        let to = io.output_type(0).shape.at(io.batch, &mut rows.dims);
        for i in 0..operands {
            rows.steps[i] = repeated(io.input_type(i).shape.at(io.batch, &mut [0; MAX_RANK]), to);
        }
        rows
    }

    /// Calls `f` for every row with its range in the output, where the operands begin and how far on their next elements
    /// lie. Through a pointer: the loop is there once, not once per op and dtype.
    pub fn walk(&self, f: &mut dyn FnMut(Range<usize>, [usize; OPERANDS], [usize; OPERANDS])) {
        let dims = &self.dims[..self.rank];
        let (len, step) = inner(dims, &self.steps);
        if len > 0 {
            walk_rows(dims, &self.steps, |start, offsets| f(start..start + len, offsets, step));
        }
    }
}

/// Output 0, of sizes `dims`, from input 0 read by `steps`.
pub fn copy(io: &Io<'_>, dims: &[usize], steps: Steps) {
    fn typed<T: Element>(io: &Io<'_>, rows: &Rows) {
        let (dst, src) = (io.output::<T>(0), io.input::<T>(0));
        rows.walk(&mut |range, [from, ..], [step, ..]| {
            let row = &mut dst[range];
            match step {
                0 => row.fill(src[from]),
                1 => row.copy_from_slice(&src[from..from + row.len()]),
                _ => row.iter_mut().zip(src[from..].iter().step_by(step)).for_each(|(y, &x)| *y = x),
            }
        });
    }
    let mut rows = Rows { dims: [0; MAX_RANK], rank: dims.len(), steps: [steps, [0; MAX_RANK], [0; MAX_RANK]] };
    rows.dims[..dims.len()].copy_from_slice(dims);
    match io.output_type(0).dtype {
        DType::F32 => typed::<f32>(io, &rows),
        DType::I32 => typed::<i32>(io, &rows),
        DType::U8 | DType::Bool => typed::<u8>(io, &rows),
    }
}
