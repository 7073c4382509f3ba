//! `exp`.

use super::unary::unary;
use crate::kernel::math;

unary! {
    /// eˣ, elementwise; within 1 ulp.
    Exp = "exp",
    f32: |x| math::exp(x),
    f64: |x| x.exp(),
    backward: |graph, _, y, dy| graph.mul(dy, y),
}
