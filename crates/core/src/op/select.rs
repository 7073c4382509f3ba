//! `where`: one of two values by a condition, NumPy broadcasting of all three. The gradient by the value that was not taken
//! is 0.

use super::oracle::Oracle;
use super::strided::Rows;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::{DType, Type};
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use crate::kernel::place::Element;
use std::sync::Arc;

pub const ENTRY: Entry =
    Entry::internal("where", "a where a bool condition holds, b elsewhere: (condition, a, b).", |_| {
        Ok(Arc::new(Select))
    });

#[derive(Clone, Copy, Debug)]
pub struct Select;

fn select<T: Element>(io: &Io<'_>) {
    let (dst, condition) = (io.output::<T>(0), io.input::<u8>(0));
    let (a, b) = (io.input::<T>(1), io.input::<T>(2));
    Rows::repeated(io, 3).walk(&mut |range, [c, i, j], [c_step, a_step, b_step]| {
        let row = dst[range].iter_mut().enumerate();
        row.for_each(|(n, y)| *y = if condition[c + n * c_step] != 0 { a[i + n * a_step] } else { b[j + n * b_step] });
    });
}

impl Op for Select {
    fn name(&self) -> &'static str {
        "where"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 3)?;
        rules::dtype(inputs[0], DType::Bool)?;
        rules::dtype(inputs[2], inputs[1].dtype)?;
        let values = rules::broadcast(&inputs[1].shape, &inputs[2].shape)?;
        Ok(vec![Type { dtype: inputs[1].dtype, shape: rules::broadcast(&inputs[0].shape, &values)? }])
    }

    fn row_by_row(&self, types: &[Type]) -> bool {
        rules::one_rank_of_rows(types)
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        match io.output_type(0).dtype {
            DType::F32 => select::<f32>(io),
            DType::I32 => select::<i32>(io),
            DType::U8 | DType::Bool => select::<u8>(io),
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set_by(|index, inputs| inputs[if inputs[0].get(index) != 0.0 { 1 } else { 2 }].get(index));
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let mut parts = vec![Grad::None, Grad::None, Grad::None];
        let Some(dy) = grads[0] else { return Ok(parts) };
        let nothing = graph.number(0.0)?;
        for (i, [a, b]) in [(1, [dy, nothing]), (2, [nothing, dy])] {
            if site.wanted[i] {
                let taken = graph.select(site.inputs[0], a, b)?;
                parts[i] = Grad::Value(graph.sum_to(taken, graph.shape(site.inputs[i]))?);
            }
        }
        Ok(parts)
    }
}
