//! THE element loop of every elementwise optimizer: parameters, gradients and state are read once and written once,
//! with clipping, decay and the flush of denormals in the same pass. Knows no optimizer and decides nothing: what can
//! be refused was refused before. No reductions here, so any split over threads or lanes gives the same bits.

use super::pool::split;
use super::simd::{Kernel, dispatch};
use std::marker::PhantomData;
use std::ops::Range;

/// Elements that go through a rule together: one AVX-512 register, two of AVX2, four of SIMD128.
const LANES: usize = 16;
/// State tensors one parameter may have.
pub const STATES: usize = 8;

/// The rule of an elementwise optimizer: what becomes of one parameter and its `N` numbers of state.
pub trait Rule<const N: usize>: Copy + Send + Sync {
    /// The new parameter and state. Must be `#[inline(always)]` and free of branches that depend on data.
    fn update(self, param: f32, gradient: f32, state: [f32; N]) -> (f32, [f32; N]);
}

/// What happens to every element before its rule. The scale of the gradient belongs to the segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Gradients are clamped to ± this; infinite: not at all.
    pub clip_value: f32,
    /// Part of the parameter taken away before the rule (learning rate × weight decay); 0: none.
    pub decay: f32,
}

impl Stage {
    /// Leaves gradients and parameters as they are.
    pub const NONE: Self = Self { clip_value: f32::INFINITY, decay: 0.0 };
}

/// One parameter with its gradient and state, all of one length. Holds addresses, so that the list of a model's segments
/// can be built once per run and swept in every step.
pub struct Segment<'a> {
    param: *mut f32,
    gradient: *const f32,
    state: [*mut f32; STATES],
    states: usize,
    len: usize,
    /// First element of this segment in the sweep's joint numbering.
    start: usize,
    /// Factor on the gradient: what clipping by norm leaves of it.
    pub(crate) gradient_scale: f32,
    /// Whether weight decay applies.
    pub decay: bool,
    memory: PhantomData<&'a mut [f32]>,
}

// SAFETY: a segment stands for `&mut [f32]` and `&[f32]`, which are Send; a shared segment gives out shared slices only.
unsafe impl Send for Segment<'_> {}
// SAFETY: as above.
unsafe impl Sync for Segment<'_> {}

impl<'a> Segment<'a> {
    /// A segment over borrowed memory.
    ///
    /// # Panics
    /// If the lengths differ or there are more than [`STATES`] states: the caller's mistake.
    pub fn new(param: &'a mut [f32], gradient: &'a [f32], states: Vec<&'a mut [f32]>) -> Self {
        let len = param.len();
        assert!(gradient.len() == len && states.iter().all(|state| state.len() == len), "a segment has one length");
        let states: Vec<*mut f32> = states.into_iter().map(|state| state.as_mut_ptr()).collect();
        // SAFETY: the addresses come from borrows of `len` elements that last for 'a, the mutable ones exclusive.
        unsafe { Self::from_raw(len, param.as_mut_ptr(), gradient.as_ptr(), &states) }
    }

    /// A segment over memory that its owner will keep in place. Decay is on.
    ///
    /// # Panics
    /// With more than [`STATES`] states.
    ///
    /// # Safety
    /// For as long as the segment is used, each address must hold `len` floats that are alive and disjoint from those
    /// of the other addresses and segments, and nothing else may write them, or read param and state, during a call.
    pub unsafe fn from_raw(len: usize, param: *mut f32, gradient: *const f32, states: &[*mut f32]) -> Self {
        let mut state = [std::ptr::null_mut(); STATES];
        state[..states.len()].copy_from_slice(states);
        Self {
            param,
            gradient,
            state,
            states: states.len(),
            len,
            start: 0,
            gradient_scale: 1.0,
            decay: true,
            memory: PhantomData,
        }
    }

    /// Elements of the parameter.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the parameter has no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// State tensors of the parameter.
    pub fn states(&self) -> usize {
        self.states
    }

    /// The gradient.
    pub fn gradient(&self) -> &[f32] {
        // SAFETY: `len` live floats that nobody writes, by the contract of `from_raw`.
        unsafe { std::slice::from_raw_parts(self.gradient, self.len) }
    }
}

