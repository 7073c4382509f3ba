//! `swish`: x times a sigmoid of x, which is SiLU as well as the approximation of GELU.

use super::curve::{CurveRule, Numbers, entry};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::special;
use crate::kernel::vector::V;

pub const ENTRY: super::Entry =
    entry::<Swish>("x · σ(x · (a + b·x²)): a = 1, b = 0 is SiLU; a = √(8/π), b = 0.044715a is GELU by tanh.");

#[derive(Clone, Copy, Debug)]
struct Swish;

fn gate(a: f64, b: f64, x: f64) -> f64 {
    let x = x.clamp(-1e4, 1e4);
    1.0 / (1.0 + (-x * (a + b * x * x)).exp())
}

impl CurveRule for Swish {
    const NAME: &'static str = "swish";
    const GRAD: &'static str = "swish_grad";
    const NUMBERS: &'static [&'static str] = &["a", "b"];
    const EXPECTED: &'static str = "a from 0.1 and b from 0 to 100";
    const FROM_RESULT: bool = false;

    /// So that the sigmoid of any large x is 0 or 1.
    fn fits([a, b]: Numbers<f64>) -> bool {
        (0.1..=100.0).contains(&a) && (0.0..=100.0).contains(&b)
    }

    #[inline(always)]
    fn f32([a, b]: Numbers<f32>, x: V) -> V {
        x * special::gate(x, a, b).0
    }

    fn f64([a, b]: Numbers<f64>, x: f64) -> f64 {
        x * gate(a, b, x)
    }

    #[inline(always)]
    fn slope([a, b]: Numbers<f32>, x: V) -> V {
        let (gate, x) = special::gate(x, a, b);
        gate + x * (gate * (1.0 - gate)) * (a + 3.0 * b * (x * x))
    }

    fn slope64([a, b]: Numbers<f64>, x: f64) -> f64 {
        let gate = gate(a, b, x);
        let rise = gate * (1.0 - gate);
        gate + if rise == 0.0 { 0.0 } else { x * rise * (a + 3.0 * b * x * x) }
    }

    fn expand(graph: &mut Graph, [a, b]: Numbers<f64>, x: Value) -> Result<Value> {
        let mut number = |x: f64| graph.number(x);
        let (one, a, b, three) = (number(1.0)?, number(a)?, number(b)?, number(3.0)?);
        let square = graph.square(x)?;
        let bent = graph.mul(square, b)?;
        let sum = graph.add(bent, a)?;
        let argument = graph.mul(x, sum)?;
        let gate = graph.sigmoid(argument)?;
        let rest = graph.sub(one, gate)?;
        let rise = graph.mul(gate, rest)?;
        let bent = graph.mul(bent, three)?;
        let sum = graph.add(bent, a)?;
        let inner = graph.mul(x, sum)?;
        let second = graph.mul(rise, inner)?;
        graph.add(gate, second)
    }
}
