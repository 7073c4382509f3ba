//! `neg`.

use super::unary::unary;

unary! {
    /// −x, elementwise.
    Neg = "neg",
    f32: |x| -x,
    f64: |x| -x,
    backward: |graph, _, _, dy| graph.neg(dy),
}
