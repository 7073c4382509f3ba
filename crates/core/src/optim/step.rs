//! What surrounds the rule in every step, in Keras's order: norms → refusal → clip → decay → rule. All that can refuse a
//! step is decided before the first write, and nothing here allocates once the first step is done.

pub use super::accept::OnNonFinite;
use super::{CLIPNORM, CLIPVALUE, GLOBAL_CLIPNORM, LEARNING_RATE, Optimizer, Tick, WEIGHT_DECAY};
use crate::declare::{Decay, Hyper};
use crate::error::Result;
use crate::kernel::measure::sum_squares_of_each;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::Stage;

/// The surroundings of the steps of one run: made once, with the memory that every step reuses.
pub struct Step {
    /// What to do about gradients that are not finite.
    pub on_non_finite: OnNonFinite,
    /// The numbers after the shared ones, for the ranges that schedules must keep within.
    pub hypers: Vec<Hyper>,
    /// What becomes of the weight decay.
    pub decay: Decay,
    /// Names of the parameters, for errors.
    pub(super) names: Vec<String>,
    square_sums: Vec<f64>,
    /// The loss at the gradients.
    pub loss: f64,
}

impl Step {
    /// For segments with these names, in their order.
    pub fn new(on_non_finite: OnNonFinite, names: Vec<String>) -> Self {
        Self {
            on_non_finite,
            hypers: Vec::new(),
            decay: Decay::Decoupled,
            names,
            square_sums: Vec::new(),
            loss: f64::NAN,
        }
    }

    /// Whether clipping needs norms under these numbers.
    pub fn clips(hyper: &[f64]) -> bool {
        !hyper[CLIPNORM].is_nan() || !hyper[GLOBAL_CLIPNORM].is_nan()
    }

    /// Sums the squares of each gradient; the sum of all.
    pub fn measure(&mut self, segments: &[Segment<'_>]) -> f64 {
        sum_squares_of_each(segments, &mut self.square_sums);
        self.square_sums.iter().sum()
    }

    /// Sets the factor of each gradient to `factor` times what clipping leaves of it. The norms are those of `measure`, times
    /// `|factor|`; `joint` is that of all gradients clipped together.
    pub fn clip(&self, hyper: &[f64], factor: f64, joint: f64, segments: &mut [Segment<'_>]) {
        let clips = Self::clips(hyper);
        for (index, segment) in segments.iter_mut().enumerate() {
            let own = if clips { self.square_sums[index].sqrt() * factor.abs() } else { 0.0 };
            let left = if clips { shrink(own, hyper[CLIPNORM]) * shrink(joint, hyper[GLOBAL_CLIPNORM]) } else { 1.0 };
            segment.gradient_scale = (left * factor) as f32;
        }
    }

    /// The step as a rule sees it.
    pub fn tick(&self, hyper: &[f64], t: u64) -> Tick {
        let learning_rate = hyper[LEARNING_RATE];
        let mut tick = Tick { t, learning_rate, stage: Stage::NONE, decay: 0.0, loss: self.loss };
        if !hyper[CLIPVALUE].is_nan() {
            tick.stage.clip_value = hyper[CLIPVALUE] as f32;
        }
        let decay = if hyper[WEIGHT_DECAY].is_nan() { 0.0 } else { hyper[WEIGHT_DECAY] };
        match self.decay {
            Decay::Decoupled => tick.stage.decay = (learning_rate * decay) as f32,
            Decay::Independent => tick.stage.decay = decay as f32,
            Decay::Coupled => tick.stage.l2 = decay as f32,
            Decay::Inside => tick.decay = decay,
        }
        tick
    }

    /// Makes step `t` with nothing around it; false where it was left out.
    ///
    /// # Errors
    /// As [`Step::check_hyper`] and [`Step::accepts`]; nothing has been written then.
    pub fn apply(
        &mut self,
        optimizer: &mut Optimizer,
        hyper: &[f64],
        t: u64,
        segments: &mut [Segment<'_>],
    ) -> Result<bool> {
        self.check_hyper(hyper, t)?;
        let norm = Self::clips(hyper).then(|| self.measure(segments).sqrt());
        if !self.accepts(t, norm, None, segments)? {
            return Ok(false);
        }
        self.clip(hyper, 1.0, norm.unwrap_or(f64::NAN), segments);
        optimizer.step(hyper, &self.tick(hyper, t), segments);
        Ok(true)
    }
}

/// What is left of a gradient of L2 norm `norm` that may have `limit` (NaN: any): exactly 1 up to the limit, so that a
/// gradient of zero is harmless.
fn shrink(norm: f64, limit: f64) -> f64 {
    if norm > limit {
        limit / norm
    } else if norm.is_nan() && !limit.is_nan() {
        f64::NAN
    } else {
        1.0
    }
}
