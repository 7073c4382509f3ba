//! `log`.

use super::unary::unary;
use crate::kernel::math;

unary! {
    /// Natural logarithm, elementwise, within 1 ulp; −∞ at 0, NaN below.
    Log = "log",
    f32: |x| math::ln(x),
    f64: |x| x.ln(),
    backward: |graph, x, _, dy| graph.div(dy, x),
}
