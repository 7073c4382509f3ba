//! `sign`.

use super::unary::unary;
use crate::kernel::vector::{V, above, below, pick};

unary! {
    /// −1, 0 or 1, elementwise; zeros keep their sign, NaN stays NaN. The gradient is 0.
    Sign = "sign",
    f32: |x| {
        let zero = V::from(0.0);
        pick(below(x, zero), V::from(-1.0), pick(above(x, zero), V::from(1.0), x))
    },
    f64: |x| if x == 0.0 || x.is_nan() { x } else { x.signum() },
    backward: |graph, x, _, _| graph.fill_like(x, 0.0),
}
