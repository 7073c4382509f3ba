//! The naive f64 executor's values: plain arrays of doubles, integers and booleans included. Slow and obvious on
//! purpose: every kernel is held against it.

use crate::error::Result;
use crate::graph::types::Type;
use crate::plan::Step;

/// A dense array of doubles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Array {
    pub dims: Vec<usize>,
    pub data: Vec<f64>,
}

impl Array {
    pub fn new(dims: Vec<usize>, data: Vec<f64>) -> Self {
        debug_assert_eq!(dims.iter().product::<usize>(), data.len());
        Array { dims, data }
    }

    pub fn filled(dims: Vec<usize>, x: f64) -> Self {
        let n = dims.iter().product();
        Array { dims, data: vec![x; n] }
    }

    /// An array whose element at each index is `f(index)`.
    pub fn from_fn(dims: Vec<usize>, mut f: impl FnMut(&[usize]) -> f64) -> Self {
        // Through a pointer: the loop is there once, not once per op.
        Self::from_dyn(dims, &mut f)
    }

    fn from_dyn(dims: Vec<usize>, f: &mut dyn FnMut(&[usize]) -> f64) -> Self {
        let n = dims.iter().product();
        let mut index = vec![0; dims.len()];
        let mut data = Vec::with_capacity(n);
        for _ in 0..n {
            data.push(f(&index));
            for axis in (0..dims.len()).rev() {
                index[axis] += 1;
                if index[axis] < dims[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        Array { dims, data }
    }

    /// The element at an index, NumPy broadcasting: right-aligned, sizes of 1 repeat.
    pub fn get(&self, index: &[usize]) -> f64 {
        let skip = index.len() - self.dims.len();
        let mut at = 0;
        for (axis, &dim) in self.dims.iter().enumerate() {
            at = at * dim + if dim == 1 { 0 } else { index[skip + axis] };
        }
        self.data[at]
    }

    pub fn map(&self, f: impl Fn(f64) -> f64) -> Array {
        self.map_dyn(&f)
    }

    fn map_dyn(&self, f: &dyn Fn(f64) -> f64) -> Array {
        Array { dims: self.dims.clone(), data: self.data.iter().map(|&x| f(x)).collect() }
    }
}

/// Runs a sub-graph in f64: parameters in, results out.
pub type RunBody<'a> = &'a dyn Fn(&[Array], &Step) -> Result<Vec<Array>>;

/// What an op's oracle sees: its inputs as arrays, a place for the outputs, whose sizes the shape rule has fixed.
pub struct Oracle<'a> {
    pub inputs: Vec<Array>,
    /// Types of the inputs, and the size B of this step.
    pub types: Vec<&'a Type>,
    pub batch: usize,
    /// Sizes of each output at this batch.
    pub dims: Vec<Vec<usize>>,
    pub outputs: Vec<Array>,
    pub step: &'a Step,
    /// The op's sub-graph, for an op that has one.
    pub body: RunBody<'a>,
}

impl Oracle<'_> {
    /// Sets the next output from its elements in row-major order.
    pub fn set(&mut self, data: Vec<f64>) {
        let dims = self.dims[self.outputs.len()].clone();
        self.outputs.push(Array::new(dims, data));
    }

    /// Sets the next output by a function of the index and the inputs.
    pub fn set_by(&mut self, mut f: impl FnMut(&[usize], &[Array]) -> f64) {
        self.set_by_dyn(&mut f);
    }

    fn set_by_dyn(&mut self, f: &mut dyn FnMut(&[usize], &[Array]) -> f64) {
        let dims = self.dims[self.outputs.len()].clone();
        let array = Array::from_fn(dims, |index| f(index, &self.inputs));
        self.outputs.push(array);
    }
}
