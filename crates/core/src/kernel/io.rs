//! What one instruction sees of its buffers: typed views, each output handed out once.

use super::elementwise::{First, Formula, whole_lines};
use super::place::{Arg, Element};
use super::settled::{Formulas, Settled};
use crate::graph::types::{DType, Type};
use crate::plan::Step;
use std::cell::Cell;

/// An input of any dtype, read as doubles, which hold all of them.
#[derive(Clone, Copy, Debug)]
pub enum Numbers<'a> {
    F32(&'a [f32]),
    I32(&'a [i32]),
    U8(&'a [u8]),
}

impl Numbers<'_> {
    /// Element `i`.
    #[cfg_attr(target_family = "wasm", inline(never))]
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub fn get(&self, i: usize) -> f64 {
        match self {
            Numbers::F32(x) => f64::from(x[i]),
            Numbers::I32(x) => f64::from(x[i]),
            Numbers::U8(x) => f64::from(x[i]),
        }
    }
}

/// What one instruction sees of its buffers. Each output is handed out once; inputs as often as wanted.
#[derive(Debug)]
pub struct Io<'a> {
    /// The size B of this step.
    pub batch: usize,
    pub step: &'a Step,
    inputs: &'a [Arg],
    outputs: &'a [Arg],
    types: &'a [Type],
    scratch: &'a Option<Arg>,
    shared: bool,
    taken: Cell<u64>,
}

impl<'a> Io<'a> {
    /// `types` are those of the inputs followed by those of the outputs. `shared`: output 0 lies in input 0's place.
    /// Private to the crate because it trusts its caller, the program: the args are alive, and apart from each other
    /// except where `shared` says so.
    pub(crate) fn new(
        batch: usize,
        step: &'a Step,
        args: (&'a [Arg], &'a [Arg]),
        types: &'a [Type],
        scratch: &'a Option<Arg>,
        shared: bool,
    ) -> Self {
        Io { batch, step, inputs: args.0, outputs: args.1, types, scratch, shared, taken: Cell::new(0) }
    }

    pub fn inputs(&self) -> usize {
        self.inputs.len()
    }

    pub fn input_type(&self, i: usize) -> &'a Type {
        &self.types[i]
    }

    /// Types of the inputs followed by those of the outputs.
    pub fn types(&self) -> &'a [Type] {
        self.types
    }

    pub fn output_type(&self, o: usize) -> &'a Type {
        &self.types[self.inputs.len() + o]
    }

    /// Input `i`. Where the output took over input 0's buffer, ask for [`Io::first`] instead.
    pub fn input<T: Element>(&self, i: usize) -> &'a [T] {
        assert!(!(self.shared && i == 0), "input 0 is the output: ask for first()");
        // SAFETY: the layout keeps inputs apart from outputs (but for `shared`, refused above) while this runs.
        unsafe { self.inputs[i].slice(self.batch) }
    }

    /// Input `i`, whatever its dtype.
    pub fn numbers(&self, i: usize) -> Numbers<'a> {
        match self.inputs[i].dtype() {
            DType::F32 => Numbers::F32(self.input(i)),
            DType::I32 => Numbers::I32(self.input(i)),
            DType::U8 | DType::Bool => Numbers::U8(self.input(i)),
        }
    }

    /// Input 0, or the word that it is the output.
    pub fn first(&self) -> First<'a> {
        if self.shared { First::Same } else { First::Other(self.input(0)) }
    }

    /// Output 0 = `formula` of the inputs, elementwise: each is as long as the output, or one element.
    pub fn each<const N: usize>(&self, formula: &dyn Formula<N>) {
        assert!(self.try_each(formula), "operands as long as the output, or one element");
    }

    /// The same, or nothing where an input is of another length.
    pub fn try_each<const N: usize>(&self, formula: &dyn Formula<N>) -> bool {
        let (Some(inputs), [output]) = (self.inputs.first_chunk::<N>(), self.outputs) else { return false };
        let len = output.len(self.batch);
        let operands = inputs.each_ref().map(|input| (input.address().cast_const(), input.len(self.batch)));
        if operands.iter().any(|&(_, own)| own != len && own != 1) {
            return false;
        }
        assert!(inputs.iter().chain([output]).all(|arg| arg.dtype() == DType::F32), "float32 operands");
        self.take(0);
        // SAFETY: values of a plan begin at cache lines of their own; the output is taken once, and what is not it lies apart.
        unsafe { whole_lines(output.address(), operands, len, formula) };
        true
    }

    /// Output 0 = `formula` of the inputs, as [`Io::try_each`] computes it, settled once.
    pub fn settle(&self, formula: Formulas) -> Option<Settled<'a>> {
        Settled::formula(formula, self.inputs, self.outputs.first()?, self.batch)
    }

    /// Output `o`, once.
    pub fn output<T: Element>(&self, o: usize) -> &'a mut [T] {
        self.take(o);
        // SAFETY: taken once; the layout keeps it apart from everything else that is alive.
        unsafe { self.outputs[o].slice_mut(self.batch) }
    }

    /// The instruction's scratch memory, once.
    pub fn scratch(&self) -> &'a mut [f32] {
        self.take(63);
        match &self.scratch {
            // SAFETY: taken once; scratch belongs to this instruction alone.
            Some(arg) => unsafe { arg.slice_mut(1) },
            None => &mut [],
        }
    }

    /// Copies input `i` to output `o`, whatever the dtype; nothing to do where they share a buffer.
    pub fn copy(&self, i: usize, o: usize) {
        self.take(o);
        self.outputs[o].copy_from(&self.inputs[i], self.batch);
    }

    /// Output 0 with the elements of input 0 in it, to be changed where they are.
    pub fn updated<T: Element>(&self) -> &'a mut [T] {
        self.outputs[0].copy_from(&self.inputs[0], self.batch);
        self.output(0)
    }

    /// Bytes of input `i`: for ops that only move data.
    pub fn input_bytes(&self, i: usize) -> &'a [u8] {
        assert!(!(self.shared && i == 0), "input 0 is the output: ask for first()");
        // SAFETY: as `input`.
        unsafe { self.inputs[i].bytes_mut(self.batch) }
    }

    /// Bytes of output `o`, once.
    pub fn output_bytes(&self, o: usize) -> &'a mut [u8] {
        self.take(o);
        // SAFETY: as `output`.
        unsafe { self.outputs[o].bytes_mut(self.batch) }
    }

    /// The places themselves: for ops that run a sub-plan.
    pub fn args(&self) -> (&'a [Arg], &'a [Arg]) {
        (self.inputs, self.outputs)
    }

    fn take(&self, o: usize) {
        let bit = 1u64 << o.min(63);
        assert!(self.taken.get() & bit == 0 || o > 62, "an output was taken before");
        self.taken.set(self.taken.get() | bit);
    }
}
