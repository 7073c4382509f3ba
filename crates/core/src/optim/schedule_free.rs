//! What schedule-free optimizers share: where the parameters lie between z, which makes the steps, and the mean of all z.

use crate::kernel::lane::Lane;
use crate::kernel::math64::pow;
use crate::kernel::segment::Segment;

/// The part of the rate that step `t` of a warm-up has.
pub fn rise(t: u64, warmup_steps: f64) -> f64 {
    if warmup_steps > 0.0 { (t as f64 / warmup_steps).min(1.0) } else { 1.0 }
}

/// How much of the old parameter, the old and the new z the new parameter has.
#[derive(Clone, Copy)]
pub struct Averages {
    old: f32,
    behind: f32,
    ahead: f32,
    /// 1 in the first step, which takes the parameter for z.
    first: f32,
}

impl Averages {
    /// Takes the next step of `rate` into the weights, two numbers of state `slot`: the largest rate and the sum.
    pub fn next(beta: f64, rate: f64, power: f64, slot: usize, t: u64, segments: &mut [Segment<'_>]) -> Self {
        let kept = |index: usize| segments.first().map_or(0.0, |segment| segment.number(slot, index));
        let largest = kept(0).max(rate);
        let weight = pow(largest, power);
        let sum = kept(1) + weight;
        for segment in segments {
            segment.set_number(slot, 0, largest);
            segment.set_number(slot, 1, sum);
        }
        let share = if sum > 0.0 { weight / sum } else { 0.0 };
        // y' = (1−β)·z' + β·((1−c)·x + c·z') with x = (y − (1−β)·z)/β.
        let (old, behind, ahead) = (1.0 - share, (1.0 - share) * (1.0 - beta), 1.0 - beta + beta * share);
        let [old, behind, ahead] = [old, behind, ahead].map(|x| x as f32);
        Self { old, behind, ahead, first: if t == 1 { 1.0 } else { 0.0 } }
    }

    /// The same where the parameter decayed to `left` of itself before.
    pub fn decayed(self, left: f64) -> Self {
        Self { first: self.first / left as f32, ..self }
    }

    /// z, which starts as the parameter.
    #[inline(always)]
    pub fn start<X: Lane>(self, y: X, z: X) -> X {
        z + y * self.first
    }

    /// The new parameter.
    #[inline(always)]
    pub fn mix<X: Lane>(self, y: X, z: X, new: X) -> X {
        y * self.old - z * self.behind + new * self.ahead
    }
}
