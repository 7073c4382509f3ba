//! What a rule is given at a step, and what it has to say about itself besides its declaration.

use super::drive::Drive;
use crate::declare::Declared;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::Stage;

/// One step, as optimizers see it.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    /// Its number; the first is 1.
    pub t: u64,
    /// Its learning rate.
    pub learning_rate: f64,
    /// What happens to every element before the rule.
    pub stage: Stage,
    /// Weight decay for rules that have it inside, for segments that decay; 0 for all others.
    pub decay: f64,
    /// The loss at the parameters, for rules that need it.
    pub loss: f64,
}

/// How a declared optimizer makes one step of its own numbers: elementwise ones by `kernel::sweep`.
pub trait Update: Declared + Send + Sync {
    /// Whether a step is nothing but sweeps of rules whose numbers do not come from the segments: then it may be made
    /// in turns.
    const SWEEPS: bool = true;

    /// What makes steps that evaluate the loss several times; then `step` is not called.
    const DRIVE: Option<fn() -> Box<dyn Drive>> = None;

    /// Whether rows without a gradient are left as they are unless the user says otherwise.
    const LAZY: bool = false;

    /// Whether a gradient of zeros changes neither parameter nor state, where there are so many states and no weight decay:
    /// then rows without a gradient need no visit.
    fn rests(&self, _states: usize) -> bool {
        false
    }

    /// Whether step `t` looks at an estimate of the Hessian's diagonal.
    fn wants_curvature(&self, _t: u64) -> bool {
        false
    }

    /// Updates every segment in place.
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]);

    /// The same with memory of its own that is kept between steps, for those that need some.
    fn step_with(&self, tick: &Tick, segments: &mut [Segment<'_>], _scratch: &mut Vec<f32>) {
        self.step(tick, segments);
    }
}
