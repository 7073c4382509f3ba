//! How large the sum of steered gradients is: what rules that find their own rate divide by.

use crate::kernel::measure::Measure;

/// ‖s‖₁ of the third state.
#[derive(Clone, Copy)]
pub struct Magnitude;

impl Measure<3, 1> for Magnitude {
    #[inline(always)]
    fn measure(self, _: f32, _: f32, [_, _, s]: [f32; 3]) -> [f64; 1] {
        [f64::from(s.abs())]
    }
}
