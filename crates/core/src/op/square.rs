//! `square`.

use super::unary::unary;

unary! {
    /// x², elementwise.
    Square = "square",
    f32: |x| x * x,
    f64: |x| x * x,
    backward: |graph, x, _, dy| {
        let (two, product) = (graph.number(2.0)?, graph.mul(dy, x)?);
        graph.mul(product, two)
    },
}
