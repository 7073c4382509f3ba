//! `cos`.

use super::unary::unary;
use crate::kernel::{math64, trig};

unary! {
    /// Cosine of x in radians, elementwise, within 0.51 ulp however large x is; NaN of infinities.
    Cos = "cos",
    f32: |x| trig::cos(x),
    f64: |x| math64::cos(x),
    backward: |graph, x, _, dy| {
        let sine = graph.sin(x)?;
        let slope = graph.neg(sine)?;
        graph.mul(dy, slope)
    },
}
