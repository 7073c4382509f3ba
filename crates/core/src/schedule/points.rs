//! A curve through given points: warm-ups, one-cycle policies and every other piecewise interpolation.

use super::Schedule;
use crate::kernel::math64::cos;
use std::f64::consts::PI;

/// Values at steps, and what lies between: straight lines, or half a cosine each. Before the first and after the last
/// point the value stays.
pub struct Points {
    points: Vec<(f64, f64)>,
    cosine: bool,
}

impl Points {
    /// `None` unless there is a point and the steps are finite and rise.
    pub fn new(points: Vec<(f64, f64)>, cosine: bool) -> Option<Self> {
        let rises = points.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let finite = points.iter().all(|point| point.0.is_finite());
        (rises && finite && !points.is_empty()).then_some(Self { points, cosine })
    }
}

impl Schedule for Points {
    fn at(&self, step: u64) -> f64 {
        let step = step as f64;
        let next = self.points.partition_point(|point| point.0 <= step);
        if next == 0 || next == self.points.len() {
            return self.points[next.max(1) - 1].1;
        }
        let ((from, start), (to, end)) = (self.points[next - 1], self.points[next]);
        let x = (step - from) / (to - from);
        if self.cosine { end + (start - end) * 0.5 * (1.0 + cos(PI * x)) } else { start + (end - start) * x }
    }
}
