//! `argmax` along the last axis: the lowest index among equals; NaN counts as the largest. Without gradient.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry =
    Entry::internal("argmax", "Index of the largest element of each row of the last axis, int32.", |_| {
        Ok(Arc::new(Argmax))
    });

#[derive(Clone, Copy, Debug)]
struct Argmax;

fn argmax<T: PartialOrd + Copy>(row: &[T]) -> usize {
    let (mut best, mut at) = (row[0], 0);
    for (i, &x) in row.iter().enumerate() {
        let nan = |x: T| x.partial_cmp(&x).is_none();
        if x > best || nan(x) && !nan(best) {
            (best, at) = (x, i);
        }
    }
    at
}

impl Op for Argmax {
    fn name(&self) -> &'static str {
        "argmax"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 1)?;
        if rules::last(inputs[0])?.coef == 0 {
            let message = || format!("expected rows with at least one element, got {}", inputs[0].shape);
            return Err(Error::of(Code::InvalidShape, message));
        }
        let shape = Shape::new(&inputs[0].dims()[..inputs[0].shape.rank() - 1])?;
        Ok(vec![Type { dtype: DType::I32, shape }])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let rows = io.input::<f32>(0).chunks_exact(rules::width(io.input_type(0), io.batch).max(1));
        io.output::<i32>(0).iter_mut().zip(rows).for_each(|(y, row)| *y = argmax(row) as i32);
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let width = x.inputs[0].dims.last().copied().unwrap_or(1).max(1);
        x.set(x.inputs[0].data.chunks(width).map(|row| argmax(row) as f64).collect());
        Ok(())
    }

    fn backward(&self, _: &mut Graph, _: &Site<'_>, _: &[Option<Value>]) -> Result<Vec<Grad>> {
        Ok(vec![Grad::None])
    }
}
