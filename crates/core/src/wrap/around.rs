//! What lies around the rule of one optimizer and its parameters: gradients summed over several steps, then the wrappers.
//! Decides nothing; memory is given by its owner.

use super::{Acts, When};
use crate::declare::Entry;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};
use crate::optim::Tick;

/// A wrapper with its switches set, and the parameters as it sees them.
pub struct Wrapped {
    pub entry: &'static Entry<Acts>,
    pub flags: Vec<bool>,
    /// With the wrapper's own state. Those of a wrapper of gradients have the gradient as parameter.
    pub segments: Vec<Segment<'static>>,
}

impl Wrapped {
    /// Without parameters.
    pub fn new(entry: &'static Entry<Acts>, flags: &[bool]) -> Self {
        Wrapped { entry, flags: flags.to_vec(), segments: Vec::new() }
    }
}

/// Everything around a rule.
#[derive(Default)]
pub struct Around {
    /// Sums of gradients as parameters, where several steps make one update.
    pub sums: Vec<Segment<'static>>,
    /// Copies of gradients as parameters, where wrappers change them.
    pub copies: Vec<Segment<'static>>,
    /// In the order in which they act.
    pub wraps: Vec<Wrapped>,
}

impl Around {
    /// Whether a wrapper changes gradients.
    pub fn changes_gradients(&self) -> bool {
        !self.copies.is_empty()
    }

    /// Whether a step may be made in turns: all that there is sweeps after the rule.
    pub fn sweeps(&self) -> bool {
        self.sums.is_empty() && self.wraps.iter().all(|wrap| wrap.entry.build.sweeps)
    }

    /// Adds the gradients, times their factors, to the sums.
    pub fn accumulate(&mut self) {
        sweep(Sum, &Stage::NONE, &mut self.sums);
    }

    /// Begins new sums.
    pub fn reset(&mut self) {
        sweep(Zero, &Stage::NONE, &mut self.sums);
    }

    /// What follows the rule.
    pub fn finish(&mut self, tick: &Tick, values: &[f64], rule: &[Segment<'_>]) {
        self.act(When::After, tick, values, rule);
        if !self.sums.is_empty() {
            self.reset();
        }
    }

    /// Copies the gradients, times their factors.
    pub fn copy(&mut self) {
        sweep(Copied, &Stage::NONE, &mut self.copies);
    }

    /// Whether a wrapper has gradients evaluated elsewhere.
    pub fn perturbs(&self) -> bool {
        self.wraps.iter().any(|wrap| wrap.entry.build.perturbs())
    }

    /// Lets the wrappers that have gradients evaluated elsewhere move `trials` there, from the weights.
    pub fn perturb(&self, tick: &Tick, mut values: &[f64], trials: &mut [Segment<'_>]) {
        for Wrapped { entry, flags, .. } in &self.wraps {
            let (own, rest) = values.split_at(entry.declaration.hypers.len());
            values = rest;
            if entry.build.perturbs() {
                (entry.build.act)(own, flags, When::Perturb, tick, trials);
            }
        }
    }

    /// Lets the wrappers that act `when` do so. `values` are the numbers of all of them, one after the other; `rule` are
    /// the rule's segments, for the factors of gradients.
    pub fn act(&mut self, when: When, tick: &Tick, mut values: &[f64], rule: &[Segment<'_>]) {
        for Wrapped { entry, flags, segments } in &mut self.wraps {
            let (own, rest) = values.split_at(entry.declaration.hypers.len());
            values = rest;
            if !entry.build.when.contains(&when) {
                continue;
            }
            if when != When::Gradient {
                segments.iter_mut().zip(rule).for_each(|(own, rule)| own.gradient_scale = rule.gradient_scale);
            }
            (entry.build.act)(own, flags, when, tick, segments);
        }
    }
}

#[derive(Clone, Copy)]
struct Sum;

impl Rule<0> for Sum {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, _: [X; 0]) -> (X, [X; 0]) {
        (p + g, [])
    }
}

#[derive(Clone, Copy)]
struct Copied;

impl Rule<0> for Copied {
    #[inline(always)]
    fn update<X: Lane>(self, _: X, g: X, _: [X; 0]) -> (X, [X; 0]) {
        (g, [])
    }
}

#[derive(Clone, Copy)]
struct Zero;

impl Rule<0> for Zero {
    #[inline(always)]
    fn update<X: Lane>(self, _: X, _: X, _: [X; 0]) -> (X, [X; 0]) {
        (X::from(0.0), [])
    }
}
