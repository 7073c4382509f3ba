//! L-BFGS: the declaration. Its steps are `iterations`, each along a `direction` that follows from `pairs`, as far as a
//! `line_search` says.

mod direction;
mod iterations;
mod line_search;
mod pairs;

use super::drive::Drive;
use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::segment::Segment;
use iterations::Iterations;

declare! {
    /// The quasi-Newton method of limited memory: for smooth functions and whole data sets, where it needs few evaluations.
    ///
    /// A step makes up to `maxIter` iterations `w += t·d`: d = −H·g, where H, the estimate of the inverse Hessian, follows
    /// from the last pairs of steps and changes of the gradient by the two-loop recursion; t is η (in the first iteration
    /// of all at most η/‖g‖₁), or is searched from there on. Pairs with ⟨s, y⟩ ≤ 1e-10 are left out.
    /// Liu & Nocedal 1989, https://doi.org/10.1007/BF01589116; Nocedal & Wright 2006, algorithms 7.4 and 7.5
    ///
    /// PyTorch's rule: a step here is one call of its `step`, one update of `iterations`. Where nothing moved in an
    /// iteration, PyTorch pairs the next change of the gradient with the step not taken; this does not.
    Lbfgs = "LBFGS" of torch with [learning_rate: 1.0] decay Coupled needs Evaluations {
        /// Most iterations of a step.
        max_iter: AtLeastOne = 20.0,
        /// Evaluations after which a step ends; 0: 1.25 times `maxIter`.
        max_eval: NonNegative = 0.0,
        /// A step ends where no element of the gradient is larger.
        tolerance_grad: NonNegative = 1e-7,
        /// A step ends where no element of the parameters, or the loss, changes by more.
        tolerance_change: NonNegative = 1e-9,
        /// Most pairs that are remembered; fixed when it is made.
        history_size: AtLeastOne = 100.0,
    } options {
        /// Searches along each direction for a step that satisfies the strong Wolfe conditions.
        strong_wolfe = false,
    } state [
        displacement, previous_gradient, steps: Times("history_size"), changes: Times("history_size"), progress: Numbers(4)
    ] works [5 + 2 * max_iter]
}

impl Update for Lbfgs {
    const SWEEPS: bool = false;
    const DRIVE: Option<fn() -> Box<dyn Drive>> = Some(|| Box::<Iterations>::default());

    fn step(&self, _: &Tick, _: &mut [Segment<'_>]) {}
}
