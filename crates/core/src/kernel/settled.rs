//! What short ops do, with everything worked out that is the same at every step: made once, when a plan is bound, and run
//! as often as wanted. Only of values so short that one thread does them at once; refuses none, for longer ones have none.

use super::elementwise::{Formula, ROW, Source};
use super::gemm::Few;
use super::place::Arg;
use super::pool::SPLIT_FROM;
use super::reduce::sum;
use crate::graph::types::DType;
use std::marker::PhantomData;

/// A formula of as many operands as there are.
#[derive(Clone, Copy)]
pub enum Formulas {
    One(&'static dyn Formula<1>),
    Two(&'static dyn Formula<2>),
    Three(&'static dyn Formula<3>),
}

/// An op on its places.
pub struct Settled<'a> {
    work: Work,
    lent: PhantomData<&'a mut [f32]>,
}

enum Work {
    Formula { formula: Formulas, dst: *mut f32, sources: [Source; 3], rows: usize, repeats: bool },
    Product(Few),
    Sum { dst: *mut f32, src: *const f32, len: usize },
}

// SAFETY: as an `Arg`, it is only used by the one thread that advances the run.
unsafe impl Send for Settled<'_> {}
// SAFETY: see above.
unsafe impl Sync for Settled<'_> {}

impl std::fmt::Debug for Settled<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Settled")
    }
}

impl<'a> Settled<'a> {
    fn new(work: Work) -> Self {
        Settled { work, lent: PhantomData }
    }

    /// A product; none where it is more than a few multiplications.
    pub fn product(product: Few) -> Self {
        Settled::new(Work::Product(product))
    }

    /// dst\[0\] = the sum of `src`.
    pub fn sum(dst: &'a mut [f32], src: &'a [f32]) -> Option<Self> {
        let short = dst.len() == 1 && src.len() < SPLIT_FROM;
        short.then(|| Settled::new(Work::Sum { dst: dst.as_mut_ptr(), src: src.as_ptr(), len: src.len() }))
    }

    /// `output` = `formula` of the inputs at batch `b`; none where an input is neither as long as the output nor one element.
    /// Private to the crate because it trusts its caller, `Io`: the args begin at cache lines of their own and lie apart, but
    /// for input 0, which may be the output.
    pub(super) fn formula(formula: Formulas, inputs: &[Arg], output: &Arg, b: usize) -> Option<Self> {
        let (len, dst) = (output.len(b), output.address());
        let count = match formula {
            Formulas::One(_) => 1,
            Formulas::Two(_) => 2,
            Formulas::Three(_) => 3,
        };
        let fits = |input: &Arg| input.len(b) == len || input.len(b) == 1;
        if inputs.len() != count || len >= SPLIT_FROM || !inputs.iter().all(fits) {
            return None;
        }
        assert!(inputs.iter().chain([output]).all(|arg| arg.dtype() == DType::F32), "float32 operands");
        let mut sources = [Source { row: dst, step: ROW }; 3];
        for (source, input) in sources.iter_mut().zip(inputs) {
            *source = Source { row: input.address(), step: if input.len(b) == len { ROW } else { 0 } };
        }
        let repeats = sources.iter().any(|source| source.step == 0);
        Some(Settled::new(Work::Formula { formula, dst, sources, rows: len.div_ceil(ROW), repeats }))
    }

    /// The same, to be kept for as long as the run. Private to the crate because it trusts its caller, the program: the places
    /// outlive it, and nobody else has them while it runs.
    pub(crate) fn kept(self) -> Settled<'static> {
        Settled::new(self.work)
    }

    /// Does it.
    #[inline]
    pub fn run(&self) {
        match &self.work {
            Work::Formula { formula, dst, sources, rows, repeats } => {
                let place = Place { dst: *dst, sources, rows: *rows, repeats: *repeats };
                match formula {
                    Formulas::One(formula) => place.apply(*formula),
                    Formulas::Two(formula) => place.apply(*formula),
                    Formulas::Three(formula) => place.apply(*formula),
                }
            }
            Work::Product(product) => product.run(),
            // SAFETY: the two were slices of these lengths that live for 'a or, as promised to `kept`, for longer.
            Work::Sum { dst, src, len } => unsafe { **dst = sum(std::slice::from_raw_parts(*src, *len)) },
        }
    }
}

/// Where a formula reads and writes; a step of 0: a single element, to be repeated.
struct Place<'a> {
    dst: *mut f32,
    sources: &'a [Source; 3],
    rows: usize,
    repeats: bool,
}

impl Place<'_> {
    #[inline(always)]
    fn apply<const N: usize>(&self, formula: &dyn Formula<N>) {
        let sources = std::array::from_fn(|i| self.sources[i]);
        if self.repeats {
            return self.repeat(formula, sources);
        }
        // SAFETY: `formula` was promised so many rows behind each address, a cache line being a whole number of them.
        unsafe { formula.rows(self.dst, sources, self.rows) };
    }

    #[inline(never)]
    fn repeat<const N: usize>(&self, formula: &dyn Formula<N>, mut sources: [Source; N]) {
        let mut repeated = [[0.0; ROW]; N];
        for (source, row) in sources.iter_mut().zip(&mut repeated).filter(|(source, _)| source.step == 0) {
            // SAFETY: the value has one element.
            *row = [unsafe { *source.row }; ROW];
            source.row = row.as_ptr();
        }
        // SAFETY: as in `apply`; of what is repeated there is one row.
        unsafe { formula.rows(self.dst, sources, self.rows) };
    }
}
