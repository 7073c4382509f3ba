//! `maximum`, and the share of the gradient that it and `minimum` hand to an operand.

use super::binary::{At, BinaryRule, entry, op};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::vector::{V, above, at_least, below, equal, pick};

#[derive(Clone, Copy, Debug, Default)]
pub struct Maximum;

pub const ENTRY: super::Entry = entry::<Maximum>();

impl BinaryRule for Maximum {
    const NAME: &'static str = "maximum";
    const DOC: &'static str = "The larger of a and b, elementwise, with NumPy's broadcasting; NaN where either is. Equal \
        ones share the gradient equally, as in PyTorch and JAX (TensorFlow gives it to a).";

    #[inline(always)]
    fn f32(a: V, b: V) -> V {
        pick(at_least(a, b), a, pick(equal(a, a), b, a))
    }

    fn f64(a: f64, b: f64) -> f64 {
        if a >= b || a.is_nan() { a } else { b }
    }

    fn by_a(graph: &mut Graph, at: At) -> Result<Value> {
        larger(graph, at.dy, [at.a, at.b])
    }

    fn by_b(graph: &mut Graph, at: At) -> Result<Option<Value>> {
        larger(graph, at.dy, [at.b, at.a]).map(Some)
    }
}

/// dy where the first operand is the larger one, half of it where both are equal.
pub fn larger(graph: &mut Graph, dy: Value, operands: [Value; 2]) -> Result<Value> {
    let share = graph.apply(op::<Share>(), &operands)?;
    graph.mul(dy, share)
}

/// 1 where a > b, 0 where a < b, else ½.
#[derive(Clone, Copy, Debug, Default)]
struct Share;

impl BinaryRule for Share {
    const NAME: &'static str = "share";

    #[inline(always)]
    fn f32(a: V, b: V) -> V {
        pick(above(a, b), V::from(1.0), pick(below(a, b), V::from(0.0), V::from(0.5)))
    }

    fn f64(a: f64, b: f64) -> f64 {
        if a > b {
            1.0
        } else if a < b {
            0.0
        } else {
            0.5
        }
    }

    fn by_a(graph: &mut Graph, at: At) -> Result<Value> {
        graph.fill_like(at.y, 0.0)
    }

    fn by_b(_: &mut Graph, _: At) -> Result<Option<Value>> {
        Ok(None)
    }
}
