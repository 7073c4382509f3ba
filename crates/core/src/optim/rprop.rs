//! A step size for every parameter, by the signs of its last two gradients.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Steps of a size of their own for every parameter, which grows while the gradient keeps its sign. For full batches.
    ///
    /// `s = sign(g·g')` with the gradient g' before; the step becomes `clip(step·(η⁺ | 1 | η⁻), least, largest)` for s = 1, 0,
    /// −1; where s is −1 the gradient counts as 0; `w -= sign(g)·step`.
    /// Riedmiller & Braun 1993, https://doi.org/10.1109/ICNN.1993.298623 (the form without weight-backtracking)
    ///
    /// PyTorch's rule: the learning rate is the first step.
    Rprop = "Rprop" of torch with [learning_rate: 0.01] decay Coupled {
        /// What a step is multiplied by after a change of sign.
        eta_minus: UpToOne = 0.5,
        /// What a step is multiplied by while the sign stays.
        eta_plus: AtLeastOne = 1.2,
        /// The least step.
        step_size_min: NonNegative = 1e-6,
        /// The largest step.
        step_size_max: Positive = 50.0,
    } state [previous_gradient, step_size]
}

impl Update for Rprop {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let numbers = [tick.learning_rate, self.eta_minus, self.eta_plus, self.step_size_min, self.step_size_max];
        let [first, minus, plus, least, largest] = numbers.map(|number| number as f32);
        sweep(Resilient { first, minus, plus, least, largest }, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Resilient {
    first: f32,
    minus: f32,
    plus: f32,
    least: f32,
    largest: f32,
}

/// State: the gradient before, as far as it counted, and the step, 0 before the first.
impl Rule<2> for Resilient {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [previous, step]: [X; 2]) -> (X, [X; 2]) {
        // By signs: the product of two tiny gradients would be zero.
        let (turn, zero) = (g.sign() * previous.sign(), X::from(0.0));
        let step = step.if_above(zero, step, self.first.into());
        let factor = turn.if_above(zero, self.plus.into(), X::from(1.0));
        let factor = zero.if_above(turn, self.minus.into(), factor);
        let step = (step * factor).at_least(self.least).at_most(self.largest);
        let g = zero.if_above(turn, zero, g);
        (p - g.sign() * step, [g, step])
    }
}
