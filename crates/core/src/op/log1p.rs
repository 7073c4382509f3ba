//! `log1p`.

use super::unary::unary;
use crate::kernel::special;

unary! {
    /// ln(1 + x), elementwise, within 3 ulp also near 0; −∞ at −1, NaN below.
    Log1p = "log1p",
    f32: |x| special::log1p(x),
    f64: |x| x.ln_1p(),
    backward: |graph, x, _, dy| {
        let one = graph.number(1.0)?;
        let sum = graph.add(x, one)?;
        graph.div(dy, sum)
    },
}
