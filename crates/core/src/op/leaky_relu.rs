//! `leaky_relu`.

use super::curve::{CurveRule, Numbers, entry};
use super::greater;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::vector::{V, above, below, pick};

pub const ENTRY: super::Entry =
    entry::<LeakyRelu>("x, or slope · x where x is below 0. The gradient at 0 is that of below.");

#[derive(Clone, Copy, Debug)]
struct LeakyRelu;

impl CurveRule for LeakyRelu {
    const NAME: &'static str = "leaky_relu";
    const GRAD: &'static str = "leaky_relu_grad";
    const NUMBERS: &'static [&'static str] = &["slope"];
    const EXPECTED: &'static str = "a finite slope";
    const FROM_RESULT: bool = false;

    fn fits([slope, _]: Numbers<f64>) -> bool {
        slope.is_finite()
    }

    #[inline(always)]
    fn f32([slope, _]: Numbers<f32>, x: V) -> V {
        pick(below(x, V::from(0.0)), x * slope, x)
    }

    fn f64([slope, _]: Numbers<f64>, x: f64) -> f64 {
        if x < 0.0 { x * slope } else { x }
    }

    #[inline(always)]
    fn slope([slope, _]: Numbers<f32>, x: V) -> V {
        pick(above(x, V::from(0.0)), V::from(1.0), V::from(slope))
    }

    fn slope64([slope, _]: Numbers<f64>, x: f64) -> f64 {
        if x > 0.0 { 1.0 } else { slope }
    }

    fn expand(graph: &mut Graph, [slope, _]: Numbers<f64>, x: Value) -> Result<Value> {
        let (zero, one, slope) = (graph.number(0.0)?, graph.number(1.0)?, graph.number(slope)?);
        let right = graph.apply(greater::OP, &[x, zero])?;
        graph.select(right, one, slope)
    }
}
