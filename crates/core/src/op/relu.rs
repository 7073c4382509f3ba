//! `relu`, and its gradient in one pass.

use super::binary::{At, BinaryRule, op};
use super::unary::unary;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::vector::{V, at_least, below, pick};

unary! {
    /// max(x, 0), elementwise; NaN stays NaN. The gradient at 0 is 0.
    Relu = "relu",
    f32: |x| pick(below(x, V::from(0.0)), V::from(0.0), x),
    f64: |x| if x < 0.0 { 0.0 } else { x },
    backward: |graph, _, y, dy| graph.apply(op::<ReluGrad>(), &[dy, y]),
}

/// dy where y > 0
#[derive(Clone, Copy, Debug, Default)]
struct ReluGrad;

impl BinaryRule for ReluGrad {
    const NAME: &'static str = "relu_grad";

    #[inline(always)]
    fn f32(dy: V, y: V) -> V {
        pick(at_least(V::from(0.0), y), V::from(0.0), dy)
    }

    fn f64(dy: f64, y: f64) -> f64 {
        if y <= 0.0 { 0.0 } else { dy }
    }

    fn by_a(graph: &mut Graph, at: At) -> Result<Value> {
        graph.apply(op::<ReluGrad>(), &[at.dy, at.b])
    }

    fn by_b(_: &mut Graph, _: At) -> Result<Option<Value>> {
        Ok(None)
    }
}
