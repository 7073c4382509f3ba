//! The factor by which a loss was multiplied before its gradients were taken, so that small ones survive coarse numbers.

use crate::error::Result;
use crate::kernel::segment::Segment;
use crate::part;
use crate::reader::Reader;

/// How gradients were scaled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LossScale {
    /// Always by this; 1: not at all.
    Fixed(f64),
    /// By what stands in the state, as Keras's `LossScaleOptimizer` changes it: times `growth` after so many good steps one
    /// after the other, times `backoff` after a bad one, within bounds.
    Dynamic { growth_steps: f64, growth: f64, backoff: f64, low: f64, high: f64 },
}

impl LossScale {
    /// A kind and its numbers.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        match reader.u8()? {
            0 => Ok(LossScale::Fixed(1.0)),
            1 => Ok(LossScale::Fixed(reader.f64()?)),
            2 => {
                part::need()?;
                let (growth_steps, growth, backoff) = (reader.f64()?, reader.f64()?, reader.f64()?);
                Ok(LossScale::Dynamic { growth_steps, growth, backoff, low: reader.f64()?, high: reader.f64()? })
            }
            tag => Err(reader.invalid("a kind of loss scale (0 to 2)", tag)),
        }
    }

    /// State of each parameter: the scale and the count of good steps, the same in all of them.
    pub fn has_state(self) -> bool {
        matches!(self, LossScale::Dynamic { .. })
    }

    /// The present scale. `segments` have its state as their first.
    pub fn at(self, segments: &[Segment<'_>]) -> f64 {
        match self {
            LossScale::Fixed(scale) => scale,
            LossScale::Dynamic { .. } => segments.first().map_or(1.0, |segment| segment.number(0, 0)),
        }
    }

    /// Whether a bad step only lowers the scale, which is not at its bound.
    pub fn forgives(self, segments: &[Segment<'_>]) -> bool {
        matches!(self, LossScale::Dynamic { low, .. } if self.at(segments) > low)
    }

    /// After a step, good or not.
    pub fn adjust(self, good: bool, segments: &mut [Segment<'_>]) {
        // What has a state came with the second part of the WASM module.
        if self.has_state() {
            part::gate(|| self.change(good, segments));
        }
    }

    fn change(self, good: bool, segments: &mut [Segment<'_>]) {
        let LossScale::Dynamic { growth_steps, growth, backoff, low, high } = self else { return };
        let Some(first) = segments.first() else { return };
        let (mut scale, mut count) = (first.number(0, 0), if good { first.number(0, 1) + 1.0 } else { 0.0 });
        if !good || count >= growth_steps {
            scale = (scale * if good { growth } else { backoff }).clamp(low, high);
            count = 0.0;
        }
        for segment in segments {
            segment.set_number(0, 0, scale);
            segment.set_number(0, 1, count);
        }
    }
}
