//! THE element loop of every elementwise optimizer: parameters, gradients and state are read once and written once,
//! with clipping, decay and the flush of denormals in the same pass. Knows no optimizer and decides nothing: what can
//! be refused was refused before. No reductions here, so any split over threads or lanes gives the same bits.

use super::lane::{V, WIDTH, below, bounded, load, pick, store};
use super::pool::split;
use super::simd::{Kernel, dispatch};
use std::marker::PhantomData;
use std::ops::Range;

/// Elements that go through a rule together: one AVX-512 register, two of AVX2, four of SIMD128.
const LANES: usize = if cfg!(target_family = "wasm") { WIDTH } else { 16 };
/// State tensors one parameter may have.
pub const STATES: usize = 8;

/// The rule of an elementwise optimizer: what becomes of one parameter and its `N` numbers of state.
pub trait Rule<const N: usize>: Copy + Send + Sync {
    /// The new parameter and state. Must be `#[inline(always)]` and free of branches that depend on data.
    fn update(self, param: V, gradient: V, state: [V; N]) -> (V, [V; N]);
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
        let (whole, rest) = (self.len / LANES, self.len % LANES);
        let mut tail = Tail { param: [0.0; LANES], gradient: [0.0; LANES], state: [[0.0; LANES]; N] };
        if rest > 0 {
            // SAFETY: `rest` elements follow the whole blocks, and the tail has room for a block.
            unsafe { self.exchange(whole * LANES, rest, &mut tail, false) };
        }
        // The rest goes through the same loop, padded, so that the rule's code is there once.
        for index in 0..whole + usize::from(rest > 0) {
            let (param, gradient, state) = if index < whole {
                let at = index * LANES;
                // SAFETY: the block lies within the piece.
                unsafe { (self.param.add(at), self.gradient.add(at), self.state.map(|slot| slot.add(at))) }
            } else {
                (tail.param.as_mut_ptr(), tail.gradient.as_ptr(), tail.state.each_mut().map(|slot| slot.as_mut_ptr()))
            };
            // SAFETY: a block behind every pointer, exclusive where it is written.
            unsafe { self.element.block(param, gradient, state) };
        }
        if rest > 0 {
            // SAFETY: as above.
            unsafe { self.exchange(whole * LANES, rest, &mut tail, true) };
        }
    }
}

/// A block of its own for what does not fill one.
struct Tail<const N: usize> {
    param: [f32; LANES],
    gradient: [f32; LANES],
    state: [[f32; LANES]; N],
}

impl<const N: usize, const DECAY: bool, R: Rule<N>> Piece<N, DECAY, R> {
    /// Copies `len` elements from `at` on to the tail, or what was made of them back.
    ///
    /// # Safety
    /// at + len is the length of the piece, and len < LANES.
    #[inline(always)]
    unsafe fn exchange(&self, at: usize, len: usize, tail: &mut Tail<N>, back: bool) {
        let copy = |own: *mut f32, other: *mut f32| {
            let (from, to) = if back { (other, own) } else { (own, other) };
            // SAFETY: the tail is other memory than the piece, and both hold `len` elements.
            unsafe { from.cast_const().copy_to_nonoverlapping(to, len) };
        };
        // SAFETY: inside the piece.
        unsafe {
            copy(self.param.add(at), tail.param.as_mut_ptr());
            for slot in 0..N {
                copy(self.state[slot].add(at), tail.state[slot].as_mut_ptr());
            }
            if !back {
                self.gradient.add(at).copy_to_nonoverlapping(tail.gradient.as_mut_ptr(), len);
            }
        }
    }
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
    /// Updates a block where it lies. All is read before anything is written: what is read then are local arrays, which
    /// the compiler knows to share no memory.
    ///
    /// # Safety
    /// LANES elements behind every pointer, those of param and state exclusive.
    #[inline(always)]
    unsafe fn block<const N: usize>(self, param: *mut f32, gradient: *const f32, state: [*mut f32; N])
    where
        R: Rule<N>,
    {
        // SAFETY: inside the block.
        let at = |from: *const f32, j: usize| unsafe { load(from.add(j * WIDTH)) };
        let read = |from: *const f32| -> [V; VECTORS] { std::array::from_fn(|j| at(from, j)) };
        let (mut p, g, mut s) = (read(param), read(gradient), state.map(|slot| read(slot)));
        for j in 0..VECTORS {
            if DECAY {
                p[j] -= self.decay * p[j];
            }
            let old: [V; N] = std::array::from_fn(|slot| s[slot][j]);
            let (new, state) = self.rule.update(p[j], clamp(g[j] * self.scale, self.clip), old);
            p[j] = flush(new);
            for slot in 0..N {
                s[slot][j] = flush(state[slot]);
            }
        }
        for j in 0..VECTORS {
            // SAFETY: inside the block, which is exclusive.
            unsafe {
                store(param.add(j * WIDTH), p[j]);
                for slot in 0..N {
                    store(state[slot].add(j * WIDTH), s[slot][j]);
                }
            }
        }
    }
}

/// Vectors of a block.
const VECTORS: usize = LANES / WIDTH;

/// `x` within ± limit; NaN stays NaN.
#[inline(always)]
fn clamp(x: V, limit: f32) -> V {
    bounded(x, V::from(-limit), V::from(limit))
}

/// `x`, or +0 where it is denormal: decayed moments would otherwise become so and slow every later step down, and WASM
/// has no flag to flush them.
#[inline(always)]
fn flush(x: V) -> V {
    pick(below(x.abs(), V::from(f32::MIN_POSITIVE)), V::from(0.0), x)
}