/// Applies `rule` to every element of every segment: scale and clamp the gradient, decay the parameter, rule, flush.
///
/// # Panics
/// If a segment has not exactly `N` states.
pub fn sweep<const N: usize, R: Rule<N>>(rule: R, stage: &Stage, segments: &mut [Segment<'_>]) {
    let mut total = 0;
    for segment in segments.iter_mut() {
        assert_eq!(segment.states, N, "the rule and the segment must have the same number of states");
        segment.start = total;
        total += segment.len;
    }
    let segments = &*segments;
    split(total, 1, LANES, |Range { start: mut at, end }| {
        let first = segments.partition_point(|segment| segment.start + segment.len <= at);
        for segment in &segments[first..] {
            if at >= end {
                break;
            }
            let range = at - segment.start..segment.len.min(end - segment.start);
            at += range.len();
            let decays = stage.decay != 0.0 && segment.decay;
            // SAFETY: `split` numbers disjoint elements and this range lies inside the segment, whose memory is
            // exclusive while `sweep` holds the list mutably.
            unsafe {
                match decays {
                    true => dispatch(Piece::<N, true, R>::new(rule, stage, segment, range)),
                    false => dispatch(Piece::<N, false, R>::new(rule, stage, segment, range)),
                }
            }
        }
    });
}

/// A range of one segment: what one thread runs at a time.
struct Piece<const N: usize, const DECAY: bool, R> {
    element: Element<DECAY, R>,
    param: *mut f32,
    gradient: *const f32,
    state: [*mut f32; N],
    len: usize,
}

impl<const N: usize, const DECAY: bool, R: Rule<N>> Piece<N, DECAY, R> {
    /// # Safety
    /// `range` must lie inside the segment, and nothing else may touch it while the piece runs.
    unsafe fn new(rule: R, stage: &Stage, segment: &Segment<'_>, range: Range<usize>) -> Self {
        let (scale, clip, decay) = (segment.gradient_scale, stage.clip_value, stage.decay);
        Self {
            element: Element { rule, scale, clip, decay },
            // SAFETY: the range lies inside the segment.
            param: unsafe { segment.param.add(range.start) },
            // SAFETY: as above.
            gradient: unsafe { segment.gradient.add(range.start) },
            // SAFETY: as above; `sweep` checked that the segment has N states.
            state: std::array::from_fn(|slot| unsafe { segment.state[slot].add(range.start) }),
            len: range.len(),
        }
    }
}

impl<const N: usize, const DECAY: bool, R: Rule<N>> Kernel for Piece<N, DECAY, R> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        if self.len < LANES {
            return self.run_short();
        }
        // What does not fill a block goes as the last LANES elements. They are computed before the loop changes some of
        // them and written after it: from the same input the same bits come twice.
        let last = self.len - LANES;
        // SAFETY: last + LANES = len, and `new` promises len exclusive elements behind every pointer.
        let end = unsafe { self.updated(last) };
        for at in (0..=last).step_by(LANES) {
            // SAFETY: at + LANES <= len.
            unsafe { self.write(at, self.updated(at)) };
        }
        // SAFETY: as for `end`.
        unsafe { self.write(last, end) };
    }
}

impl<const N: usize, const DECAY: bool, R: Rule<N>> Piece<N, DECAY, R> {
    /// Parameters and state of one block after the step.
    ///
    /// # Safety
    /// at + LANES <= len.
    #[inline(always)]
    unsafe fn updated(&self, at: usize) -> Block<N> {
        // SAFETY: `new` promises len elements behind every pointer, and the block lies inside.
        let (mut block, gradient) = unsafe {
            let read = |from: *const f32| from.add(at).cast::<[f32; LANES]>().read_unaligned();
            let state = std::array::from_fn(|slot| read(self.state[slot]));
            (Block { param: read(self.param), state }, read(self.gradient))
        };
        self.element.update(&mut block, &gradient);
        block
    }

    /// # Safety
    /// at + LANES <= len.
    #[inline(always)]
    unsafe fn write(&self, at: usize, block: Block<N>) {
        // SAFETY: as in `updated`; what is written is exclusive.
        unsafe {
            self.param.add(at).cast::<[f32; LANES]>().write_unaligned(block.param);
            for slot in 0..N {
                self.state[slot].add(at).cast::<[f32; LANES]>().write_unaligned(block.state[slot]);
            }
        }
    }

    /// Fewer elements than a block holds, filled up with zeros.
    #[inline(always)]
    fn run_short(&self) {
        let mut block = Block { param: [0.0; LANES], state: [[0.0; LANES]; N] };
        let mut gradient = [0.0; LANES];
        // SAFETY: len < LANES, and `new` promises len exclusive elements behind every pointer.
        unsafe {
            for i in 0..self.len {
                block.param[i] = *self.param.add(i);
                gradient[i] = *self.gradient.add(i);
                for slot in 0..N {
                    block.state[slot][i] = *self.state[slot].add(i);
                }
            }
            self.element.update(&mut block, &gradient);
            for i in 0..self.len {
                *self.param.add(i) = block.param[i];
                for slot in 0..N {
                    *self.state[slot].add(i) = block.state[slot][i];
                }
            }
        }
    }
}

/// Elements that go through the rule together: local arrays, which the compiler knows to share no memory.
struct Block<const N: usize> {
    param: [f32; LANES],
    state: [[f32; LANES]; N],
}

/// The arithmetic of one element: stages, then the rule.
#[derive(Clone, Copy)]
struct Element<const DECAY: bool, R> {
    rule: R,
    scale: f32,
    clip: f32,
    decay: f32,
}

impl<const DECAY: bool, R> Element<DECAY, R> {
    #[inline(always)]
    fn update<const N: usize>(self, block: &mut Block<N>, gradient: &[f32; LANES])
    where
        R: Rule<N>,
    {
        for lane in 0..LANES {
            let mut p = block.param[lane];
            if DECAY {
                p -= self.decay * p;
            }
            let old: [f32; N] = std::array::from_fn(|slot| block.state[slot][lane]);
            let (p, new) = self.rule.update(p, clamp(gradient[lane] * self.scale, self.clip), old);
            block.param[lane] = flush(p);
            for slot in 0..N {
                block.state[slot][lane] = flush(new[slot]);
            }
        }
    }
}

/// `x` within ± limit; NaN stays NaN.
#[inline(always)]
fn clamp(x: f32, limit: f32) -> f32 {
    let x = if x > limit { limit } else { x };
    if x < -limit { -limit } else { x }
}

/// `x`, or +0 where it is denormal: decayed moments would otherwise become so and slow every later step down, and WASM
/// has no flag to flush them.
#[inline(always)]
fn flush(x: f32) -> f32 {
    if x.abs() < f32::MIN_POSITIVE { 0.0 } else { x }
}
