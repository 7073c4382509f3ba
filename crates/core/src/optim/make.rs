//! How a step of a declared optimizer is made, as a table: what is the same for all of them is compiled once.

use super::drive::Drive;
use super::{Tick, Update};
use crate::declare::Needs;
use crate::kernel::segment::Segment;

/// A step by an optimizer's own numbers, its flags, the step, the segments, memory.
type MakeStep = fn(&[f64], &[bool], &Tick, &mut [Segment<'_>], &mut Vec<f32>);

/// How one step of a declared optimizer is made.
pub struct Make {
    pub(super) step: MakeStep,
    pub(super) rests: fn(&[f64], &[bool], usize) -> bool,
    pub(super) sweeps: bool,
    elementwise: bool,
    lazy: bool,
    pub(super) drive: Option<fn() -> Box<dyn Drive>>,
    pub(super) wants_curvature: fn(&[f64], &[bool], u64) -> bool,
}

impl Make {
    /// Whether it works element by element: on gradients of rows and on coded state as well.
    pub const fn elementwise(&self) -> bool {
        self.elementwise
    }

    /// Whether rows without a gradient are left as they are unless the user says otherwise.
    pub const fn lazy(&self) -> bool {
        self.lazy
    }
}

pub const fn makes<U: Update>() -> Make {
    Make {
        step: make::<U>,
        rests: |own, flags, states| U::with(own, flags).rests(states),
        sweeps: U::SWEEPS,
        // An estimate of the curvature comes whole.
        elementwise: U::SWEEPS && !matches!(U::DECLARATION.needs, Needs::Curvature),
        lazy: U::LAZY,
        drive: U::DRIVE,
        wants_curvature: |own, flags, t| U::with(own, flags).wants_curvature(t),
    }
}

fn make<U: Update>(own: &[f64], flags: &[bool], tick: &Tick, segments: &mut [Segment<'_>], scratch: &mut Vec<f32>) {
    U::with(own, flags).step_with(tick, segments, scratch);
}
