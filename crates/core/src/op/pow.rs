//! `pow`.

use super::binary::{At, BinaryRule, entry};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::kernel::vector::V;
use crate::kernel::{math64, trig};

#[derive(Clone, Copy, Debug, Default)]
pub struct Pow;

pub const ENTRY: super::Entry = entry::<Pow>();

impl BinaryRule for Pow {
    const NAME: &'static str = "pow";
    const DOC: &'static str = "a to the power b, elementwise, with NumPy's broadcasting; within 0.51 ulp, with IEEE 754's \
        special cases (NaN where a is negative and b no whole number). The gradient by b is 0 where a is 0.";

    #[inline(always)]
    fn f32(a: V, b: V) -> V {
        trig::pow(a, b)
    }

    fn f64(a: f64, b: f64) -> f64 {
        math64::pow(a, b)
    }

    /// dy · b · a^(b − 1), and 0 where b is 0, whatever a is.
    fn by_a(graph: &mut Graph, at: At) -> Result<Value> {
        let (zero, one) = (graph.number(0.0)?, graph.number(1.0)?);
        let constant = graph.equal(at.b, zero)?;
        let less = graph.sub(at.b, one)?;
        let exponent = graph.select(constant, one, less)?;
        let power = graph.pow(at.a, exponent)?;
        let slope = graph.mul(at.b, power)?;
        graph.mul(at.dy, slope)
    }

    /// dy · y · ln a
    fn by_b(graph: &mut Graph, at: At) -> Result<Option<Value>> {
        let (zero, one) = (graph.number(0.0)?, graph.number(1.0)?);
        let nothing = graph.equal(at.a, zero)?;
        let size = graph.select(nothing, one, at.a)?;
        let log = graph.log(size)?;
        let slope = graph.mul(at.y, log)?;
        graph.mul(at.dy, slope).map(Some)
    }
}
