//! `sum`.

use super::reduction::{ReduceRule, entry};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::reduce::Reduction;

#[derive(Clone, Copy, Debug, Default)]
pub struct Sum;

pub const ENTRY: super::Entry = entry::<Sum>("The sum over axes; 0 of nothing. Adds in a fixed order.");

impl ReduceRule for Sum {
    const NAME: &'static str = "sum";
    const KIND: Reduction = Reduction::Sum;
    const NOTHING: f64 = 0.0;

    fn f64(so_far: f64, x: f64) -> f64 {
        so_far + x
    }

    fn backward(graph: &mut Graph, _: &[usize], x: Value, _: Value, dy: Value) -> Result<Value> {
        graph.broadcast_to(dy, graph.shape(x))
    }
}
