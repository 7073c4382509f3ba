//! `log_softmax` along the last axis.

use super::oracle::Oracle;
use super::probability::{ln, log_softmax64, row_cost};
use super::softmax::by_row;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::Type;
use crate::graph::{Graph, Value};
use crate::kernel::elementwise::update_row;
use crate::kernel::io::Io;
use crate::kernel::reduce::{row_max, row_sum_exp};
use crate::kernel::rows::{RowRule, rows};
use std::sync::Arc;

pub const ENTRY: Entry =
    Entry::internal("log_softmax", "x − ln Σ eˣ along the last axis.", |_| Ok(Arc::new(LogSoftmax)));

#[derive(Clone, Copy, Debug)]
pub struct LogSoftmax;

struct Forward<'a>(&'a [f32]);

impl RowRule for Forward<'_> {
    #[inline(always)]
    fn row(&self, index: usize, row: &mut [f32]) {
        let x = &self.0[index * row.len()..(index + 1) * row.len()];
        log_softmax_row(row, x);
    }
}

/// ln of softmax of `x`.
#[inline(always)]
pub fn log_softmax_row(row: &mut [f32], x: &[f32]) {
    let max = row_max(x);
    let log = ln(row_sum_exp(x, max));
    update_row(row, x, |_, x| (x - max) - log);
}

impl Op for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 1)?;
        rules::last(inputs[0])?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let width = rules::width(io.input_type(0), io.batch);
        rows(io.output(0), width, 4 * width, &Forward(io.input(0)));
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.outputs = vec![by_row(&x.inputs[0], log_softmax64)];
        Ok(())
    }

    /// dy − softmax · Σ dy
    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None]) };
        let (sum, softmax) = (graph.sum_last(dy)?, graph.exp(site.outputs[0])?);
        let shared = graph.mul(softmax, sum)?;
        Ok(vec![Grad::Value(graph.sub(dy, shared)?)])
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        row_cost(&types[0], batch)
    }
}
