//! Sums over the elements of a segment of what a rule makes of parameter, gradient and state: the norms and products of
//! whole-tensor optimizers. In f64 and in the fixed shape of `tree`, so that neither threads nor lanes change a bit.

use super::lane::Lane;
use super::reduce::{sum_squares_f64, sum_squares_of_rows};
use super::segment::Segment;
use super::simd::{Kernel, dispatch};
use super::sweep::Stage;
use super::tree::{BLOCK, Counter, LANES, Merge, fold, halve};
use std::ops::Range;

/// What is summed: `K` numbers of an element with its first `N` states.
pub trait Measure<const N: usize, const K: usize>: Copy + Sync {
    /// Must be `#[inline(always)]`.
    fn measure(self, param: f32, gradient: f32, state: [f32; N]) -> [f64; K];
}

/// The sums over a segment. The gradient is as the rule will get it, the parameter as it is.
///
/// # Panics
/// If one of the first `N` states is not of the parameter's size.
pub fn measure<const N: usize, const K: usize>(rule: impl Measure<N, K>, stage: &Stage, of: &Segment<'_>) -> [f64; K] {
    let state: [&[f32]; N] = std::array::from_fn(|slot| of.state(slot));
    assert!(state.iter().all(|state| state.len() == of.len()), "the rule and the segment must have the same states");
    let l2 = if of.decay { stage.l2 } else { 0.0 };
    let stage = Stage { l2, ..*stage };
    fold(of.len(), &|range| {
        let (scale, param, gradient) = (of.gradient_scale, of.param(), of.gradient());
        dispatch(Sums(Pass { rule, stage, scale, param, gradient, state, range }))
    })
}

/// The sum of the squares of a gradient in f64: the same bits whether it is of rows or not, finite exactly when every
/// element is.
pub fn sum_squares_of(segment: &Segment<'_>) -> f64 {
    match segment.rows() {
        Some((index, width)) => sum_squares_of_rows(segment.gradient(), index, width, segment.len()),
        None => sum_squares_f64(segment.gradient()),
    }
}

impl<const K: usize> Merge for [f64; K] {
    const NONE: Self = [0.0; K];
    #[inline(always)]
    fn merge(mut self, other: Self) -> Self {
        for k in 0..K {
            self[k] += other[k];
        }
        self
    }
}

struct Pass<'a, const N: usize, M> {
    rule: M,
    stage: Stage,
    scale: f32,
    param: &'a [f32],
    gradient: &'a [f32],
    state: [&'a [f32]; N],
    range: Range<usize>,
}

/// A pass that says how many sums it makes.
struct Sums<'a, const N: usize, const K: usize, M>(Pass<'a, N, M>);

impl<const N: usize, const K: usize, M: Measure<N, K>> Kernel for Sums<'_, N, K, M> {
    type Out = [f64; K];

    #[inline(always)]
    fn run(self) -> [f64; K] {
        let pass = self.0;
        let mut counter = Counter::new();
        for start in pass.range.clone().step_by(BLOCK) {
            let mut lanes = [[0.0; K]; LANES];
            for i in start..pass.range.end.min(start + BLOCK) {
                let p = pass.param[i];
                let clipped = (pass.gradient[i] * pass.scale).within(pass.stage.clip_value);
                let g = if pass.stage.l2 == 0.0 { clipped } else { clipped + p * pass.stage.l2 };
                let x = pass.rule.measure(p, g, std::array::from_fn(|slot| pass.state[slot][i]));
                lanes[(i - start) % LANES] = lanes[(i - start) % LANES].merge(x);
            }
            counter.push(halve(lanes));
        }
        counter.finish()
    }
}
