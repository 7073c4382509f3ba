//! `dropout`: each element is kept with probability 1 − rate and then scaled by 1 / (1 − rate). Whether it is kept
//! depends on seed, stream, step, global row and element alone, so the gradient is the same op on dy.

use super::oracle::Oracle;
use super::random_uniform::{Rows, place};
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result, describe};
use crate::graph::types::Type;
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::elementwise::First;
use crate::kernel::io::Io;
use crate::kernel::random;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("dropout", "x with elements dropped at a rate, the others scaled up.", make);

#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    pub rate: f64,
    pub stream: u32,
}

fn make(attrs: &Attrs) -> Result<Arc<dyn Op>> {
    let rate = attrs.float("rate")?;
    match (0.0..1.0).contains(&rate) {
        true => Ok(Arc::new(Dropout { rate, stream: attrs.size("stream")? as u32 })),
        false => Err(Error::of(Code::InvalidValue, || {
            format!("dropout rate: expected 0 ≤ rate < 1, got {}", describe(rate))
        })),
    }
}

impl Op for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 1)?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        if self.rate == 0.0 {
            io.copy(0, 0);
            return Ok(());
        }
        let rows = Rows::of(&io.input_type(0).shape, io.batch, io.step);
        random::dropout(io.output(0), io.first(), self.rate, place(io.step, self.stream), rows.first, rows.len);
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let input = &x.inputs[0];
        let mut kept = vec![1.0f32; input.data.len()];
        if self.rate > 0.0 {
            let rows = Rows::of(&x.types[0].shape, x.batch, x.step);
            random::dropout(&mut kept, First::Same, self.rate, place(x.step, self.stream), rows.first, rows.len);
        }
        let scale = 1.0 / (1.0 - self.rate);
        let data = kept.iter().zip(&input.data).map(|(&kept, x)| if kept > 0.0 { x * scale } else { 0.0 }).collect();
        x.set(data);
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, _site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None]) };
        Ok(vec![Grad::Value(graph.apply(*self, &[dy])?)])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        types[0].size().at(batch) as f64 * 2.0 + 20.0
    }
}
