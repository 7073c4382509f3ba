//! `softplus`.

use super::unary::unary;
use crate::kernel::math;
use crate::kernel::vector::{V, above, equal, pick};

unary! {
    /// ln(1 + eˣ), elementwise, without overflow; within 4 ulp. The gradient is the sigmoid.
    Softplus = "softplus",
    f32: |x| {
        // max(x, 0) + ln(1 + e), e = exp(−|x|). For small e the rounded 1 + e has lost digits, which e / ((1 + e) − 1)
        // gives back (Kahan); where 1 + e is 1, ln(1 + e) is e.
        let e = math::exp(-x.abs());
        let u = 1.0 + e;
        let log = pick(equal(u, V::from(1.0)), e, math::ln(u) * (e / (u - 1.0)));
        pick(above(x, V::from(0.0)), x, V::from(0.0)) + log
    },
    f64: |x| x.max(0.0) + (-x.abs()).exp().ln_1p(),
    backward: |graph, x, _, dy| {
        let slope = graph.sigmoid(x)?;
        graph.mul(dy, slope)
    },
}
