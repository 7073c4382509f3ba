//! One parameter of an update with its gradient and state, as addresses: what optimizers get to see of memory.

use super::lane::Lane;
use super::sweep::Stage;
use std::marker::PhantomData;

/// State tensors one parameter may have.
pub const STATES: usize = 8;

/// One parameter with its gradient, of one length, and its state. Holds addresses, so that the list of a model's segments
/// can be built once per run and swept in every step.
pub struct Segment<'a> {
    pub(super) param: *mut f32,
    pub(super) gradient: *const f32,
    pub(super) state: [*mut f32; STATES],
    /// Elements of each state.
    pub(super) lens: [usize; STATES],
    states: usize,
    len: usize,
    /// First element of this segment in the sweep's joint numbering.
    pub(super) start: usize,
    /// Factor on the gradient: what clipping by norm leaves of it.
    pub(crate) gradient_scale: f32,
    /// Whether weight decay applies.
    pub decay: bool,
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
            state,
            lens,
            states: states.len(),
            len,
            start: 0,
            gradient_scale: 1.0,
            decay: true,
            dims: vec![len],
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

    /// The parameter.
    pub fn param(&self) -> &[f32] {
        // SAFETY: `len` live floats that nobody writes while the segment is borrowed, by the contract of `from_raw`.
        unsafe { std::slice::from_raw_parts(self.param, self.len) }
    }

    /// Decays the parameter and writes the gradient as a rule gets it: for rules that need all of it at once.
    pub fn staged(&mut self, stage: &Stage, gradient: &mut [f32]) {
        let (scale, decays) = (self.gradient_scale, self.decay);
        let (param, given, _) = self.parts();
        for ((p, &g), out) in param.iter_mut().zip(given).zip(gradient) {
            *out = (g * scale).within(stage.clip_value);
            if decays && stage.l2 != 0.0 {
                *out += *p * stage.l2;
            }
            if decays && stage.decay != 0.0 {
                *p -= *p * stage.decay;
            }
        }
    }

    /// The gradient.
    pub fn gradient(&self) -> &[f32] {
        // SAFETY: `len` live floats that nobody writes, by the contract of `from_raw`.
        unsafe { std::slice::from_raw_parts(self.gradient, self.len) }
    }

    /// State `slot`.
    pub fn state(&self, slot: usize) -> &[f32] {
        // SAFETY: live floats that nobody writes while the segment is borrowed, by the contract of `from_raw`.
        unsafe { std::slice::from_raw_parts(self.state[slot], self.lens[slot]) }
    }

    /// The parameter, the gradient and all states, those there are not being empty.
    pub fn parts(&mut self) -> (&mut [f32], &[f32], [&mut [f32]; STATES]) {
        // SAFETY: as above; the addresses are disjoint, and nobody else has them while the segment is borrowed mutably.
        unsafe {
            let state = |slot: usize| std::slice::from_raw_parts_mut(self.state[slot], self.lens[slot]);
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
        let pair = &mut self.parts().2[slot][2 * index..];
        pair[0] = value as f32;
        pair[1] = (value - f64::from(pair[0])) as f32;
    }
}
