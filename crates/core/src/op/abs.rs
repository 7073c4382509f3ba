//! `abs`.

use super::unary::unary;

unary! {
    /// |x|, elementwise. The gradient at 0 is 0.
    Abs = "abs",
    f32: |x| x.abs(),
    f64: |x| x.abs(),
    backward: |graph, x, _, dy| {
        let sign = graph.sign(x)?;
        graph.mul(dy, sign)
    },
}
