//! `cast`: another dtype. To integers towards zero and kept within their range (NaN becomes 0); to bool: not zero.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Type};
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::io::Io;
use crate::kernel::place::Element;
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
        || Error::new(Code::InvalidDtype, format!("cast: expected float32, int32, uint8 or bool, got '{name}'"));
    Ok(Arc::new(Cast { dtype: known.ok_or_else(unknown)? }))
}

impl Cast {
    fn from<T: Element>(
        &self,
        io: &Io<'_>,
        f32: fn(T) -> f32,
        i32: fn(T) -> i32,
        u8: fn(T) -> u8,
        zero: fn(T) -> bool,
    ) {
        let src = io.input::<T>(0).iter().copied();
        match self.dtype {
            DType::F32 => io.output::<f32>(0).iter_mut().zip(src).for_each(|(y, x)| *y = f32(x)),
            DType::I32 => io.output::<i32>(0).iter_mut().zip(src).for_each(|(y, x)| *y = i32(x)),
            DType::U8 => io.output::<u8>(0).iter_mut().zip(src).for_each(|(y, x)| *y = u8(x)),
            DType::Bool => io.output::<u8>(0).iter_mut().zip(src).for_each(|(y, x)| *y = u8::from(!zero(x))),
        }
    }
}

impl Op for Cast {
    fn name(&self) -> &'static str {
        "cast"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 1)?;
        Ok(vec![Type { dtype: self.dtype, shape: inputs[0].shape.clone() }])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        match io.input_type(0).dtype {
            from if from == self.dtype => io.copy(0, 0),
            DType::F32 => self.from::<f32>(io, |x| x, |x| x as i32, |x| x as u8, |x| x == 0.0),
            DType::I32 => self.from::<i32>(io, |x| x as f32, |x| x, |x| x.clamp(0, 255) as u8, |x| x == 0),
            DType::U8 | DType::Bool => self.from::<u8>(io, f32::from, i32::from, |x| x, |x| x == 0),
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
