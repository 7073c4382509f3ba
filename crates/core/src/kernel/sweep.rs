//! THE element loop of every elementwise optimizer: parameters, gradients and state are read once and written once,
//! with clipping, decay and the flush of denormals in the same pass. Knows no optimizer and decides nothing: what can
//! be refused was refused before. No reductions here, so any split over threads or lanes gives the same bits.

use super::cut::Cut;
use super::lane::Lane;
use super::pool::{SPLIT_FROM, split};
use super::segment::{STATES, Segment};
use super::simd::{Kernel, dispatch};
use super::turn;
use super::vector::{V, WIDTH};

/// Elements that go through a rule together: one AVX-512 register, two of AVX2. In WASM one register: a module is
/// downloaded before it runs, and more lanes would only be the same code several times.
pub(super) const LANES: usize = if cfg!(target_arch = "wasm32") { 4 } else { 16 };
/// Elements that are asked for before they are needed. Prefetchers stop at the end of every page, and of several arrays they
/// follow each a little: large sweeps become up to a quarter faster.
const AHEAD: usize = 512;
/// Arrays of one segment: state, parameter, gradient.
pub(super) const ARRAYS: usize = STATES + 2;

/// The rule of an elementwise optimizer: what becomes of one parameter and its `N` numbers of state.
pub trait Rule<const N: usize>: Copy + Send + Sync {
    /// The new parameter and state. Must be `#[inline(always)]` and free of branches that depend on data. What an option
    /// decides is best a coefficient (0 or 1): a branch doubles the loop.
    fn update<X: Lane>(self, param: X, gradient: X, state: [X; N]) -> (X, [X; N]);
}

/// What happens to every element before its rule. The scale of the gradient belongs to the segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Gradients are clamped to ± this; infinite: not at all.
    pub clip_value: f32,
    /// Part of the parameter taken away before the rule (learning rate × weight decay); 0: none.
    pub decay: f32,
    /// Part of the parameter added to its gradient (L2 regularisation); 0: none.
    pub l2: f32,
}

impl Stage {
    /// Leaves gradients and parameters as they are.
    pub const NONE: Self = Self { clip_value: f32::INFINITY, decay: 0.0, l2: 0.0 };
}

/// Applies `rule` to every element of every segment: scale and clamp the gradient, decay, rule, flush. The rule's state
/// are the segments' first `N`.
///
/// # Panics
/// If a segment has fewer states, or one of these is not of the parameter's size.
pub fn sweep<const N: usize, R: Rule<N>>(rule: R, stage: &Stage, segments: &mut [Segment<'_>]) {
    pieces(N, stage, segments, &|piece| dispatch(Pass::<N, R> { rule, piece }));
}

/// Cuts the segments into pieces, on several threads if that pays, and runs `pass` on each. The same for all rules.
fn pieces(states: usize, stage: &Stage, segments: &mut [Segment<'_>], pass: &(dyn Fn(&Piece) + Sync)) {
    let mut total = 0;
    for segment in segments.iter_mut() {
        let whole = segment.lens.iter().take(states).all(|&len| len == segment.len());
        assert!(states <= segment.states() && whole, "the rule and the segment must have the same states");
        segment.start = total;
        total += segment.visited();
    }
    let segments = &*segments;
    let stage_of = |segment: &Segment| if segment.decay { *stage } else { Stage { decay: 0.0, l2: 0.0, ..*stage } };
    // What has more state computes more, and waking a thread pays earlier.
    let cost = 1 + 2 * states;
    if total * cost < SPLIT_FROM && turn::idle() {
        for segment in segments {
            Cut { segment, states, stage: stage_of(segment), pass }.range(0..segment.visited());
        }
        return;
    }
    split(total, cost, LANES, |range| {
        let mut at = range.start;
        let first = segments.partition_point(|segment| segment.start + segment.visited() <= at);
        for segment in &segments[first..] {
            if at >= range.end {
                break;
            }
            let start = at - segment.start;
            let end = segment.visited().min(range.end - segment.start);
            at += end - start;
            // `split` numbers disjoint elements, so the threads' ranges are.
            Cut { segment, states, stage: stage_of(segment), pass }.range(start..end);
        }
    });
}

/// A range of one segment: what one thread runs at a time. Made by `cut` alone, which sees to it that `len` floats,
/// exclusive but for the gradient's, lie behind each of the arrays.
pub(super) struct Piece {
    /// The states, the parameter, the gradient.
    pub(super) arrays: [*mut f32; ARRAYS],
    pub(super) len: usize,
    pub(super) stage: Stage,
    pub(super) scale: f32,
}

/// A rule on a piece.
struct Pass<'a, const N: usize, R> {
    rule: R,
    piece: &'a Piece,
}

impl<const N: usize, R: Rule<N>> Kernel for Pass<'_, N, R> {
    type Out = ();
    const WIDE: bool = true;

    #[inline(always)]
    fn run(self) {
        let plain = self.piece.stage == Stage::NONE && self.piece.scale == 1.0;
        // A loop that leaves out what would do nothing; too small a gain for twice the code in a module.
        if plain && !cfg!(target_arch = "wasm32") { self.pass::<true>() } else { self.pass::<false>() }
    }

    #[inline(always)]
    fn run_small(self) {
        self.pass::<false>();
    }
}

