//! `max`.

use super::reduction::{ReduceRule, entry};
use crate::error::Result;
use crate::graph::types::DType;
use crate::graph::{Graph, Value};
use crate::kernel::reduce::Reduction;

#[derive(Clone, Copy, Debug, Default)]
pub struct Max;

pub const ENTRY: super::Entry = entry::<Max>(
    "The largest element over axes; NaN if there is one, −∞ of nothing. Equal maxima share the gradient equally.",
);

impl ReduceRule for Max {
    const NAME: &'static str = "max";
    const KIND: Reduction = Reduction::Max;
    const NOTHING: f64 = f64::NEG_INFINITY;

    fn f64(so_far: f64, x: f64) -> f64 {
        if so_far >= x || so_far.is_nan() { so_far } else { x }
    }

    fn backward(graph: &mut Graph, axes: &[usize], x: Value, y: Value, dy: Value) -> Result<Value> {
        let among = graph.equal(x, y)?;
        let among = graph.cast(among, DType::F32)?;
        let count = graph.sum_axes(among, axes, true)?;
        let share = graph.div(dy, count)?;
        graph.mul(among, share)
    }
}
