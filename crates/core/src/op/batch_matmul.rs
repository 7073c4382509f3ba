//! `batch_matmul`: the products of matrices in the last two axes, each transposed or not; the axes before are broadcast as
//! NumPy does. (One matrix for all of many is `matmul`'s, as one large product.)

use super::oracle::Oracle;
use super::strided::{Steps, repeated};
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{Dim, MAX_RANK, Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::gemm::{Mat, batch_scratch_len, gemm_batch};
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal(
    "batch_matmul",
    "Products of the matrices in the last two axes, each transposed or not.",
    |attrs| Ok(Arc::new(BatchMatmul { ta: attrs.flag("ta")?, tb: attrs.flag("tb")? })),
);

#[derive(Clone, Copy, Debug)]
pub struct BatchMatmul {
    pub ta: bool,
    pub tb: bool,
}

/// The axes of a value before its matrices, and these.
fn parts(ty: &Type) -> Result<(Shape, [Dim; 2])> {
    match ty.dims() {
        [lead @ .., rows, columns] => Ok((Shape::new(lead)?, [*rows, *columns])),
        _ => Err(Error::of(Code::ShapeMismatch, || format!("expected at least two axes, got {ty}"))),
    }
}

impl BatchMatmul {
    /// The axes before the matrices of the result, and m, n, k.
    fn sizes(&self, a: &Type, b: &Type) -> Result<(Shape, [Dim; 3])> {
        let ((a_lead, [ra, ca]), (b_lead, [rb, cb])) = (parts(a)?, parts(b)?);
        let (m, k) = if self.ta { (ca, ra) } else { (ra, ca) };
        let (inner, n) = if self.tb { (cb, rb) } else { (rb, cb) };
        if k == inner {
            return Ok((rules::broadcast(&a_lead, &b_lead)?, [m, n, k]));
        }
        let message = || format!("expected matrices whose inner sizes agree, got {} · {}", a.shape, b.shape);
        Err(Error::of(Code::ShapeMismatch, message))
    }
}

impl BatchMatmul {
    /// k at this batch.
    fn inner(&self, a: &Type, batch: usize) -> usize {
        let rank = a.shape.rank();
        a.dims()[rank - if self.ta { 2 } else { 1 }].at(batch)
    }

    /// m, n, k; `types` are those of the inputs and of the output.
    fn matrix(&self, types: &[Type], batch: usize) -> [usize; 3] {
        let rank = types[2].shape.rank();
        let [m, n] = [2, 1].map(|behind| types[2].dims()[rank - behind].at(batch));
        [m, n, self.inner(&types[0], batch)]
    }
}

/// Where matrices begin in an operand: distances along the axes of the result before its matrices.
fn starts(ty: &Type, lead: &[usize], b: usize) -> Steps {
    let mut dims = [0; MAX_RANK];
    let dims = ty.shape.at(b, &mut dims);
    let (own, matrix) = dims.split_at(dims.len() - 2);
    repeated(own, lead).map(|step| step * matrix[0] * matrix[1])
}

/// Where matrix `i` of the result has its operand.
fn start(mut i: usize, lead: &[usize], steps: &Steps) -> usize {
    let mut at = 0;
    for axis in (0..lead.len()).rev() {
        at += i % lead[axis] * steps[axis];
        i /= lead[axis];
    }
    at
}

impl Op for BatchMatmul {
    fn name(&self) -> &'static str {
        "batch_matmul"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 2)?;
        let (lead, [m, n, _]) = self.sizes(inputs[0], inputs[1])?;
        Ok(vec![Type::f32(Shape::new([lead.dims(), &[m, n]].concat())?)])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (types, mut dims) = ([io.input_type(0), io.input_type(1)], [0; MAX_RANK]);
        let dims = io.output_type(0).shape.at(io.batch, &mut dims);
        let (lead, &[m, n]) = dims.split_last_chunk().expect("two axes, by the shape rule");
        let k = self.inner(types[0], io.batch);
        let (a, b) = (io.input::<f32>(0), io.input::<f32>(1));
        let [a_steps, b_steps] = types.map(|ty| starts(ty, lead, io.batch));
        let view = |data, transposed: bool, rows: usize, columns: usize| match transposed {
            true => Mat::transposed(data, rows),
            false => Mat::rows(data, columns),
        };
        let a = |i: usize| view(&a[start(i, lead, &a_steps)..][..m * k], self.ta, m, k);
        let b = |i: usize| view(&b[start(i, lead, &b_steps)..][..k * n], self.tb, k, n);
        gemm_batch([lead.iter().product(), m, n, k], &a, &b, io.output(0), io.scratch());
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let (ta, tb) = (self.ta, self.tb);
        x.set_by(|index, inputs| {
            let [lead @ .., row, column] = index else { unreachable!("two axes by the shape rule") };
            let element = |of: usize, i: usize, j: usize| inputs[of].get(&[lead, &[i, j]].concat());
            let k = inputs[0].dims[inputs[0].dims.len() - if ta { 2 } else { 1 }];
            let a = |p: usize| if ta { element(0, p, *row) } else { element(0, *row, p) };
            let b = |p: usize| if tb { element(1, *column, p) } else { element(1, p, *column) };
            (0..k).map(|p| a(p) * b(p)).fold(0.0, |sum, product| sum + product)
        });
        Ok(())
    }

    /// As for `matmul`; what was broadcast is summed.
    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let mut parts = vec![Grad::None, Grad::None];
        let Some(dy) = grads[0] else { return Ok(parts) };
        let (a, b) = (site.inputs[0], site.inputs[1]);
        if site.wanted[0] {
            let by_a = match self.ta {
                true => graph.batch_matmul(b, self.tb, dy, true)?,
                false => graph.batch_matmul(dy, false, b, !self.tb)?,
            };
            parts[0] = Grad::Value(graph.sum_to(by_a, graph.shape(a))?);
        }
        if site.wanted[1] {
            let by_b = match self.tb {
                true => graph.batch_matmul(dy, true, a, self.ta)?,
                false => graph.batch_matmul(a, !self.ta, dy, false)?,
            };
            parts[1] = Grad::Value(graph.sum_to(by_b, graph.shape(b))?);
        }
        Ok(parts)
    }

    fn scratch(&self, types: &[Type], batch: usize, threads: usize) -> usize {
        let [m, n, k] = self.matrix(types, batch);
        batch_scratch_len(m, n.max(1), k, if self.tb { k } else { 1 }, threads)
    }

    /// At 20 floating-point operations per nanosecond.
    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        let [.., k] = self.matrix(types, batch);
        types[2].size().at(batch) as f64 * (k as f64 * 0.1 + 1.0) + 100.0
    }
}
