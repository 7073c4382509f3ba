//! `div`.

use super::binary::{At, BinaryRule, entry};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::vector::V;

#[derive(Clone, Copy, Debug, Default)]
pub struct Div;

pub const ENTRY: super::Entry = entry::<Div>();

impl BinaryRule for Div {
    const NAME: &'static str = "div";
    const DOC: &'static str = "a / b, elementwise, with NumPy's broadcasting.";

    #[inline(always)]
    fn f32(a: V, b: V) -> V {
        a / b
    }

    fn f64(a: f64, b: f64) -> f64 {
        a / b
    }

    fn by_a(graph: &mut Graph, at: At) -> Result<Value> {
        graph.div(at.dy, at.b)
    }

    fn by_b(graph: &mut Graph, at: At) -> Result<Option<Value>> {
        // −dy · (a / b) / b
        let product = graph.mul(at.dy, at.y)?;
        let quotient = graph.div(product, at.b)?;
        graph.neg(quotient).map(Some)
    }
}
