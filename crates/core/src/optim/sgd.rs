//! Gradient descent; full batch, single sample and mini-batch differ only in the batch.

use super::Update;
use crate::declare::declare;
use crate::kernel::lane::V;
use crate::kernel::sweep::{Rule, Segment, Stage, sweep};

declare! {
    /// Gradient descent, with momentum and Nesterov's look-ahead on request.
    ///
    /// Plain `w -= η·g`; with momentum `u = μ·u − η·g`, then `w += u`, or `w += μ·u − η·g` with `nesterov`.
    /// Robbins & Monro 1951; Polyak 1964; Sutskever et al. 2013, equations 1–4, https://proceedings.mlr.press/v28/sutskever13.html
    ///
    /// As in Keras the learning rate is part of the buffer, so a new rate acts on new gradients only; in PyTorch
    /// (`u = μ·u + g`, `w -= η·u`) it acts on the whole buffer at once. Equal while the rate is constant.
    Sgd = "SGD" with [learning_rate: 0.01] {
        /// Part of the last update that is made again. 0 at construction: no buffer is kept.
        momentum: UpToOne = 0.0,
    } options {
        /// Takes the gradient's step after the momentum's, not together with it.
        nesterov = false,
    } state [momentum if momentum]
}

impl Update for Sgd {
    fn step(&self, learning_rate: f64, _t: u64, stage: &Stage, segments: &mut [Segment<'_>]) {
        let (momentum, learning_rate) = (self.momentum as f32, learning_rate as f32);
        let buffered = segments.first().is_some_and(|segment| segment.states() > 0);
        match (buffered, self.nesterov) {
            (false, _) => sweep(Plain { learning_rate }, stage, segments),
            (true, false) => sweep(Buffered::<false> { momentum, learning_rate }, stage, segments),
            (true, true) => sweep(Buffered::<true> { momentum, learning_rate }, stage, segments),
        }
    }
}

#[derive(Clone, Copy)]
struct Plain {
    learning_rate: f32,
}

impl Rule<0> for Plain {
    #[inline(always)]
    fn update(self, p: V, g: V, []: [V; 0]) -> (V, [V; 0]) {
        (p - self.learning_rate * g, [])
    }
}

#[derive(Clone, Copy)]
struct Buffered<const NESTEROV: bool> {
    momentum: f32,
    learning_rate: f32,
}

impl<const NESTEROV: bool> Rule<1> for Buffered<NESTEROV> {
    #[inline(always)]
    fn update(self, p: V, g: V, [u]: [V; 1]) -> (V, [V; 1]) {
        let step = self.learning_rate * g;
        let u = self.momentum * u - step;
        (p + if NESTEROV { self.momentum * u - step } else { u }, [u])
    }
}
