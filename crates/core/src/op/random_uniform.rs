//! `random_uniform`: numbers from [low, high), a function of seed, stream, step, global row and element. No gradient.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::{Shape, Type, product};
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::io::Io;
use crate::kernel::random::{self, Place};
use crate::plan::Step;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("random_uniform", "Numbers from [low, high).", make);

#[derive(Clone, Debug)]
struct RandomUniform {
    shape: Shape,
    low: f32,
    high: f32,
    stream: u32,
}

fn make(attrs: &Attrs) -> Result<Arc<dyn Op>> {
    let (low, high) = (attrs.float("low")? as f32, attrs.float("high")? as f32);
    let shape = Shape::new(attrs.dims("dims")?)?;
    Ok(Arc::new(RandomUniform { shape, low, high, stream: attrs.size("stream")? as u32 }))
}

/// Where a stream of random numbers stands in a step.
pub fn place(step: &Step, stream: u32) -> Place {
    Place { key: step.seed, stream, iteration: step.iteration, scan_step: step.scan_step }
}

/// The rows that random numbers are counted in: entries of the first axis.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// Global index of the first; a batch cut in pieces draws the same numbers. 0 where rows are not those of the batch.
    pub first: u64,
    /// Elements of one.
    pub len: usize,
}

impl Rows {
    pub fn of(shape: &Shape, b: usize, step: &Step) -> Rows {
        let Some((rows, rest)) = shape.dims().split_first() else { return Rows { first: 0, len: 1 } };
        let first = if rows.power == 0 { 0 } else { step.first_row.wrapping_mul(rows.coef as u64) };
        Rows { first, len: product(rest).at(b) }
    }
}

impl RandomUniform {
    fn draw(&self, dst: &mut [f32], b: usize, step: &Step) {
        let rows = Rows::of(&self.shape, b, step);
        random::uniform(dst, place(step, self.stream), rows.first, rows.len, self.low, self.high);
    }
}

impl Op for RandomUniform {
    fn name(&self) -> &'static str {
        "random_uniform"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 0)?;
        Ok(vec![Type::f32(self.shape.clone())])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        self.draw(io.output(0), io.batch, io.step);
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let mut numbers = vec![0.0; self.shape.size().at(x.batch)];
        self.draw(&mut numbers, x.batch, x.step);
        x.set(numbers.into_iter().map(f64::from).collect());
        Ok(())
    }

    fn backward(&self, _: &mut Graph, _: &Site<'_>, _: &[Option<Value>]) -> Result<Vec<Grad>> {
        Ok(Vec::new())
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        types[0].size().at(batch) as f64 * 2.0 + 20.0
    }
}
