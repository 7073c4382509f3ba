//! Gradients without their mean.

use super::columns::{change, strips, sums, units};
use super::{When, Wrap};
use crate::declare::declare;
use crate::kernel::segment::Segment;
use crate::optim::Tick;

declare! {
    /// Takes the mean off the gradient of each unit of a kernel; those of biases stay as they are.
    ///
    /// `g -= mean(g)` over all axes but the last, for two axes or more: the inputs of one output, as kernels lie in Keras.
    /// Yong et al. 2020, equation 1, https://arxiv.org/abs/2004.01461. (In PyTorch outputs come first, and the mean is over the others.)
    GradientCentralization = "GradientCentralization" {}
}

impl Wrap for GradientCentralization {
    const WHEN: &'static [When] = &[When::Gradient];

    fn act(&self, _: When, _: &Tick, segments: &mut [Segment<'_>]) {
        for segment in segments.iter_mut().filter(|segment| segment.dims.len() >= 2 && !segment.is_empty()) {
            let units = units(&segment.dims);
            let rows = (segment.len() / units) as f64;
            let (gradient, ..) = segment.parts();
            for strip in strips(units) {
                let means = sums(gradient, units, strip, f64::from).map(|sum| (sum / rows) as f32);
                change(gradient, units, strip, |unit, g| g - means[unit]);
            }
        }
    }
}
