//! `sin`.

use super::unary::unary;
use crate::kernel::{math64, trig};

unary! {
    /// Sine of x in radians, elementwise, within 0.51 ulp however large x is; NaN of infinities.
    Sin = "sin",
    f32: |x| trig::sin(x),
    f64: |x| math64::sin(x),
    backward: |graph, x, _, dy| {
        let slope = graph.cos(x)?;
        graph.mul(dy, slope)
    },
}
