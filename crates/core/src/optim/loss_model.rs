//! What MoMo and its relative know of the loss: a line through running means of where it was seen, from which a rate follows.

use super::Tick;
use super::polyak_sgd::NOTHING;
use crate::kernel::segment::Segment;

/// What weight decay leaves of a parameter.
pub fn shrink(tick: &Tick, segment: &Segment<'_>) -> f64 {
    if segment.decay { 1.0 / (1.0 + tick.learning_rate * tick.decay) } else { 1.0 }
}

/// The model of the loss: its mean, the mean of ⟨g, w⟩, the least it can be, which are kept; ⟨m, w⟩ and ‖m‖², as they
/// are and shrunk.
pub struct Model {
    loss: f64,
    seen: f64,
    least: f64,
    keep: f64,
    sums: [f64; 4],
}

impl Model {
    /// What state `slot` has kept, and the loss of this step.
    pub fn read(tick: &Tick, segments: &[Segment<'_>], slot: usize, keep: f64, least: f64) -> Self {
        let kept = |index| segments.first().map_or(0.0, |segment| segment.number(slot, index));
        let loss = keep * kept(0) + (1.0 - keep) * tick.loss;
        let least = if tick.t == 1 { least } else { kept(2) };
        Self { loss, seen: keep * kept(1), least, keep, sums: [0.0; 4] }
    }

    /// Takes in ⟨g, w⟩, ⟨m, w⟩ and ‖m‖² of a segment.
    pub fn add(&mut self, tick: &Tick, segment: &Segment<'_>, [seen, inner, square]: [f64; 3]) {
        let shrink = shrink(tick, segment);
        self.seen += (1.0 - self.keep) * seen;
        for (sum, x) in self.sums.iter_mut().zip([inner, square, inner * shrink, square * shrink]) {
            *sum += x;
        }
    }

    /// The rate, at most `limit / bias`, where means are to be divided by `bias`. With a bound the least loss is found.
    pub fn rate(&mut self, limit: f64, bias: f64, bound: Option<f64>) -> f64 {
        let [inner, square, shrunk_inner, shrunk_square] = self.sums;
        let above = self.loss - self.seen + shrunk_inner;
        if let Some(bound) = bound.filter(|_| above < bias * self.least) {
            self.least = (above / (2.0 * bias)).max(bound);
        }
        let found = if square <= NOTHING { 0.0 } else { (above - bias * self.least).max(0.0) / shrunk_square };
        let rate = found.min(limit / bias);
        if let Some(bound) = bound {
            self.least = ((self.loss + inner - self.seen - 0.5 * rate * square) / bias).max(bound);
        }
        rate
    }

    /// Keeps what the next step needs.
    pub fn write(&self, segment: &mut Segment<'_>, slot: usize) {
        segment.set_number(slot, 0, self.loss);
        segment.set_number(slot, 1, self.seen);
        segment.set_number(slot, 2, self.least);
    }
}
