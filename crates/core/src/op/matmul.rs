//! `matmul`: the product of matrices, each transposed or not, with the bias and the activation that follow done on
//! finished rows. All axes of a but the last count as rows of one matrix.

use super::oracle::Oracle;
use super::{Entry, Epilogue, Grad, Map, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{Dim, Shape, Type, product};
use crate::graph::{Graph, Value};
use crate::kernel::gemm::{self, Mat, gemm};
use crate::kernel::io::Io;
use crate::kernel::settled::Settled;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("matmul", "The product of matrices, each transposed or not.", |attrs| {
    Ok(Arc::new(Matmul { folds: false, ..Matmul::folded(attrs.flag("ta")?, attrs.flag("tb")?) }))
});

/// Inputs: a, b, and the bias where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Matmul {
    ta: bool,
    tb: bool,
    /// Takes operands of more axes also where these are summed over: in gradients.
    folds: bool,
    bias: bool,
    map: Option<Map>,
}

impl Matmul {
    /// Takes any two operands as matrices of rows of the last axis.
    pub fn folded(ta: bool, tb: bool) -> Self {
        Matmul { ta, tb, folds: true, bias: false, map: None }
    }

    /// Whether it is a sum over many rows, as gradients by weights are.
    fn is_deep(&self, m: usize, n: usize, k: usize) -> bool {
        self.sums_rows() && gemm::is_deep(m, n, k)
    }

    /// The sizes m, n, k, and that they agree.
    fn sizes(&self, a: &Type, b: &Type) -> Result<[Dim; 3]> {
        let ([ra, ca], [rb, cb]) = (matrix(a)?, matrix(b)?);
        let (m, k) = if self.ta { (ca, ra) } else { (ra, ca) };
        let (kb, n) = if self.tb { (cb, rb) } else { (rb, cb) };
        let plain = b.shape.rank() == 2 && (a.shape.rank() == 2 || !self.ta);
        if k == kb && (plain || self.folds) {
            return Ok([m, n, k]);
        }
        let transposed = |flag: bool| if flag { " transposed" } else { "" };
        let (ta, tb) = (transposed(self.ta), transposed(self.tb));
        let message = || format!("expected matrices whose inner sizes agree, got {}{ta} · {}{tb}", a.shape, b.shape);
        Err(Error::of(Code::ShapeMismatch, message))
    }

    /// The sizes, the operands and what follows.
    fn views<'a>(&self, io: &Io<'a>) -> Result<([usize; 3], Mat<'a>, Mat<'a>, gemm::Epilogue<'a>)> {
        let [m, n, k] = self.sizes(io.input_type(0), io.input_type(1))?.map(|dim| dim.at(io.batch));
        let view = |i: usize, transposed: bool, columns: usize| match transposed {
            true => Mat::transposed(io.input(i), columns),
            false => Mat::rows(io.input(i), columns),
        };
        let a = view(0, self.ta, if self.ta { m } else { k });
        let b = view(1, self.tb, if self.tb { k } else { n });
        let bias = self.bias.then(|| io.input(2));
        Ok(([m, n, k], a, b, gemm::Epilogue { bias, map: self.map.map(|(map, _)| map) }))
    }
}

/// Rows and columns of a value seen as a matrix.
fn matrix(ty: &Type) -> Result<[Dim; 2]> {
    if let [rows, columns] = *ty.dims() {
        return Ok([rows, columns]);
    }
    match ty.dims().split_last() {
        Some((&columns, rows)) if !rows.is_empty() => Ok([product(rows), columns]),
        _ => Err(Error::of(Code::ShapeMismatch, || format!("expected at least two axes, got {ty}"))),
    }
}

