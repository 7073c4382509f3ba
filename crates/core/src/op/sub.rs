//! `sub`.

use super::binary::{At, BinaryRule, entry};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::vector::V;

#[derive(Clone, Copy, Debug, Default)]
pub struct Sub;

pub const ENTRY: super::Entry = entry::<Sub>();

impl BinaryRule for Sub {
    const NAME: &'static str = "sub";
    const DOC: &'static str = "a − b, elementwise, with NumPy's broadcasting.";

    #[inline(always)]
    fn f32(a: V, b: V) -> V {
        a - b
    }

    fn f64(a: f64, b: f64) -> f64 {
        a - b
    }

    fn by_a(_: &mut Graph, at: At) -> Result<Value> {
        Ok(at.dy)
    }

    fn by_b(graph: &mut Graph, at: At) -> Result<Option<Value>> {
        graph.neg(at.dy).map(Some)
    }
}
