//! `erf`.

use super::unary::unary;
use crate::kernel::{math64, special};

unary! {
    /// The error function 2/√π ∫₀ˣ e^(−t²) dt, elementwise, within 2 ulp.
    Erf = "erf",
    f32: |x| special::erf(x),
    f64: |x| if x.is_nan() { x } else { (2.0 * math64::normal(x.abs() * std::f64::consts::SQRT_2).0).copysign(x) },
    backward: |graph, x, _, dy| {
        // 2/√π · e^(−x²)
        let square = graph.square(x)?;
        let power = graph.neg(square)?;
        let bell = graph.exp(power)?;
        let (product, factor) = (graph.mul(dy, bell)?, graph.number(std::f64::consts::FRAC_2_SQRT_PI)?);
        graph.mul(product, factor)
    },
}
