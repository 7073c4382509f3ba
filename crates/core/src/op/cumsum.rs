//! `cumsum`: running sums along an axis, added up in f64 in order and rounded once each.

use super::oracle::{Array, Oracle};
use super::strided::around;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::Type;
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal(
    "cumsum",
    "The sum of an axis up to each entry; exclusive: without it; reverse: from the end.",
    |attrs| {
        let (exclusive, reverse) = (attrs.flag("exclusive")?, attrs.flag("reverse")?);
        Ok(Arc::new(Cumsum { axis: attrs.size("axis")?, exclusive, reverse }))
    },
);

#[derive(Clone, Copy, Debug)]
pub struct Cumsum {
    pub axis: usize,
    pub exclusive: bool,
    pub reverse: bool,
}

impl Op for Cumsum {
    fn name(&self) -> &'static str {
        "cumsum"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 1)?;
        rules::axis(self.axis as i64, inputs[0].shape.rank())?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let [outer, n, inner] = around(io.input_type(0), self.axis, io.batch);
        let x = io.updated::<f32>();
        for (o, j) in (0..outer).flat_map(|o| (0..inner).map(move |j| (o, j))) {
            let mut sum = 0.0;
            for i in 0..n {
                let i = if self.reverse { n - 1 - i } else { i };
                let x = &mut x[(o * n + i) * inner + j];
                let before = sum;
                sum += f64::from(*x);
                *x = if self.exclusive { before } else { sum } as f32;
            }
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let counted = |at: usize, entry: usize| match (self.reverse, at == entry) {
            (_, true) => !self.exclusive,
            (false, _) => at < entry,
            (true, _) => at > entry,
        };
        let sum = |x: &Array, index: &[usize]| -> f64 {
            let mut at = index.to_vec();
            let entries = (0..x.dims[self.axis]).filter(|&i| counted(i, index[self.axis]));
            let values = entries.map(|i| {
                at[self.axis] = i;
                x.get(&at)
            });
            values.fold(0.0, |sum, x| sum + x)
        };
        x.set_by(|index, inputs| sum(&inputs[0], index));
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, _: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None]) };
        Ok(vec![Grad::Value(graph.apply(Cumsum { reverse: !self.reverse, ..*self }, &[dy])?)])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }
}
