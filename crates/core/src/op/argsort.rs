//! `argsort`: where the first entries of each row stand when it is sorted. Equal ones stay in their order, NaN counts as the
//! largest. Without gradient: what takes the values by these indices has it.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Dim, Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::io::Io;
use crate::kernel::turn;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal(
    "argsort",
    "Indices of the first k entries of each sorted row of the last axis; then the same, counted over all rows.",
    |attrs| Ok(Arc::new(Argsort { k: attrs.size("k")?, descending: attrs.flag("descending")? })),
);

#[derive(Clone, Copy, Debug)]
struct Argsort {
    k: usize,
    descending: bool,
}

impl Argsort {
    /// Whether entry i of the row comes before entry j.
    #[inline(always)]
    fn ahead<T: PartialOrd + Copy>(&self, row: &[T], i: usize, j: usize) -> bool {
        let nan = |x: T| x.partial_cmp(&x).is_none();
        let larger = |x: T, y: T| x > y || nan(x) && !nan(y);
        let (x, y) = if self.descending { (row[i], row[j]) } else { (row[j], row[i]) };
        larger(x, y) || !larger(y, x) && i < j
    }

    /// Sets `first` to the indices of the row's first entries, in order: a heap of the best so far, the last of them on
    /// top, which is then taken apart.
    fn select(&self, row: &[f32], first: &mut [i32]) {
        let k = first.len();
        first.iter_mut().enumerate().for_each(|(i, at)| *at = i as i32);
        (0..k / 2).rev().for_each(|at| self.sink(row, first, at));
        for i in k..row.len() {
            if self.ahead(row, i, first[0] as usize) {
                first[0] = i as i32;
                self.sink(row, first, 0);
            }
        }
        for end in (1..k).rev() {
            first.swap(0, end);
            self.sink(row, &mut first[..end], 0);
        }
    }

    /// Moves one element of a heap down to its place.
    fn sink(&self, row: &[f32], heap: &mut [i32], mut at: usize) {
        let ahead = |heap: &[i32], i: usize, j: usize| self.ahead(row, heap[i] as usize, heap[j] as usize);
        while 2 * at + 1 < heap.len() {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let child = if right < heap.len() && ahead(heap, left, right) { right } else { left };
            if !ahead(heap, at, child) {
                return;
            }
            heap.swap(at, child);
            at = child;
        }
    }
}

impl Op for Argsort {
    fn name(&self) -> &'static str {
        "argsort"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 1)?;
        let width = rules::last(inputs[0])?;
        if width.power != 0 && width.coef != 0 || self.k > width.coef {
            let message = || format!("expected rows of a fixed size, at least {}, got {}", self.k, inputs[0].shape);
            return Err(Error::of(Code::ShapeMismatch, message));
        }
        let mut dims = inputs[0].dims().to_vec();
        *dims.last_mut().expect("a last axis, as checked") = Dim::fixed(self.k);
        let ty = Type { dtype: DType::I32, shape: Shape::new(dims)? };
        Ok(vec![ty.clone(), ty])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let (x, own, all) = (io.input::<f32>(0), io.output::<i32>(0), io.output::<i32>(1));
        if self.k == 0 {
            return Ok(());
        }
        let width = rules::width(io.input_type(0), io.batch);
        let part = turn::part(own.len() / self.k, 1, 0);
        for row in part.start..part.end {
            let (entries, first) = (row * self.k..(row + 1) * self.k, row * width);
            self.select(&x[first..first + width], &mut own[entries.clone()]);
            all[entries.clone()].iter_mut().zip(&own[entries]).for_each(|(all, own)| *all = first as i32 + own);
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let width = rules::width(x.types[0], x.batch);
        let (mut own, mut all) = (Vec::new(), Vec::new());
        for (r, row) in x.inputs[0].data.chunks(width.max(1)).enumerate() {
            let mut places = vec![0; width];
            for i in 0..width {
                // Its place is the number of those before it.
                places[(0..width).filter(|&j| j != i && self.ahead(row, j, i)).count()] = i;
            }
            own.extend(places[..self.k].iter().map(|&i| i as f64));
            all.extend(places[..self.k].iter().map(|&i| (r * width + i) as f64));
        }
        x.set(own);
        x.set(all);
        Ok(())
    }

    fn backward(&self, _: &mut Graph, _: &Site<'_>, _: &[Option<Value>]) -> Result<Vec<Grad>> {
        Ok(vec![Grad::None])
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        let k = self.k.max(2) as f64;
        types[0].size().at(batch) as f64 * (2.0 + 4.0 * k.log2()) + 20.0
    }
}
