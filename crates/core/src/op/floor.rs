//! `floor`.

use super::unary::unary;
use crate::kernel::special;

unary! {
    /// The largest whole number not above x, elementwise. The gradient is 0.
    Floor = "floor",
    f32: |x| special::floor(x),
    f64: |x| x.floor(),
    backward: |graph, x, _, _| graph.fill_like(x, 0.0),
}
