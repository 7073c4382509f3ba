//! `sqrt`.

use super::unary::unary;

unary! {
    /// √x, elementwise; NaN below 0.
    Sqrt = "sqrt",
    f32: |x| x.sqrt(),
    f64: |x| x.sqrt(),
    backward: |graph, _, y, dy| {
        let (two, quotient) = (graph.number(2.0)?, graph.div(dy, y)?);
        graph.div(quotient, two)
    },
}
