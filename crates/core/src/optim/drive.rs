//! What optimizers share that evaluate the loss several times in a step: after each evaluation they say where to evaluate
//! next, or that the step may be made. Until then they write nothing but their own memory and the trial point.

use crate::error::Result;
use crate::kernel::memory::Buffer;
use crate::kernel::segment::Segment;

/// How a step goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// There is more to compute before anything else: long work comes in pieces.
    Work,
    /// Loss and gradients at the trial point are wanted.
    Evaluate,
    /// The step may be made.
    Commit,
    /// What was evaluated is not finite, and without it there is no going on.
    NonFinite,
}

/// The step as a driver sees it.
pub struct Site<'a> {
    /// The optimizer's own numbers.
    pub own: &'a [f64],
    pub flags: &'a [bool],
    pub learning_rate: f64,
    /// Loss and gradients are multiplied by this: −1 to go up.
    pub sign: f64,
    /// The loss of the last evaluation.
    pub loss: f64,
    /// Whether to go on with what is not finite.
    pub propagates: bool,
    /// The parameters as they stand, with their state: not to be written before the step is made.
    pub segments: &'a mut [Segment<'static>],
    /// The trial point as parameters, with the gradients of the last evaluation.
    pub trials: &'a mut [Segment<'static>],
    /// Memory to take more beside.
    pub memory: &'a Buffer,
}

/// A rule that evaluates the loss several times in a step.
pub trait Drive: Send {
    /// Forgets the step under way: the next is to begin, at its first evaluation.
    fn begin(&mut self);

    /// Goes on after an evaluation or a piece of work.
    ///
    /// # Errors
    /// `OUT_OF_MEMORY`, `PLAN_INVALID`.
    fn proceed(&mut self, site: &mut Site<'_>) -> Result<Next>;

    /// Writes parameters and state.
    fn commit(&mut self, segments: &mut [Segment<'_>]);
}
