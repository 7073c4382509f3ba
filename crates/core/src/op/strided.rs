//! Walks over the elements of a row-major array with an offset per operand: how values that are permuted, repeated or
//! compared are read. For any dtype; arithmetic on floats has kernels of its own.

use crate::graph::types::{DType, MAX_RANK};
use crate::kernel::io::Io;
use crate::kernel::place::Element;

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

/// Output 0, of sizes `dims`, from input 0 read by `steps`.
pub fn copy(io: &Io<'_>, dims: &[usize], steps: Steps) {
    fn typed<T: Element>(io: &Io<'_>, dims: &[usize], steps: [Steps; 1]) {
        let (dst, src) = (io.output::<T>(0), io.input::<T>(0));
        let (len, [step]) = inner(dims, &steps);
        if len == 0 {
            return;
        }
        walk_rows(dims, &steps, |start, [from]| {
            let row = &mut dst[start..start + len];
            match step {
                0 => row.fill(src[from]),
                1 => row.copy_from_slice(&src[from..from + len]),
                _ => row.iter_mut().zip(src[from..].iter().step_by(step)).for_each(|(y, &x)| *y = x),
            }
        });
    }
    match io.output_type(0).dtype {
        DType::F32 => typed::<f32>(io, dims, [steps]),
        DType::I32 => typed::<i32>(io, dims, [steps]),
        DType::U8 | DType::Bool => typed::<u8>(io, dims, [steps]),
    }
}
