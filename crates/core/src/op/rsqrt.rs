//! `rsqrt`.

use super::unary::unary;

unary! {
    /// 1 / √x, elementwise, within 2 ulp; ∞ at 0, NaN below.
    Rsqrt = "rsqrt",
    f32: |x| 1.0 / x.sqrt(),
    f64: |x| 1.0 / x.sqrt(),
    backward: |graph, x, y, dy| {
        // −dy · y / 2x
        let (product, factor) = (graph.mul(dy, y)?, graph.number(-2.0)?);
        let twice = graph.mul(x, factor)?;
        graph.div(product, twice)
    },
}
