//! `round`.

use super::unary::unary;
use crate::kernel::special;

unary! {
    /// The nearest whole number, elementwise; halves go to the even one. The gradient is 0.
    Round = "round",
    f32: |x| special::round(x),
    f64: |x| x.round_ties_even(),
    backward: |graph, x, _, _| graph.fill_like(x, 0.0),
}
