//! One parameter of an update with its gradient and state, as addresses: what optimizers get to see of memory.

use super::coded::Format;
use super::lane::Lane;
use super::random::rounding_key;
use super::sweep::{Rule, Stage, sweep};
use std::marker::PhantomData;

/// State tensors one parameter may have.
pub const STATES: usize = 8;

/// Keeps the gradient.
#[derive(Clone, Copy)]
struct Given;

impl Rule<1> for Given {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, _: [X; 1]) -> (X, [X; 1]) {
        (p, [g])
    }
}

/// A gradient of rows: which they are, in rising order, each once. Their values stand one after another.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) index: *const i32,
    pub(super) count: usize,
    pub(super) width: usize,
    /// Whether the other rows go through the rule as well, with a gradient of zeros.
    pub(super) all: bool,
}

/// One parameter with its gradient, of one length or of some rows, and its state. Holds addresses, so that the list of a model's segments
/// can be built once per run and swept in every step.
pub struct Segment<'a> {
    pub(super) param: *mut f32,
    pub(super) gradient: *const f32,
    /// Null where there is none.
    curvature: *const f32,
    pub(super) state: [*mut f32; STATES],
    /// Elements of each state.
    pub(super) lens: [usize; STATES],
    /// How states of the parameter's size are kept (bit by slot in `coded`), and the key of their rounding.
    pub(super) format: Format,
    pub(super) coded: u32,
    pub(super) key: [u32; 2],
    stream: u32,
    pub(super) rows: Option<Rows>,
    states: usize,
    len: usize,
    /// First element of this segment in the sweep's joint numbering.
    pub(super) start: usize,
    /// Factor on the gradient: what clipping by norm leaves of it.
    pub(crate) gradient_scale: f32,
    /// Whether weight decay applies.
    pub decay: bool,
    /// Whether all its memory goes on to the end of a cache line, so that kernels may work on whole ones.
    pub(super) lines: bool,
    /// The parameter's shape.
    pub dims: Vec<usize>,
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
    /// If the lengths of parameter and gradient differ or there are more than [`STATES`] states: the caller's mistake.
    pub fn new(param: &'a mut [f32], gradient: &'a [f32], states: Vec<&'a mut [f32]>) -> Self {
        let len = param.len();
        assert_eq!(gradient.len(), len, "a parameter and its gradient have one length");
        let states: Vec<_> = states.into_iter().map(|state| (state.as_mut_ptr(), state.len())).collect();
        // SAFETY: the addresses come from borrows of these lengths that last for 'a, the mutable ones exclusive.
        unsafe { Self::from_raw(len, param.as_mut_ptr(), gradient.as_ptr(), &states) }
    }

    /// A segment over memory that its owner will keep in place: states by address and length. Decay is on.
    ///
    /// # Panics
    /// With more than [`STATES`] states.
    ///
    /// # Safety
    /// For as long as the segment is used, each address must hold its floats, alive and disjoint from those
    /// of the other addresses and segments, and nothing else may write them, or read param and state, during a call.
    pub unsafe fn from_raw(len: usize, param: *mut f32, gradient: *const f32, states: &[(*mut f32, usize)]) -> Self {
        let (mut state, mut lens) = ([std::ptr::dangling_mut(); STATES], [0; STATES]);
        for (slot, &(address, len)) in states.iter().enumerate() {
            (state[slot], lens[slot]) = (address, len);
        }
        Self {
            param,
            gradient,
            curvature: std::ptr::null(),
            state,
            lens,
            format: Format::Float,
            coded: 0,
            key: [0; 2],
            stream: 0,
            rows: None,
            states: states.len(),
            len,
            start: 0,
            gradient_scale: 1.0,
            decay: true,
            lines: false,
            dims: vec![len],
            memory: PhantomData,
        }
    }

    /// Says that the gradient is of `count` rows of `width` elements: their values stand at its address, their indices
    /// at `index`, in rising order.
    ///
    /// # Safety
    /// For as long as the segment is used, `count` different indices of rows of the parameter stand there in rising
    /// order, and `count · width` floats at the gradient's address, or as many as [`Segment::set_rows`] says.
    pub unsafe fn by_rows(&mut self, index: *const i32, count: usize, width: usize) {
        assert!(width > 0 && self.len.is_multiple_of(width), "a parameter is whole rows");
        self.rows = Some(Rows { index, count, width, all: true });
    }

    /// Takes the rows there are from now on: those before the first negative index among `room`.
    ///
    /// # Safety
    /// As `by_rows`, of that many.
    pub(super) unsafe fn set_rows(&mut self, room: usize) {
        if let Some(rows) = &mut self.rows {
            // SAFETY: by the caller's promise.
            let index = unsafe { std::slice::from_raw_parts(rows.index, room) };
            rows.count = index.partition_point(|&index| index >= 0);
            let end = rows.count.checked_sub(1).map_or(0, |last| index[last] as usize + 1);
            assert!(end * rows.width <= self.len, "rows of the parameter");
        }
    }

    /// Whether rows without a gradient go through the rule too.
    pub fn visit_all(&mut self, all: bool) {
        if let Some(rows) = &mut self.rows {
            rows.all = all;
        }
    }

    /// Whether the gradient is of rows.
    pub fn has_rows(&self) -> bool {
        self.rows.is_some()
    }

    /// The rows that have a gradient, and how long they are.
    pub fn rows(&self) -> Option<(&[i32], usize)> {
        // SAFETY: by the contract of `by_rows`.
        self.rows.map(|rows| (unsafe { std::slice::from_raw_parts(rows.index, rows.count) }, rows.width))
    }

    /// Says that the states in `coded` (a bit by slot), which have the parameter's size, are kept in `format`. `stream`
    /// tells this parameter's random rounding from others'.
    ///
    /// # Safety
    /// The memory of these states must have the bytes that the format takes.
    pub(super) unsafe fn code(&mut self, format: Format, coded: u32, stream: u32) {
        (self.format, self.coded, self.stream) = (format, coded, stream);
    }

    /// Prepares step `t`.
    pub fn begin(&mut self, t: u64) {
        if self.coded != 0 {
            self.key = rounding_key(t, self.stream);
        }
    }

    /// Elements that a sweep visits.
    pub(super) fn visited(&self) -> usize {
        self.rows.filter(|rows| !rows.all).map_or(self.len, |rows| rows.count * rows.width)
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

    /// The parameter.
    pub fn param(&self) -> &[f32] {
        // SAFETY: `len` live floats that nobody writes while the segment is borrowed, by the contract of `from_raw`.
        unsafe { std::slice::from_raw_parts(self.param, self.len) }
    }

    /// The same parameter and gradient with other state: the slot given, where there is one, then working memory.
    ///
    /// # Panics
    /// With a gradient of rows, or where the slot is kept as something other than floats.
    pub fn with<const N: usize>(&mut self, own: Option<usize>, more: [&mut [f32]; N]) -> Segment<'_> {
        assert!(self.rows.is_none(), "a gradient of the parameter's size");
        let (mut state, mut lens) = ([std::ptr::dangling_mut(); STATES], [0; STATES]);
        if let Some(slot) = own {
            assert!(self.coded >> slot & 1 == 0, "a state of floats");
            (state[0], lens[0]) = (self.state[slot], self.lens[slot]);
        }
        let first = usize::from(own.is_some());
        for (slot, memory) in more.into_iter().enumerate() {
            (state[first + slot], lens[first + slot]) = (memory.as_mut_ptr(), memory.len());
        }
        let (states, rows, dims, memory) = (first + N, None, Vec::new(), PhantomData);
        let (curvature, format, coded) = (std::ptr::null(), Format::Float, 0);
        // All is exclusive while the segment and the memory are borrowed mutably.
        Segment { state, lens, states, rows, dims, memory, curvature, format, coded, lines: false, ..*self }
    }

    /// Decays the parameter and writes the gradient as a rule gets it: for rules that need all of it at once.
    pub fn staged(&mut self, stage: &Stage, gradient: &mut [f32]) {
        sweep(Given, stage, &mut [self.with(None, [gradient])]);
    }

    /// The gradient; of rows, their values.
    pub fn gradient(&self) -> &[f32] {
        let len = self.rows.map_or(self.len, |rows| rows.count * rows.width);
        // SAFETY: so many live floats that nobody writes, by the contract of `from_raw` and `by_rows`.
        unsafe { std::slice::from_raw_parts(self.gradient, len) }
    }

    /// The estimate of the Hessian's diagonal, if there is one.
    pub fn curvature(&self) -> Option<&[f32]> {
        // SAFETY: `len` live floats that nobody writes, as promised to `with_curvature`.
        (!self.curvature.is_null()).then(|| unsafe { std::slice::from_raw_parts(self.curvature, self.len) })
    }

    /// With an estimate of the Hessian's diagonal.
    ///
    /// # Safety
    /// As for the gradient in `from_raw`.
    pub(super) unsafe fn with_curvature(self, curvature: *const f32) -> Self {
        Self { curvature, ..self }
    }

    /// State `slot` as a parameter, with the estimate of the Hessian's diagonal, if there is one, as its gradient: that of
    /// what is gone down, so that its sign is the gradient's.
    pub fn curving(&mut self, slot: usize) -> Option<Segment<'_>> {
        let sign = if self.gradient_scale < 0.0 { -1.0 } else { 1.0 };
        let curvature = self.curvature;
        // SAFETY: as in `curvature`; the state is exclusive while the segment is borrowed mutably.
        (!curvature.is_null() && self.lens[slot] == self.len).then(|| unsafe {
            let segment = Segment::from_raw(self.len, self.state[slot], curvature, &[]);
            Segment { gradient_scale: sign, ..segment }
        })
    }

    /// State `slot`.
    ///
    /// # Panics
    /// If it is kept as something other than floats.
    pub fn state(&self, slot: usize) -> &[f32] {
        assert!(self.coded >> slot & 1 == 0, "a state of floats");
        // SAFETY: live floats that nobody writes while the segment is borrowed, by the contract of `from_raw`.
        unsafe { std::slice::from_raw_parts(self.state[slot], self.lens[slot]) }
    }

    /// The parameter, the gradient and all states, those there are not, or are kept as no floats, being empty.
    ///
    /// # Panics
    /// With a gradient of rows.
    pub fn parts(&mut self) -> (&mut [f32], &[f32], [&mut [f32]; STATES]) {
        let lens: [usize; STATES] =
            std::array::from_fn(|slot| if self.coded >> slot & 1 == 0 { self.lens[slot] } else { 0 });
        assert!(self.rows.is_none(), "a gradient of the parameter's size");
        // SAFETY: as above; the addresses are disjoint, and nobody else has them while the segment is borrowed mutably.
        unsafe {
            let state = |slot: usize| std::slice::from_raw_parts_mut(self.state[slot], lens[slot]);
            let param = std::slice::from_raw_parts_mut(self.param, self.len);
            (param, std::slice::from_raw_parts(self.gradient, self.len), std::array::from_fn(state))
        }
    }

    /// Number `index` of a state of numbers, each kept as the sum of two floats: more digits than one has.
    pub fn number(&self, slot: usize, index: usize) -> f64 {
        let pair = &self.state(slot)[2 * index..];
        f64::from(pair[0]) + f64::from(pair[1])
    }

    /// Changes number `index` of a state of numbers.
    pub fn set_number(&mut self, slot: usize, index: usize, value: f64) {
        let (high, state) = (value as f32, self.state[slot]);
        assert!(self.coded >> slot & 1 == 0 && 2 * index + 1 < self.lens[slot], "a number of the state");
        // SAFETY: two of the state's floats, which nobody else has while the segment is borrowed mutably.
        unsafe {
            state.add(2 * index).write(high);
            state.add(2 * index + 1).write((value - f64::from(high)) as f32);
        }
    }
}