impl<const N: usize, R: Rule<N>> Pass<'_, N, R> {
    /// Whole blocks where they are, then what is left in a block of its own: in one loop, so that it is compiled once.
    #[inline(always)]
    fn pass<const PLAIN: bool>(self) {
        let element = Element::<PLAIN, R>::new(self.rule, self.piece);
        let (mut arrays, mut end) = (self.piece.arrays, self.piece.len - self.piece.len % LANES);
        let mut rest = None::<Rest>;
        loop {
            let mut at = 0;
            while at < end {
                soon(&arrays[..N + 2], at + AHEAD);
                // SAFETY: at + LANES <= end, and `len` or, in the second round, LANES floats lie behind every array.
                unsafe { element.computed(&arrays, at).write(&arrays, at) };
                at += LANES;
            }
            if let Some(rest) = rest {
                return rest.store(self.piece, N);
            }
            if end == self.piece.len {
                return;
            }
            let rest = rest.insert(Rest([[0.0; LANES]; ARRAYS]));
            rest.load(self.piece, N);
            arrays = std::array::from_fn(|k| rest.0[k].as_mut_ptr());
            end = LANES;
        }
    }
}

/// Asks for element `at` of each array, whatever is there.
#[inline(always)]
fn soon(arrays: &[*mut f32], at: usize) {
    #[cfg(target_arch = "x86_64")]
    for array in arrays {
        // SAFETY: a hint, which reads nothing.
        unsafe { std::arch::x86_64::_mm_prefetch::<3>(array.wrapping_add(at).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (arrays, at);
}

/// The last elements of a piece, fewer than a block holds, filled up with zeros.
struct Rest([[f32; LANES]; ARRAYS]);

impl Rest {
    fn load(&mut self, piece: &Piece, states: usize) {
        let left = piece.len % LANES;
        for (row, &array) in self.0.iter_mut().zip(&piece.arrays[..states + 2]) {
            // SAFETY: the last `left` of the `len` floats behind the array.
            let array = unsafe { std::slice::from_raw_parts(array.add(piece.len - left), left) };
            row[..left].copy_from_slice(array);
        }
    }

    /// Writes states and parameter back.
    fn store(&self, piece: &Piece, states: usize) {
        let left = piece.len % LANES;
        for (row, &array) in self.0.iter().zip(&piece.arrays[..states + 1]) {
            // SAFETY: as in `load`; all but the gradient's are exclusive.
            let array = unsafe { std::slice::from_raw_parts_mut(array.add(piece.len - left), left) };
            array.copy_from_slice(&row[..left]);
        }
    }
}

/// The arithmetic of one element: stages, unless all of them do nothing (`PLAIN`), then the rule.
#[derive(Clone, Copy)]
struct Element<const PLAIN: bool, R> {
    rule: R,
    scale: f32,
    clip: f32,
    decay: f32,
    l2: f32,
    /// All bits where there is decay: without any, nothing is multiplied by zero, for infinity would become NaN.
    decays: u32,
}

impl<const PLAIN: bool, R> Element<PLAIN, R> {
    #[inline(always)]
    fn new(rule: R, piece: &Piece) -> Self {
        let Stage { clip_value: clip, decay, l2 } = piece.stage;
        let decays = if decay != 0.0 || l2 != 0.0 { u32::MAX } else { 0 };
        Self { rule, scale: piece.scale, clip, decay, l2, decays }
    }

    /// One block after the step.
    ///
    /// # Safety
    /// `at + LANES` floats lie behind each of the arrays, exclusive but for the gradient's.
    #[inline(always)]
    unsafe fn computed<const N: usize>(self, arrays: &[*mut f32; ARRAYS], at: usize) -> Block<N>
    where
        R: Rule<N>,
    {
        // SAFETY: as promised.
        let read = |array: *mut f32| unsafe { array.add(at).cast::<[V; LANES / WIDTH]>().read_unaligned() };
        let mut state: [[V; LANES / WIDTH]; N] = std::array::from_fn(|slot| read(arrays[slot]));
        let (mut param, gradient) = (read(arrays[N]), read(arrays[N + 1]));
        for lane in 0..LANES / WIDTH {
            let (p, g) = self.staged(param[lane], gradient[lane]);
            let (p, new) = self.rule.update(p, g, std::array::from_fn(|slot| state[slot][lane]));
            param[lane] = p.flushed();
            for slot in 0..N {
                state[slot][lane] = new[slot].flushed();
            }
        }
        Block { param, state }
    }

    /// The parameter and the gradient as the rule gets them.
    #[inline(always)]
    fn staged(self, p: V, g: V) -> (V, V) {
        if PLAIN {
            return (p, g);
        }
        let decaying = p.and_bits(self.decays);
        let clipped = (g * self.scale).within(self.clip);
        (p - decaying * self.decay, clipped + decaying * self.l2)
    }
}

/// Elements that went through the rule together: local arrays, which the compiler knows to share no memory.
struct Block<const N: usize> {
    param: [V; LANES / WIDTH],
    state: [[V; LANES / WIDTH]; N],
}

impl<const N: usize> Block<N> {
    /// # Safety
    /// As for `computed`.
    #[inline(always)]
    unsafe fn write(self, arrays: &[*mut f32; ARRAYS], at: usize) {
        // SAFETY: as promised.
        let write = |array: *mut f32, x| unsafe { array.add(at).cast::<[V; LANES / WIDTH]>().write_unaligned(x) };
        write(arrays[N], self.param);
        for slot in 0..N {
            write(arrays[slot], self.state[slot]);
        }
    }
}
