//! Sums over the elements of a segment of what a rule makes of parameter, gradient and state: the norms and products of
//! whole-tensor optimizers. In f64 and in the fixed shape of `tree`, so that neither threads nor lanes change a bit.

use super::lane::Lane;
use super::pool::{SPLIT_FROM, Shared, parallel, threads};
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

/// [`sum_squares_of`] each segment. Threads share small ones, each of which is too little for several.
pub fn sum_squares_of_each(segments: &[Segment<'_>], sums: &mut Vec<f64>) {
    let small = |segment: &Segment| segment.gradient().len() < SPLIT_FROM;
    let total: usize = segments.iter().filter(|segment| small(segment)).map(|segment| segment.gradient().len()).sum();
    sums.clear();
    if total < SPLIT_FROM || threads() == 1 {
        return sums.extend(segments.iter().map(sum_squares_of));
    }
    sums.extend(segments.iter().map(|segment| if small(segment) { 0.0 } else { sum_squares_of(segment) }));
    let (parts, shared) = (segments.len().min(4 * threads()), Shared::new(sums));
    parallel(parts, &|part| {
        let range = part * segments.len() / parts..(part + 1) * segments.len() / parts;
        // SAFETY: every part has its own segments.
        let sums = unsafe { shared.range(range.clone()) };
        let each = segments[range].iter().zip(sums);
        each.filter(|(segment, _)| small(segment)).for_each(|(segment, sum)| *sum = sum_squares_of(segment));
    });
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

    const WIDE: bool = true;

    #[inline(always)]
    fn run(self) -> [f64; K] {
        let (pass, mut counter) = (self.0, Counter::new());
        // In two loops, each of which becomes vector code as it stands.
        let mut terms = [[0.0; BLOCK]; K];
        for start in pass.range.clone().step_by(BLOCK) {
            let len = BLOCK.min(pass.range.end - start);
            for i in 0..len {
                // SAFETY: inside the range, which is inside every array.
                let x = unsafe { pass.at(start + i) };
                (0..K).for_each(|k| terms[k][i] = x[k]);
            }
            let lanes = std::array::from_fn(|k| {
                let (rows, rest) = terms[k][..len].as_chunks::<LANES>();
                let mut lanes = [0.0; LANES];
                rows.iter().for_each(|row| (0..LANES).for_each(|j| lanes[j] += row[j]));
                lanes.iter_mut().zip(rest).for_each(|(lane, x)| *lane += x);
                halve(lanes)
            });
            counter.push(lanes);
        }
        counter.finish()
    }
}

impl<const N: usize, M> Pass<'_, N, M> {
    /// What is summed of one element.
    ///
    /// # Safety
    /// It is in every array.
    #[inline(always)]
    unsafe fn at<const K: usize>(&self, i: usize) -> [f64; K]
    where
        M: Measure<N, K>,
    {
        // SAFETY: by the caller's promise.
        let (p, g) = unsafe { (*self.param.get_unchecked(i), *self.gradient.get_unchecked(i)) };
        let clipped = (g * self.scale).within(self.stage.clip_value);
        let g = if self.stage.l2 == 0.0 { clipped } else { clipped + p * self.stage.l2 };
        // SAFETY: as above.
        self.rule.measure(p, g, std::array::from_fn(|slot| unsafe { *self.state[slot].get_unchecked(i) }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::pool::set_threads;
    use super::*;

    #[test]
    fn threads_that_share_gradients_change_no_sum() {
        let lens = [0, 1, 15, 70_000, 33, 30_000, 256, 30_001, 40_000];
        let gradients = lens.map(|len| (0..len).map(|i| (i % 63) as f32 - 31.5).collect::<Vec<_>>());
        let mut params = lens.map(|len| vec![0.0; len]);
        let pairs = params.iter_mut().zip(&gradients);
        let segments: Vec<_> = pairs.map(|(p, g)| Segment::new(p, g, Vec::new())).collect();
        let exact = gradients.each_ref().map(|g| g.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>());
        for threads in [1, 2, 3] {
            set_threads(threads).unwrap();
            let mut sums = vec![1.0];
            sum_squares_of_each(&segments, &mut sums);
            assert_eq!(sums, exact, "{threads} threads: squares of halves add up exactly");
        }
    }
}
