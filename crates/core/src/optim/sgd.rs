//! Gradient descent; full batch, single sample and mini-batch differ only in the batch.

use super::{Tick, Update};
use crate::declare::declare;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, sweep};

declare! {
    /// Gradient descent, with momentum and Nesterov's look-ahead on request.
    ///
    /// Plain `w -= η·g`; with momentum `u = μ·u − η·g`, then `w += u`, or `w += μ·u − η·g` with `nesterov`.
    /// Robbins & Monro 1951; Polyak 1964; Sutskever et al. 2013, equations 1–4, https://proceedings.mlr.press/v28/sutskever13.html
    ///
    /// As in Keras the learning rate is part of the buffer, so a new rate acts on new gradients only; in PyTorch
    /// (`u = μ·u + (1−τ)·g`, `w -= η·u` or, with `nesterov`, `w -= η·(g + μ·u)`) it acts on the whole buffer at once. Equal
    /// while the rate is constant.
    Sgd = "SGD" with [learning_rate: 0.01] {
        /// Part of the last update that is made again. 0 at construction: no buffer is kept.
        momentum: UpToOne = 0.0,
        /// Part of each gradient but the first that the buffer leaves out.
        dampening: UpToOne = 0.0,
    } options {
        /// Takes the gradient's step after the momentum's, not together with it.
        nesterov = false,
    } parity [torch decay Coupled { learning_rate: 1e-3 }] state [momentum if momentum]
}

impl Update for Sgd {
    fn rests(&self, states: usize) -> bool {
        states == 0
    }

    fn step(&self, tick: &Tick, segments: &mut [Segment<'_>]) {
        let (down, kept) = (-tick.learning_rate, if tick.t == 1 { 1.0 } else { 1.0 - self.dampening });
        let (gain, step, rate) = if self.torch { (kept, 1.0, down) } else { (down * kept, down, 1.0) };
        let (by_buffer, by_gradient) = if self.nesterov { (self.momentum, step) } else { (1.0, 0.0) };
        let [momentum, gain, rate] = [self.momentum, gain, rate].map(|x| x as f32);
        let descent = Descent { momentum, gain, rate, by_buffer: by_buffer as f32, by_gradient: by_gradient as f32 };
        if segments.first().is_some_and(|segment| segment.states() > 0) {
            sweep::<1, _>(descent, &tick.stage, segments);
        } else {
            sweep::<0, _>(Descent { rate: down as f32, ..descent }, &tick.stage, segments);
        }
    }
}

#[derive(Clone, Copy)]
struct Descent {
    momentum: f32,
    gain: f32,
    rate: f32,
    by_buffer: f32,
    by_gradient: f32,
}

impl Rule<0> for Descent {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, []: [X; 0]) -> (X, [X; 0]) {
        (p + g * self.rate, [])
    }
}

impl Rule<1> for Descent {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [u]: [X; 1]) -> (X, [X; 1]) {
        let u = u * self.momentum + g * self.gain;
        (p + (u * self.by_buffer + g * self.by_gradient) * self.rate, [u])
    }
}
