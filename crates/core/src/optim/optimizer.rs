//! An optimizer at work: its line of the registry, its switches, and what it keeps between steps besides state.

use super::drive::Drive;
use super::make::Make;
use super::{SHARED, Tick};
use crate::declare::{Entry, Needs, StateShape, StateSpec};
use crate::kernel::segment::Segment;

/// An optimizer with its switches set. Its numbers come with each step.
pub struct Optimizer {
    make: &'static Make,
    sweeps: bool,
    curious: bool,
    /// Whether rows without a gradient are left as they are, whatever the rule would do.
    pub lazy: bool,
    /// How many tensors of state it has for each parameter.
    states: usize,
    flags: Vec<bool>,
    scratch: Vec<f32>,
    driver: Option<Box<dyn Drive>>,
}

impl Optimizer {
    /// From its line of the registry and its flags (see [`Declaration::flags`](crate::declare::Declaration::flags)).
    pub fn new(entry: &'static Entry<Make>, flags: &[bool]) -> Self {
        let like = |state: &StateSpec| matches!(state.shape, StateShape::Like);
        let sweeps = entry.build.sweeps && entry.declaration.states.iter().all(like);
        let driver = entry.build.drive.map(|make| make());
        let curious = entry.declaration.needs == Needs::Curvature;
        let states = entry.declaration.states(flags).len();
        let (flags, scratch) = (flags.to_vec(), Vec::new());
        Self { make: &entry.build, sweeps, curious, lazy: false, states, flags, scratch, driver }
    }

    /// Whether a step may be made in turns: all that it changes is changed element by element.
    pub fn sweeps(&self) -> bool {
        self.sweeps
    }

    /// Whether any step looks at an estimate of the Hessian's diagonal.
    pub fn looks_at_curvature(&self) -> bool {
        self.curious
    }

    /// Whether step `t` looks at an estimate of the Hessian's diagonal. `hyper` as in `step`.
    pub fn wants_curvature(&self, hyper: &[f64], t: u64) -> bool {
        (self.make.wants_curvature)(&hyper[SHARED.len()..], &self.flags, t)
    }

    /// What makes its steps where they take several evaluations of the loss, and its flags.
    pub fn driver(&mut self) -> Option<(&mut (dyn Drive + 'static), &[bool])> {
        self.driver.as_deref_mut().map(|driver| (driver, self.flags.as_slice()))
    }

    /// Updates every segment in place. `hyper` holds [`SHARED`], then its own numbers.
    pub fn step(&mut self, hyper: &[f64], tick: &Tick, segments: &mut [Segment<'_>]) {
        if let Some(driver) = &mut self.driver {
            return driver.commit(segments);
        }
        let own = &hyper[SHARED.len()..];
        for segment in segments.iter_mut() {
            segment.begin(tick.t);
            if segment.has_rows() {
                let keeps = !segment.decay || tick.stage.decay == 0.0 && tick.stage.l2 == 0.0 && tick.decay == 0.0;
                let rests = || keeps && (self.make.rests)(own, &self.flags, self.states);
                segment.visit_all(!(self.lazy || rests()));
            }
        }
        (self.make.step)(own, &self.flags, tick, segments, &mut self.scratch);
    }
}
