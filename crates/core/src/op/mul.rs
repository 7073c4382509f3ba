//! `mul`.

use super::binary::{At, BinaryRule, entry};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::vector::V;

#[derive(Clone, Copy, Debug, Default)]
pub struct Mul;

pub const ENTRY: super::Entry = entry::<Mul>();

impl BinaryRule for Mul {
    const NAME: &'static str = "mul";
    const DOC: &'static str = "a · b, elementwise, with NumPy's broadcasting.";

    #[inline(always)]
    fn f32(a: V, b: V) -> V {
        a * b
    }

    fn f64(a: f64, b: f64) -> f64 {
        a * b
    }

    fn by_a(graph: &mut Graph, at: At) -> Result<Value> {
        graph.mul(at.dy, at.b)
    }

    fn by_b(graph: &mut Graph, at: At) -> Result<Option<Value>> {
        graph.mul(at.dy, at.a).map(Some)
    }
}
