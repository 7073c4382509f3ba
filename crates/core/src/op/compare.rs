//! The machinery of comparisons: two values of one dtype, NumPy broadcasting, a bool each. Without gradient.

use super::oracle::Oracle;
use super::strided::{repeated, walk};
use super::{Entry, Grad, Op, Signature, Site, rules};
use crate::error::Result;
use crate::graph::types::{DType, MAX_RANK, Type};
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::io::Io;
use std::fmt::Debug;
use std::sync::Arc;

/// What a comparison is made of.
pub trait CompareRule: Copy + Debug + Default + Send + Sync + 'static {
    const NAME: &'static str;
    const DOC: &'static str;
    fn holds<T: PartialOrd>(a: T, b: T) -> bool;
}

/// The op of a rule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compare<R>(R);

pub const fn entry<R: CompareRule>() -> Entry {
    let make = |_: &Attrs| -> Result<Arc<dyn Op>> { Ok(Arc::new(Compare::<R>::default())) };
    Entry { name: R::NAME, doc: R::DOC, make, signature: Signature::Binary }
}

impl<R: CompareRule> Compare<R> {
    fn compare(io: &Io<'_>) {
        let (dst, a, b) = (io.output::<u8>(0), io.numbers(0), io.numbers(1));
        let mut sizes = [[0; MAX_RANK]; 3];
        let [ad, bd, yd] = &mut sizes;
        let dims = io.output_type(0).shape.at(io.batch, yd);
        let a_steps = repeated(io.input_type(0).shape.at(io.batch, ad), dims);
        let b_steps = repeated(io.input_type(1).shape.at(io.batch, bd), dims);
        walk(dims, [a_steps, b_steps], |i, [j, k]| dst[i] = u8::from(R::holds(a.get(j), b.get(k))));
    }
}

impl<R: CompareRule> Op for Compare<R> {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 2)?;
        rules::dtype(inputs[1], inputs[0].dtype)?;
        let shape = rules::broadcast(&inputs[0].shape, &inputs[1].shape)?;
        Ok(vec![Type { dtype: DType::Bool, shape }])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        Self::compare(io);
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set_by(|index, inputs| f64::from(u8::from(R::holds(inputs[0].get(index), inputs[1].get(index)))));
        Ok(())
    }

    fn backward(&self, _: &mut Graph, _: &Site<'_>, _: &[Option<Value>]) -> Result<Vec<Grad>> {
        Ok(vec![Grad::None, Grad::None])
    }
}
