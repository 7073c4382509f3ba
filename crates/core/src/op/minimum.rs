//! `minimum`.

use super::binary::{At, BinaryRule, entry};
use super::maximum::larger;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::vector::{V, at_least, equal, pick};

#[derive(Clone, Copy, Debug, Default)]
pub struct Minimum;

pub const ENTRY: super::Entry = entry::<Minimum>();

impl BinaryRule for Minimum {
    const NAME: &'static str = "minimum";
    const DOC: &'static str = "The smaller of a and b, elementwise, with NumPy's broadcasting; NaN where either is. Equal \
        ones share the gradient equally, as in PyTorch and JAX (TensorFlow gives it to a).";

    #[inline(always)]
    fn f32(a: V, b: V) -> V {
        pick(at_least(b, a), a, pick(equal(a, a), b, a))
    }

    fn f64(a: f64, b: f64) -> f64 {
        if a <= b || a.is_nan() { a } else { b }
    }

    fn by_a(graph: &mut Graph, at: At) -> Result<Value> {
        larger(graph, at.dy, [at.b, at.a])
    }

    fn by_b(graph: &mut Graph, at: At) -> Result<Option<Value>> {
        larger(graph, at.dy, [at.a, at.b]).map(Some)
    }
}
