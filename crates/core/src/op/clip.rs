//! `clip`: bounds on every element; NaN stays NaN. Its gradient flows inside the bounds and at them.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result, describe};
use crate::graph::types::Type;
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::elementwise::Each;
use crate::kernel::io::Io;
use crate::kernel::vector::{Mask, V, above, below, bounded, pick};
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("clip", "x, at least low, at most high.", make);

#[derive(Clone, Copy, Debug)]
pub struct Clip {
    pub low: f64,
    pub high: f64,
}

fn make(attrs: &Attrs) -> Result<Arc<dyn Op>> {
    let (low, high) = (attrs.float("low")?, attrs.float("high")?);
    match low <= high {
        true => Ok(Arc::new(Clip { low, high })),
        false => Err(Error::of(Code::InvalidValue, || {
            format!("clip: expected low ≤ high, got {} and {}", describe(low), describe(high))
        })),
    }
}

impl Op for Clip {
    fn name(&self) -> &'static str {
        "clip"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 1)?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (low, high) = (self.low as f32, self.high as f32);
        io.each(&Each(|[x]: [V; 1]| bounded(x, V::from(low), V::from(high))));
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.outputs = vec![x.inputs[0].map(|x| clip(x, self.low, self.high))];
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None]) };
        Ok(vec![Grad::Value(graph.apply(ClipGrad(*self), &[dy, site.inputs[0]])?)])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }
}

/// x within bounds, NaN included.
#[inline(always)]
pub fn clip<T: PartialOrd>(x: T, low: T, high: T) -> T {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}

/// Whether x is out of bounds; NaN is not, so that it reaches gradients.
#[inline(always)]
#[allow(clippy::manual_range_contains)]
pub fn outside<T: PartialOrd>(x: T, low: T, high: T) -> bool {
    x < low || x > high
}

/// As [`outside`], in a kernel.
#[inline(always)]
pub fn beyond(x: V, low: f32, high: f32) -> Mask {
    below(x, V::from(low)) | above(x, V::from(high))
}

/// dy where x is not out of bounds: (dy, x).
#[derive(Clone, Copy, Debug)]
struct ClipGrad(Clip);

impl Op for ClipGrad {
    fn name(&self) -> &'static str {
        "clip_grad"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 2)?;
        rules::same_shape(&inputs[1].shape, &inputs[0].shape)?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (low, high) = (self.0.low as f32, self.0.high as f32);
        io.each(&Each(|[dy, x]: [V; 2]| pick(beyond(x, low, high), V::from(0.0), dy)));
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let Clip { low, high } = self.0;
        x.set_by(|index, inputs| {
            let (dy, x) = (inputs[0].get(index), inputs[1].get(index));
            if outside(x, low, high) { 0.0 } else { dy }
        });
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(g) = grads[0] else { return Ok(vec![Grad::None, Grad::None]) };
        let by_dy = if site.wanted[0] { Grad::Value(graph.apply(*self, &[g, site.inputs[1]])?) } else { Grad::None };
        Ok(vec![by_dy, Grad::None])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }
}
