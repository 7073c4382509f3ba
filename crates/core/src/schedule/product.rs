//! Several schedules at once, multiplied: what PyTorch's `ChainedScheduler` comes to.

use super::{Schedule, Source};

/// The factors.
pub struct Product(pub Vec<Source>);

impl Schedule for Product {
    fn at(&self, step: u64) -> f64 {
        self.0.iter().map(|factor| factor.at(step)).product()
    }
}
