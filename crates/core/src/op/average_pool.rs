//! `average_pool`: the mean of what a window sees, channel by channel; padding is not counted, as in Keras. It and its gradient
//! are each other's gradients.

use super::max_pool::Pooling;
use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::Type;
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use crate::kernel::pooling::Pool;
use std::sync::Arc;

pub const ENTRY: Entry =
    Entry::internal("average_pool", "The mean of what a window sees, padding not counted; channels last.", |attrs| {
        Ok(Arc::new(AveragePool { pooling: Pooling::read(attrs)?, gradient_by: None }))
    });

#[derive(Clone, Debug)]
struct AveragePool {
    pooling: Pooling,
    /// Of the gradient, which takes dy: the type of x.
    gradient_by: Option<Type>,
}

impl AveragePool {
    fn x<'a>(&'a self, input: &'a Type) -> &'a Type {
        self.gradient_by.as_ref().unwrap_or(input)
    }
}

impl Op for AveragePool {
    fn name(&self) -> &'static str {
        if self.gradient_by.is_some() { "average_pool_grad" } else { "average_pool" }
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 1)?;
        let result = self.pooling.result(self.x(inputs[0]))?;
        match &self.gradient_by {
            None => Ok(vec![result]),
            Some(x) => {
                rules::same_shape(&result.shape, &inputs[0].shape)?;
                Ok(vec![x.clone()])
            }
        }
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let x = self.x(io.input_type(0));
        let (window, channels) = (self.pooling.window(x)?, rules::width(x, io.batch));
        let pool = Pool { window: &window, channels };
        match self.gradient_by {
            None => pool.mean(io.input(0), io.output(0)),
            Some(_) => pool.mean_gradient(io.input(0), io.output(0)),
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let of = self.x(x.types[0]);
        let (window, channels) = (self.pooling.window(of)?, rules::width(of, x.batch));
        let mut out = vec![0.0; x.dims[0].iter().product()];
        for i in 0..of.dims()[0].at(x.batch) * window.positions() * channels {
            let mut seen = Vec::new();
            window.visit(i / channels, &mut |_, place| seen.push(place * channels + i % channels));
            let (count, data) = (seen.len() as f64, &x.inputs[0].data);
            match self.gradient_by {
                None => out[i] = seen.iter().map(|&at| data[at]).sum::<f64>() / count,
                Some(_) => seen.iter().for_each(|&at| out[at] += data[i] / count),
            }
        }
        x.set(out);
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(g) = grads[0] else { return Ok(vec![Grad::None]) };
        let gradient_by = match self.gradient_by {
            None => Some(graph.ty(site.inputs[0]).clone()),
            Some(_) => None,
        };
        Ok(vec![Grad::Value(graph.apply(AveragePool { gradient_by, ..self.clone() }, &[g])?)])
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        let x = usize::from(self.gradient_by.is_some());
        self.pooling.cost(types, x, batch)
    }
}
