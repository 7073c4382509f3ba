//! `gelu`, and its gradient in one pass.

use super::binary::{At, BinaryRule, op};
use super::unary::unary;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::vector::V;
use crate::kernel::{math64, special};
use std::f64::consts::TAU;

unary! {
    /// x · Φ(x), elementwise, Φ being the distribution function of the standard normal distribution; within 9 ulp, also
    /// far below 0 (Hendrycks and Gimpel, 2016).
    Gelu = "gelu",
    f32: |x| special::gelu(x),
    f64: |x| x * share(x),
    backward: |graph, x, _, dy| graph.apply(op::<GeluGrad>(), &[dy, x]),
}

/// Φ(x).
fn share(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let (within, beyond) = math64::normal(x.abs());
    if x < 0.0 { beyond } else { 0.5 + within }
}

/// dy · (Φ(x) + x · φ(x))
#[derive(Clone, Copy, Debug, Default)]
struct GeluGrad;

impl BinaryRule for GeluGrad {
    const NAME: &'static str = "gelu_grad";

    #[inline(always)]
    fn f32(dy: V, x: V) -> V {
        dy * special::gelu_slope(x)
    }

    fn f64(dy: f64, x: f64) -> f64 {
        let bell = (-0.5 * x * x).exp() / TAU.sqrt();
        dy * (share(x) + if bell == 0.0 { 0.0 } else { x * bell })
    }

    fn by_a(graph: &mut Graph, at: At) -> Result<Value> {
        graph.apply(op::<GeluGrad>(), &[at.dy, at.b])
    }

    fn by_b(graph: &mut Graph, at: At) -> Result<Option<Value>> {
        // dy · φ(x) · (2 − x²)
        let (half, two) = (graph.number(-0.5)?, graph.number(2.0)?);
        let square = graph.square(at.b)?;
        let power = graph.mul(square, half)?;
        let (bell, factor) = (graph.exp(power)?, graph.number(1.0 / TAU.sqrt())?);
        let rest = graph.sub(two, square)?;
        let scaled = graph.mul(rest, factor)?;
        let slope = graph.mul(bell, scaled)?;
        let product = graph.mul(at.a, slope)?;
        graph.mul(at.dy, product).map(Some)
    }
}
