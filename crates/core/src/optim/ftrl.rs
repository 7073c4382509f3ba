//! Follow the regularized leader: parameters that are exactly zero until gradients insist.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Follow the regularized leader: parameters that stay exactly zero until gradients insist, for sparse models.
    ///
    /// With `L = l2 + β/(2η)`, power p: `a' = a + g²`, `z += g + 2·shrinkage·w − (a'^−p − a^−p)/η·w`,
    /// `w = (clip(z, −l1, l1) − z) / (a'^−p/η + 2L)`.
    /// McMahan et al. 2013, algorithm 1, https://research.google/pubs/pub41159/
    ///
    /// Keras's rule. A learning rate of 0 leaves everything as it is. A power other than −½ costs an exponential and a
    /// logarithm for each element, and is right to some 1e-6.
    Ftrl = "Ftrl" with [learning_rate: 1e-3] {
        /// How the rate falls as gradients add up: −½ as in Adagrad, 0 not at all.
        learning_rate_power: NonPositive = -0.5,
        /// What the sum of squares starts with.
        initial_accumulator_value: NonNegative = 0.1,
        /// How far gradients must add up before a parameter leaves zero.
        l1_regularization_strength: NonNegative = 0.0,
        /// Pulls parameters towards zero.
        l2_regularization_strength: NonNegative = 0.0,
        /// Pulls parameters towards zero by way of the gradient.
        l2_shrinkage_regularization_strength: NonNegative = 0.0,
        /// The paper's β: makes rates smaller.
        beta: NonNegative = 0.0,
    } state [accumulator from initial_accumulator_value, linear]
}

impl Update for Ftrl {
    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        if tick.learning_rate == 0.0 {
            return;
        }
        let l2 = self.l2_regularization_strength + self.beta / (2.0 * tick.learning_rate);
        let leader = Leader::<true> {
            power: -self.learning_rate_power as f32,
            per_rate: (1.0 / tick.learning_rate) as f32,
            l1: self.l1_regularization_strength as f32,
            l2: (2.0 * l2) as f32,
            shrinkage: (2.0 * self.l2_shrinkage_regularization_strength) as f32,
        };
        if leader.power == 0.5 {
            return sweep(leader, &tick.stage, segments);
        }
        let Leader { power, per_rate, l1, l2, shrinkage } = leader;
        sweep(Leader::<false> { power, per_rate, l1, l2, shrinkage }, &tick.stage, segments);
    }
}

#[derive(Clone, Copy)]
struct Leader<const ROOT: bool> {
    power: f32,
    per_rate: f32,
    l1: f32,
    l2: f32,
    shrinkage: f32,
}

impl<const ROOT: bool> Leader<ROOT> {
    #[inline(always)]
    fn raised<X: Lane>(self, x: X) -> X {
        if ROOT { x.sqrt() } else { (x.ln() * self.power).exp() }
    }
}

/// State: a and z.
impl<const ROOT: bool> Rule<2> for Leader<ROOT> {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [a, z]: [X; 2]) -> (X, [X; 2]) {
        let (old, new) = (self.raised(a), self.raised(a + g * g));
        let z = z + (g + p * self.shrinkage - (new - old) * self.per_rate * p);
        let clipped = z.within(self.l1);
        let divisor = new * self.per_rate + self.l2;
        // Without any gradient so far and any regularisation there is nothing to divide by.
        let still = X::from(f32::MIN_POSITIVE).if_above(divisor, p, (clipped - z) / divisor);
        (still, [a + g * g, z])
    }
}
