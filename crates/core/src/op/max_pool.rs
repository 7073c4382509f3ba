//! `max_pool`: the largest of what a window sees, channel by channel. Its gradient goes to the first of equal maxima in
//! row-major order, as TensorFlow's; it, and the reading of another value at the maxima, are each other's gradients.

use super::oracle::Oracle;
use super::slide::{Slide, sizes};
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::Type;
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::io::Io;
use crate::kernel::pooling::Pool;
use crate::kernel::window::{AXES, Window};
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("max_pool", "The largest of what a window sees, channels last.", |attrs| {
    Ok(Arc::new(MaxPool { pooling: Pooling::read(attrs)?, role: Role::Max }))
});

/// Taps are counted in float32.
const MAX_TAPS: usize = 1 << 24;

/// A window of fixed size.
#[derive(Clone, Copy, Debug)]
pub struct Pooling {
    pub slide: Slide,
    size: [usize; AXES],
}

impl Pooling {
    pub fn read(attrs: &Attrs) -> Result<Self> {
        let slide = Slide::read(attrs)?;
        let (axes, size) = sizes(attrs, "size", 1, 1)?;
        let taps = size.iter().fold(1usize, |taps, &size| taps.saturating_mul(size));
        if axes == slide.axes && taps <= MAX_TAPS {
            return Ok(Pooling { slide, size });
        }
        let message =
            format!("size: expected a number for each of {} axes, at most {MAX_TAPS} places together", slide.axes);
        Err(Error::new(Code::InvalidValue, message))
    }

    /// The window over a value x that has been checked.
    pub fn window(&self, x: &Type) -> Result<Window> {
        self.slide.window(self.slide.pick(x, 1), self.size)
    }

    /// The type of what comes from x.
    pub fn result(&self, x: &Type) -> Result<Type> {
        let window = self.slide.window(self.slide.inner(x, 1, 1)?, self.size)?;
        self.slide.value(&x.dims()[..1], window.output, &[rules::last(x)?.coef])
    }

    /// Visits of elements of x, by a position each.
    pub fn cost(&self, types: &[Type], x: usize, batch: usize) -> f64 {
        let Ok(window) = self.window(&types[x]) else { return 0.0 };
        let rows = types[x].dims()[0].at(batch) as f64 * window.positions() as f64;
        rows * window.taps() as f64 * (rules::width(&types[x], batch) as f64 * 0.3 + 10.0) + 50.0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Of x.
    Max,
    /// Of x and other values of its shape: these where x is largest.
    At,
    /// Of x and dy: dy where x is largest, 0 elsewhere.
    Gradient,
}

#[derive(Clone, Copy, Debug)]
struct MaxPool {
    pooling: Pooling,
    role: Role,
}

impl Op for MaxPool {
    fn name(&self) -> &'static str {
        match self.role {
            Role::Max => "max_pool",
            Role::At => "max_pool_at",
            Role::Gradient => "max_pool_grad",
        }
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, if self.role == Role::Max { 1 } else { 2 })?;
        let result = self.pooling.result(inputs[0])?;
        match self.role {
            Role::Max => return Ok(vec![result]),
            Role::At => rules::same_shape(&inputs[0].shape, &inputs[1].shape)?,
            Role::Gradient => rules::same_shape(&result.shape, &inputs[1].shape)?,
        }
        Ok(vec![if self.role == Role::At { result } else { inputs[0].clone() }])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (window, channels) = (self.pooling.window(io.input_type(0))?, rules::width(io.input_type(0), io.batch));
        let (pool, x, out) = (Pool { window: &window, channels }, io.input(0), io.output(0));
        match self.role {
            Role::Max => pool.max(x, out),
            Role::At => pool.at_max(x, io.input(1), out),
            Role::Gradient => pool.max_gradient(x, io.input(1), out),
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let window = self.pooling.window(x.types[0])?;
        let data = &x.inputs[0].data;
        let channels = x.inputs[0].dims.last().copied().unwrap_or(0);
        let mut out = vec![0.0; x.dims[0].iter().product()];
        for i in 0..x.types[0].dims()[0].at(x.batch) * window.positions() * channels {
            let (row, channel) = (i / channels, i % channels);
            let mut best = None::<usize>;
            window.visit(row, &mut |_, place| {
                let at = place * channels + channel;
                if best.is_none_or(|best| !(data[best] >= data[at] || data[best].is_nan())) {
                    best = Some(at);
                }
            });
            match (self.role, best) {
                (Role::Max, best) => out[i] = best.map_or(f64::NEG_INFINITY, |best| data[best]),
                (Role::At, best) => out[i] = best.map_or(0.0, |best| x.inputs[1].data[best]),
                (Role::Gradient, Some(best)) => out[best] += x.inputs[1].data[i],
                (Role::Gradient, None) => {}
            }
        }
        x.set(out);
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(g) = grads[0] else { return Ok(site.inputs.iter().map(|_| Grad::None).collect()) };
        let role = if self.role == Role::Gradient { Role::At } else { Role::Gradient };
        let op = MaxPool { role, ..*self };
        let last = site.inputs.len() - 1;
        if !site.wanted[last] {
            return Ok(site.inputs.iter().map(|_| Grad::None).collect());
        }
        let by_last = Grad::Value(graph.apply(op, &[site.inputs[0], g])?);
        // Where x is largest does not change with x.
        Ok(if last == 0 { vec![by_last] } else { vec![Grad::None, by_last] })
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        self.pooling.cost(types, 0, batch) * if self.role == Role::Max { 1.0 } else { 2.0 }
    }
}