impl Op for Matmul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 2 + usize::from(self.bias))?;
        let [m, n, _] = self.sizes(inputs[0], inputs[1])?;
        let mut dims = match self.ta {
            true => vec![m],
            false => inputs[0].dims()[..inputs[0].shape.rank() - 1].to_vec(),
        };
        dims.push(n);
        Ok(vec![Type::f32(Shape::new(dims)?)])
    }

    fn sums_rows(&self) -> bool {
        self.ta && !self.tb && self.folds && !self.bias && self.map.is_none()
    }

    fn row_by_row(&self, types: &[Type]) -> bool {
        !self.ta && types[1..2 + usize::from(self.bias)].iter().all(|ty| ty.size().power == 0)
    }

    fn straight(&self) -> Option<Arc<dyn Op>> {
        self.tb.then(|| Arc::new(Matmul { tb: false, ..*self }) as Arc<dyn Op>)
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let ([m, n, k], a, b, epilogue) = self.views(io)?;
        let scratch = io.scratch();
        if self.is_deep(m, n, k) && gemm::deep_scratch_len(m, n, k, [m, 1], 1) <= scratch.len() {
            gemm::gemm_deep(m, n, k, a, b, io.output(0), scratch);
            return Ok(());
        }
        gemm(m, n, k, a, b, io.output(0), epilogue, scratch);
        Ok(())
    }

    fn settle<'a>(&self, io: &Io<'a>) -> Option<Settled<'a>> {
        let ([m, n, k], a, b, epilogue) = self.views(io).ok()?;
        gemm::settled(m, n, k, a, b, io.output(0), epilogue)
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let (a, b, dims) = (&x.inputs[0], &x.inputs[1], &x.dims[0]);
        let columns = [a, b].map(|array| array.dims.last().copied().unwrap_or(1));
        let n = dims.last().copied().unwrap_or(1);
        let k = if self.ta { a.data.len() / columns[0].max(1) } else { columns[0] };
        let element = |i: usize| -> f64 {
            let (row, column) = (i / n, i % n);
            let a = |p: usize| a.data[if self.ta { p * columns[0] + row } else { row * columns[0] + p }];
            let b = |p: usize| b.data[if self.tb { column * columns[1] + p } else { p * columns[1] + column }];
            let sum: f64 = (0..k).map(|p| a(p) * b(p)).sum();
            let sum = if self.bias { sum + x.inputs[2].data[column] } else { sum };
            self.map.map_or(sum, |(_, map)| map(sum))
        };
        let count = dims.iter().product();
        x.set((0..count).map(element).collect());
        Ok(())
    }

    /// Each gradient is a product again: of dy with the other operand, transposed as needed.
    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None, Grad::None]) };
        let (a, b) = (site.inputs[0], site.inputs[1]);
        let mut parts = vec![Grad::None, Grad::None];
        if site.wanted[0] {
            let by_a = match self.ta {
                true => graph.matmul(b, self.tb, dy, true)?,
                false => graph.matmul(dy, false, b, !self.tb)?,
            };
            parts[0] = Grad::Value(graph.shaped_like(by_a, a)?);
        }
        if site.wanted[1] {
            let by_b = match self.tb {
                true => graph.matmul(dy, true, a, self.ta)?,
                false => graph.matmul(a, !self.ta, dy, false)?,
            };
            parts[1] = Grad::Value(graph.shaped_like(by_b, b)?);
        }
        Ok(parts)
    }

    fn scratch(&self, types: &[Type], batch: usize, threads: usize) -> usize {
        let Ok(sizes) = self.sizes(&types[0], &types[1]) else { return 0 };
        let [m, n, most] = sizes.map(|dim| dim.at(batch));
        let (mut k, mut deep) = (most, 0);
        if self.is_deep(m, n, k) {
            // With fewer rows the sums may be short.
            k = gemm::SHALLOW;
            deep = gemm::deep_scratch_len(m, n, most, [m, 1], threads);
        }
        // A product without columns still asks for the room of one.
        let across = if self.ta { gemm::across_scratch_len(k, m, threads) } else { 0 };
        gemm::scratch_len(m, n.max(1), k, if self.tb { k } else { 1 }).saturating_add(across).max(deep)
    }

    /// At 30 floating-point operations per nanosecond, or 12 where A is read across its rows.
    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        let Ok(sizes) = self.sizes(&types[0], &types[1]) else { return 0.0 };
        let [m, n, k] = sizes.map(|dim| dim.at(batch) as f64);
        2.0 * m * n * k / if self.ta { 12.0 } else { 30.0 } + (m * n + k * n) * 0.3 + 50.0
    }

    fn fuse(&self, _next: &dyn Op, epilogue: Option<Epilogue>) -> Option<Arc<dyn Op>> {
        match epilogue? {
            Epilogue::AddRow if !self.bias && self.map.is_none() => Some(Arc::new(Matmul { bias: true, ..*self })),
            Epilogue::Map(map) if self.map.is_none() => Some(Arc::new(Matmul { map: Some(map), ..*self })),
            _ => None,
        }
    }
}
