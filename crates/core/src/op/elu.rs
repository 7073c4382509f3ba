//! `elu`.

use super::curve::{CurveRule, Numbers, entry};
use super::less;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::special;
use crate::kernel::vector::{V, below, pick};

pub const ENTRY: super::Entry =
    entry::<Elu>("x, or alpha · (eˣ − 1) where x is below 0. The gradient at 0 is that of above.");

#[derive(Clone, Copy, Debug)]
struct Elu;

impl CurveRule for Elu {
    const NAME: &'static str = "elu";
    const GRAD: &'static str = "elu_grad";
    const NUMBERS: &'static [&'static str] = &["alpha"];
    const EXPECTED: &'static str = "a finite alpha above 0";
    // It is 1 or y + alpha.
    const FROM_RESULT: bool = true;

    fn fits([alpha, _]: Numbers<f64>) -> bool {
        alpha.is_finite() && alpha > 0.0
    }

    #[inline(always)]
    fn f32([alpha, _]: Numbers<f32>, x: V) -> V {
        pick(below(x, V::from(0.0)), special::expm1(x) * alpha, x)
    }

    fn f64([alpha, _]: Numbers<f64>, x: f64) -> f64 {
        if x < 0.0 { alpha * x.exp_m1() } else { x }
    }

    #[inline(always)]
    fn slope([alpha, _]: Numbers<f32>, y: V) -> V {
        pick(below(y, V::from(0.0)), y + alpha, V::from(1.0))
    }

    fn slope64([alpha, _]: Numbers<f64>, y: f64) -> f64 {
        if y < 0.0 { y + alpha } else { 1.0 }
    }

    fn expand(graph: &mut Graph, [alpha, _]: Numbers<f64>, y: Value) -> Result<Value> {
        let (zero, one, alpha) = (graph.number(0.0)?, graph.number(1.0)?, graph.number(alpha)?);
        let left = graph.apply(less::OP, &[y, zero])?;
        let slope = graph.add(y, alpha)?;
        graph.select(left, slope, one)
    }
}
