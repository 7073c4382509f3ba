//! `greater`.

use super::compare::{CompareRule, entry};

#[derive(Clone, Copy, Debug, Default)]
pub struct Greater;

pub const ENTRY: super::Entry = entry::<Greater>();

impl CompareRule for Greater {
    const NAME: &'static str = "greater";
    const DOC: &'static str = "a > b, elementwise, with NumPy's broadcasting; bool.";

    #[inline(always)]
    fn holds<T: PartialOrd>(a: T, b: T) -> bool {
        a > b
    }
}
