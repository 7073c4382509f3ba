//! `cast`: another dtype. To integers towards zero and kept within their range (NaN becomes 0); to bool: not zero.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Type};
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("cast", "The same numbers as another dtype.", make);

#[derive(Clone, Copy, Debug)]
pub struct Cast {
    pub dtype: DType,
}

fn make(attrs: &Attrs) -> Result<Arc<dyn Op>> {
    let name = attrs.string("dtype")?;
    let known = [DType::F32, DType::I32, DType::U8, DType::Bool].into_iter().find(|dtype| dtype.name() == name);
    let unknown =
        || Error::of(Code::InvalidDtype, || format!("cast: expected float32, int32, uint8 or bool, got '{name}'"));
    Ok(Arc::new(Cast { dtype: known.ok_or_else(unknown)? }))
}

impl Op for Cast {
    fn name(&self) -> &'static str {
        "cast"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 1)?;
        Ok(vec![Type { dtype: self.dtype, shape: inputs[0].shape.clone() }])
    }

    fn row_by_row(&self, _types: &[Type]) -> bool {
        true
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        if io.input_type(0).dtype == self.dtype {
            io.copy(0, 0);
            return Ok(());
        }
        // Through f64, which holds every f32 and i32: the same numbers as straight from one to the other.
        let src = io.numbers(0);
        match self.dtype {
            DType::F32 => io.output::<f32>(0).iter_mut().enumerate().for_each(|(i, y)| *y = src.get(i) as f32),
            DType::I32 => io.output::<i32>(0).iter_mut().enumerate().for_each(|(i, y)| *y = src.get(i) as i32),
            DType::U8 => io.output::<u8>(0).iter_mut().enumerate().for_each(|(i, y)| *y = src.get(i) as u8),
            DType::Bool => {
                io.output::<u8>(0).iter_mut().enumerate().for_each(|(i, y)| *y = u8::from(src.get(i) != 0.0))
            }
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.outputs = vec![x.inputs[0].map(|x| match self.dtype {
            DType::F32 => x,
            DType::I32 => f64::from(x as i32),
            DType::U8 => f64::from(x as u8),
            DType::Bool => f64::from(u8::from(x != 0.0)),
        })];
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let smooth = self.dtype == DType::F32 && graph.ty(site.inputs[0]).dtype == DType::F32;
        Ok(vec![grads[0].filter(|_| smooth).map_or(Grad::None, Grad::Value)])
    }
}
