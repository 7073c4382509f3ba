//! `sum_rows`: rows with indices, of several values, to one row for each index: a gradient that optimizers take as rows.
//! Backward-only, made by the plan alone. Refuses indices outside.

use super::oracle::Oracle;
use super::{Op, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Dim, Shape, Type};
use crate::kernel::io::Io;

/// Values an index's digit takes.
const RADIX: usize = 256;

/// Inputs: (values, indices) of each part. Outputs: the indices in rising order, each once, then −1; the sums, in order
/// of the parts from 0, as the dense form has them; memory to sort in.
#[derive(Clone, Copy, Debug)]
pub struct SumRows {
    /// Rows of what the indices mean.
    pub rows: usize,
}

impl SumRows {
    fn refuse(&self, index: i32, at: usize) -> Error {
        let message = || format!("gradient of rows: expected indices below {}, got {index} at {at}", self.rows);
        Error::of(Code::InvalidValue, message)
    }
}

/// Position `at` of all parts as part and position there; the parts' indices come with their values before them.
fn locate(io: &Io<'_>, mut at: usize) -> (usize, usize) {
    let mut part = 0;
    loop {
        let len = io.input::<i32>(2 * part + 1).len();
        if at < len {
            return (part, at);
        }
        (part, at) = (part + 1, at - len);
    }
}

impl Op for SumRows {
    fn name(&self) -> &'static str {
        "sum_rows"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        let mut count = Dim::fixed(0);
        let mut row = 0;
        for pair in inputs.chunks(2) {
            rules::floats(&pair[..1], 1)?;
            rules::dtype(pair[1], DType::I32)?;
            let (rank, size) = (pair[1].dims().len(), pair[1].size());
            row = pair[0].dims()[rank..].iter().map(|dim| dim.at(1)).product();
            if count.coef > 0 && count.power != size.power {
                let message = "expected parts that grow with the batch in one way, got others";
                return Err(Error::new(Code::ShapeMismatch, message));
            }
            count = Dim { coef: count.coef.saturating_add(size.coef), ..size };
        }
        let index = Type { dtype: DType::I32, shape: Shape::new([count])? };
        Ok(vec![index.clone(), Type::f32(Shape::new([count, Dim::fixed(row)])?), index])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (index, values, order) = (io.output::<i32>(0), io.output::<f32>(1), io.output::<i32>(2));
        let parts = io.inputs() / 2;
        for part in 0..parts {
            for (at, &index) in io.input::<i32>(2 * part + 1).iter().enumerate() {
                if index < 0 || index as usize >= self.rows {
                    return Err(self.refuse(index, at));
                }
            }
        }
        let row_of = |at: i32| {
            let (part, at) = if parts == 1 { (0, at as usize) } else { locate(io, at as usize) };
            (part, at, io.input::<i32>(2 * part + 1)[at])
        };
        sort(order, index, self.rows, |at| row_of(at).2 as usize);
        let (width, mut count) = (values.len() / index.len().max(1), 0);
        for &at in order.iter() {
            let (part, at, row) = row_of(at);
            if count == 0 || index[count - 1] != row {
                index[count] = row;
                values[count * width..][..width].fill(0.0);
                count += 1;
            }
            let sum = &mut values[(count - 1) * width..][..width];
            let from = &io.input::<f32>(2 * part)[at * width..][..width];
            sum.iter_mut().zip(from).for_each(|(sum, x)| *sum += x);
        }
        index[count..].fill(-1);
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let (count, width) = (x.dims[0][0], x.dims[1][1]);
        let (mut index, mut values) = (Vec::new(), Vec::new());
        for row in 0..self.rows {
            let (mut sum, mut found) = (vec![0.0; width], false);
            for pair in x.inputs.chunks(2) {
                for (at, _) in pair[1].data.iter().enumerate().filter(|(_, other)| **other == row as f64) {
                    sum.iter_mut().zip(&pair[0].data[at * width..]).for_each(|(sum, x)| *sum += x);
                    found = true;
                }
            }
            if found {
                index.push(row as f64);
                values.extend(sum);
            }
        }
        index.resize(count, -1.0);
        values.resize(count * width, 0.0);
        x.set(index);
        x.set(values);
        x.set(vec![0.0; count]);
        Ok(())
    }
}

/// Writes 0 … n − 1 into `order`, sorted by a key below `keys`; equal ones stay in order. `other` is as long and lost.
/// By digits: the library's sort would be many times the code.
fn sort<'a>(mut order: &'a mut [i32], mut other: &'a mut [i32], keys: usize, key: impl Fn(i32) -> usize) {
    let digits = (usize::BITS - keys.saturating_sub(1).leading_zeros()).div_ceil(8);
    if digits % 2 == 1 {
        std::mem::swap(&mut order, &mut other);
    }
    for (at, x) in order.iter_mut().enumerate() {
        *x = at as i32;
    }
    for digit in 0..digits {
        let of = |at: i32| (key(at) >> (8 * digit)) % RADIX;
        let mut starts = [0usize; RADIX + 1];
        order.iter().for_each(|&at| starts[of(at) + 1] += 1);
        for value in 0..RADIX {
            starts[value + 1] += starts[value];
        }
        for &at in order.iter() {
            other[starts[of(at)]] = at;
            starts[of(at)] += 1;
        }
        std::mem::swap(&mut order, &mut other);
    }
}
