//! `tanh`, and its gradient in one pass.

use super::binary::{At, BinaryRule, op};
use super::unary::unary;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::math;
use crate::kernel::vector::V;

unary! {
    /// Hyperbolic tangent, elementwise, within 2 ulp.
    Tanh = "tanh",
    f32: |x| math::tanh(x),
    f64: |x| x.tanh(),
    backward: |graph, _, y, dy| graph.apply(op::<TanhGrad>(), &[dy, y]),
}

/// dy · (1 − y²)
#[derive(Clone, Copy, Debug, Default)]
struct TanhGrad;

impl BinaryRule for TanhGrad {
    const NAME: &'static str = "tanh_grad";

    #[inline(always)]
    fn f32(dy: V, y: V) -> V {
        dy * (1.0 - y * y)
    }

    fn f64(dy: f64, y: f64) -> f64 {
        dy * (1.0 - y * y)
    }

    fn by_a(graph: &mut Graph, at: At) -> Result<Value> {
        graph.apply(op::<TanhGrad>(), &[at.dy, at.b])
    }

    fn by_b(graph: &mut Graph, at: At) -> Result<Option<Value>> {
        // −2y · dy
        let (product, factor) = (graph.mul(at.a, at.b)?, graph.number(-2.0)?);
        let slope = graph.mul(product, factor)?;
        graph.mul(at.dy, slope).map(Some)
    }
}
