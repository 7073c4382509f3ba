//! One schedule after another: what Keras's piecewise constants, PyTorch's `SequentialLR` and Optax's `join_schedules` are.

use super::{Schedule, Source};

/// Sources, each from a step of its own on; each counts its steps from there.
pub struct Join(Vec<(u64, Source)>);

impl Join {
    /// `None` unless the first starts at 0 and each later than the one before.
    pub fn new(parts: Vec<(u64, Source)>) -> Option<Self> {
        let rises = parts.windows(2).all(|pair| pair[0].0 < pair[1].0);
        (rises && parts.first().is_some_and(|part| part.0 == 0)).then_some(Self(parts))
    }
}

impl Schedule for Join {
    fn at(&self, step: u64) -> f64 {
        let (start, source) = &self.0[self.0.partition_point(|part| part.0 <= step) - 1];
        source.at(step - start)
    }
}
