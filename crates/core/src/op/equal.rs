//! `equal`.

use super::compare::{CompareRule, entry};

#[derive(Clone, Copy, Debug, Default)]
pub struct Equal;

pub const ENTRY: super::Entry = entry::<Equal>();

impl CompareRule for Equal {
    const NAME: &'static str = "equal";
    const DOC: &'static str = "a = b, elementwise, with NumPy's broadcasting; bool. NaN equals nothing.";

    #[inline(always)]
    fn holds<T: PartialOrd>(a: T, b: T) -> bool {
        a == b
    }
}
