//! `add`.

use super::Epilogue;
use super::binary::{At, BinaryRule, entry};
use crate::error::Result;
use crate::graph::types::Type;
use crate::graph::{Graph, Value};
use crate::kernel::vector::V;

#[derive(Clone, Copy, Debug, Default)]
pub struct Add;

pub const ENTRY: super::Entry = entry::<Add>();

impl BinaryRule for Add {
    const NAME: &'static str = "add";
    const DOC: &'static str = "a + b, elementwise, with NumPy's broadcasting.";

    #[inline(always)]
    fn f32(a: V, b: V) -> V {
        a + b
    }

    fn f64(a: f64, b: f64) -> f64 {
        a + b
    }

    fn by_a(_: &mut Graph, at: At) -> Result<Value> {
        Ok(at.dy)
    }

    fn by_b(_: &mut Graph, at: At) -> Result<Option<Value>> {
        Ok(Some(at.dy))
    }

    /// Adds a row when b has the last axis alone and a has the result's shape.
    fn epilogue(types: &[Type]) -> Option<Epilogue> {
        let (a, b) = (types[0].dims(), types[1].dims());
        let row = b.iter().position(|dim| !dim.is_one()).map_or(&[][..], |first| &b[first..]);
        let is_row = a.len() > 1 && (row == &a[a.len() - 1..] || row.is_empty() && a[a.len() - 1].is_one());
        (is_row && a == types[2].dims()).then_some(Epilogue::AddRow)
    }
}
