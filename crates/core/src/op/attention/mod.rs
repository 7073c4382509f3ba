//! `attention`: softmax(q · kᵀ · scale) · v for several heads, without the matrix of all scores; what a query may not see
//! is hidden by a mask, by `causal`, or both. A query that sees nothing gets 0.

mod gradient;
mod oracle;

use super::oracle::Oracle;
use super::random_uniform::place;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result, describe};
use crate::graph::types::{DType, Dim, Shape, Type};
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::attention::Heads;
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal(
    "attention",
    "Queries (B, steps, heads · d), keys, values, and a mask (B or 1, steps or 1, keys or 1): the weighted values, then the \
     logarithms of what each softmax divided by.",
    make,
);

/// What the op and its gradient have in common.
#[derive(Clone, Copy, Debug)]
pub struct Attention {
    heads: usize,
    scale: f64,
    causal: bool,
    rate: f64,
    stream: u32,
}

fn make(attrs: &Attrs) -> Result<Arc<dyn Op>> {
    let (heads, scale, rate) = (attrs.size("heads")?, attrs.float("scale")?, attrs.float("rate")?);
    if heads == 0 || !(scale > 0.0 && scale.is_finite()) || !(0.0..1.0).contains(&rate) {
        let (scale, rate) = (describe(scale), describe(rate));
        let message = format!("expected heads, a scale above 0 and 0 ≤ rate < 1, got {heads}, {scale} and {rate}");
        return Err(Error::new(Code::InvalidValue, message));
    }
    let stream = attrs.size("stream")? as u32;
    Ok(Arc::new(Attention { heads, scale, causal: attrs.flag("causal")?, rate, stream }))
}

fn mismatch(what: &str, got: &Type) -> Error {
    Error::new(Code::ShapeMismatch, format!("expected {what}, got {got}"))
}

impl Attention {
    /// The size of one head of a value (B, steps, heads · size).
    fn part(&self, ty: &Type) -> Result<Dim> {
        match *ty.dims() {
            [_, _, Dim { coef, power: 0 }] if coef % self.heads == 0 => Ok(Dim::fixed(coef / self.heads)),
            _ => Err(mismatch("(B, steps, heads · size)", ty)),
        }
    }

    /// That queries, keys, values and a mask go together.
    fn check(&self, [q, k, v]: [&Type; 3], mask: Option<&Type>) -> Result<()> {
        rules::floats(&[q, k, v], 3)?;
        let (depth, other) = (self.part(q)?, self.part(k)?);
        self.part(v)?;
        let (queries, keys, values) = (q.dims(), k.dims(), v.dims());
        if depth != other || queries[0] != keys[0] {
            return Err(mismatch("keys of as many samples and numbers as the queries", k));
        }
        if keys[..2] != values[..2] {
            return Err(mismatch("a value for each key", v));
        }
        let Some(mask) = mask else { return Ok(()) };
        rules::dtype(mask, DType::Bool)?;
        let full = [queries[0], queries[1], keys[1]];
        let fits = mask.dims().len() == 3 && mask.dims().iter().zip(full).all(|(&own, all)| own == all || own.is_one());
        if fits { Ok(()) } else { Err(mismatch("a mask (B or 1, steps or 1, keys or 1)", mask)) }
    }

    /// (B, heads, steps): a number for each query.
    fn per_query(&self, q: &Type) -> Result<Type> {
        Ok(Type::f32(Shape::new([q.dims()[0], Dim::fixed(self.heads), q.dims()[1]])?))
    }

    /// The sizes at a batch; `types` begin with queries, keys and values.
    fn sizes(&self, types: [&Type; 3], batch: usize) -> Heads<'static> {
        let [q, k, v] = types.map(|ty| ty.dims().iter().map(|dim| dim.at(batch)).collect::<Vec<_>>());
        Heads {
            samples: q[0],
            heads: self.heads,
            queries: q[1],
            keys: k[1],
            depth: q[2] / self.heads,
            width: v[2] / self.heads,
            scale: self.scale as f32,
            causal: self.causal,
            mask: None,
            dropout: None,
        }
    }

    /// What the kernel is to do; input `mask` is the mask, where there is one.
    fn heads_of<'a>(&self, io: &Io<'a>, mask: usize) -> Heads<'a> {
        let types = [0, 1, 2].map(|i| io.input_type(i));
        let sizes = self.sizes(types, io.batch);
        let mask = (io.inputs() > mask).then(|| {
            let dims: Vec<usize> = io.input_type(mask).dims().iter().map(|dim| dim.at(io.batch)).collect();
            let step = |axis: usize, step: usize| if dims[axis] == 1 { 0 } else { step };
            (io.input::<u8>(mask), [step(0, dims[1] * dims[2]), step(1, dims[2]), step(2, 1)])
        });
        let first = match types[0].dims()[0] {
            Dim { power: 0, .. } => 0,
            dim => io.step.first_row.wrapping_mul(dim.coef as u64),
        };
        let dropout = (self.rate > 0.0).then(|| (self.rate, place(io.step, self.stream), first));
        Heads { mask, dropout, ..sizes }
    }

    fn scratch_of(&self, types: &[Type], batch: usize, threads: usize) -> usize {
        let heads = self.sizes([&types[0], &types[1], &types[2]], batch);
        heads.scratch_len().saturating_mul(threads.clamp(1, (heads.samples * heads.heads).max(1)))
    }

    /// At `products` products of a query with a key and 20 floating-point operations per nanosecond.
    fn cost_of(&self, types: &[Type], batch: usize, products: f64) -> f64 {
        let heads = self.sizes([&types[0], &types[1], &types[2]], batch);
        let scores = (heads.samples * heads.heads * heads.queries * heads.keys) as f64;
        scores * (products * heads.depth.max(heads.width) as f64 * 0.1 + 2.0) + 100.0
    }
}

impl Op for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(&inputs[..inputs.len().min(3)], 3)?;
        if inputs.len() > 3 {
            rules::inputs(inputs, 4)?;
        }
        let [q, k, v] = [inputs[0], inputs[1], inputs[2]];
        self.check([q, k, v], inputs.get(3).copied())?;
        let out = Type::f32(Shape::new([q.dims()[0], q.dims()[1], v.dims()[2]])?);
        Ok(vec![out, self.per_query(q)?])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let qkv = [0, 1, 2].map(|i| io.input::<f32>(i));
        self.heads_of(io, 3).forward(qkv, io.output(0), io.output(1), io.scratch());
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        oracle::forward(self, x);
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        self.gradient(graph, site, grads)
    }

    fn scratch(&self, types: &[Type], batch: usize, threads: usize) -> usize {
        self.scratch_of(types, batch, threads)
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        self.cost_of(types, batch, 2.0)
    }
}
