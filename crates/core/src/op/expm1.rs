//! `expm1`.

use super::unary::unary;
use crate::kernel::special;

unary! {
    /// eˣ − 1, elementwise, within 2 ulp also near 0.
    Expm1 = "expm1",
    f32: |x| special::expm1(x),
    f64: |x| x.exp_m1(),
    backward: |graph, x, _, dy| {
        let slope = graph.exp(x)?;
        graph.mul(dy, slope)
    },
}
