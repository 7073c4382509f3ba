//! The machinery of comparisons: two values of one dtype, NumPy broadcasting, a bool each. A comparison is the set of
//! outcomes for which it holds, so there is one loop for all. Without gradient.

use super::oracle::Oracle;
use super::strided::Rows;
use super::{Entry, Grad, Op, Signature, Site, prose, rules};
use crate::error::Result;
use crate::graph::types::{DType, Type};
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use crate::kernel::place::Element;

pub const LESS: u8 = 1;
pub const EQUAL: u8 = 2;
pub const MORE: u8 = 4;
pub const UNORDERED: u8 = 8;

/// The comparison that holds for some of the four outcomes.
#[derive(Clone, Copy, Debug)]
pub struct Compare {
    pub name: &'static str,
    pub holds: u8,
}

pub const fn entry(op: Compare, doc: &'static str, make: super::Make) -> Entry {
    Entry { name: op.name, doc: prose(doc), make, signature: Signature::Binary }
}

impl Compare {
    /// 1 where it holds.
    #[inline(always)]
    fn of<T: PartialOrd>(self, a: T, b: T) -> u8 {
        let (less, equal, more) = (u8::from(a < b), u8::from(a == b), u8::from(a > b));
        let ordered = (less * LESS) | (equal * EQUAL) | (more * MORE);
        let outcome = if ordered == 0 { UNORDERED } else { ordered };
        u8::from(outcome & self.holds != 0)
    }

    fn compare<T: Element + PartialOrd>(self, io: &Io<'_>) {
        let (dst, a, b) = (io.output::<u8>(0), io.input::<T>(0), io.input::<T>(1));
        Rows::repeated(io, 2).walk(&mut |range, [i, j, _], [a_step, b_step, _]| {
            let row = &mut dst[range];
            let len = row.len();
            // Natively the usual cases have loops that become vector code.
            if !cfg!(target_family = "wasm") && (a_step, b_step) == (1, 1) {
                row.iter_mut().zip(&a[i..i + len]).zip(&b[j..j + len]).for_each(|((y, &a), &b)| *y = self.of(a, b));
            } else if !cfg!(target_family = "wasm") && (a_step, b_step) == (1, 0) {
                let b = b[j];
                row.iter_mut().zip(&a[i..i + len]).for_each(|(y, &a)| *y = self.of(a, b));
            } else {
                row.iter_mut().enumerate().for_each(|(n, y)| *y = self.of(a[i + n * a_step], b[j + n * b_step]));
            }
        });
    }
}

impl Op for Compare {
    fn name(&self) -> &'static str {
        self.name
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 2)?;
        rules::dtype(inputs[1], inputs[0].dtype)?;
        let shape = rules::broadcast(&inputs[0].shape, &inputs[1].shape)?;
        Ok(vec![Type { dtype: DType::Bool, shape }])
    }

    fn row_by_row(&self, types: &[Type]) -> bool {
        rules::one_rank_of_rows(types)
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        match io.input_type(0).dtype {
            DType::F32 => self.compare::<f32>(io),
            DType::I32 => self.compare::<i32>(io),
            DType::U8 | DType::Bool => self.compare::<u8>(io),
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set_by(|index, inputs| f64::from(self.of(inputs[0].get(index), inputs[1].get(index))));
        Ok(())
    }

    fn backward(&self, _: &mut Graph, _: &Site<'_>, _: &[Option<Value>]) -> Result<Vec<Grad>> {
        Ok(vec![Grad::None, Grad::None])
    }
}
