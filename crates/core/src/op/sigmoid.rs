//! `sigmoid`, and its gradient in one pass.

use super::binary::{At, BinaryRule, op};
use super::unary::unary;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::math;
use crate::kernel::vector::V;

unary! {
    /// 1 / (1 + e⁻ˣ), elementwise, within 2 ulp.
    Sigmoid = "sigmoid",
    f32: |x| math::sigmoid(x),
    f64: |x| 1.0 / (1.0 + (-x).exp()),
    backward: |graph, _, y, dy| graph.apply(op::<SigmoidGrad>(), &[dy, y]),
}

/// dy · y · (1 − y)
#[derive(Clone, Copy, Debug, Default)]
struct SigmoidGrad;

impl BinaryRule for SigmoidGrad {
    const NAME: &'static str = "sigmoid_grad";

    #[inline(always)]
    fn f32(dy: V, y: V) -> V {
        dy * (y * (1.0 - y))
    }

    fn f64(dy: f64, y: f64) -> f64 {
        dy * (y * (1.0 - y))
    }

    fn by_a(graph: &mut Graph, at: At) -> Result<Value> {
        graph.apply(op::<SigmoidGrad>(), &[at.dy, at.b])
    }

    fn by_b(graph: &mut Graph, at: At) -> Result<Option<Value>> {
        // dy · (1 − 2y)
        let (one, twice) = (graph.number(1.0)?, graph.add(at.b, at.b)?);
        let rest = graph.sub(one, twice)?;
        let slope = graph.mul(at.a, rest)?;
        graph.mul(at.dy, slope).map(Some)
    }
}
