//! The gradient of `attention`: an op that computes the weights again, block by block. Its own gradient is that of the same
//! formulas written out, with matrices of all scores.

use super::{Attention, oracle};
use crate::error::Result;
use crate::graph::types::{Dim, Shape, Type};
use crate::graph::{Graph, Value};
use crate::kernel::attention::Back;
use crate::kernel::io::Io;
use crate::op::cumsum::Cumsum;
use crate::op::dropout::Dropout;
use crate::op::oracle::Oracle;
use crate::op::{Grad, Op, Site, greater_equal, rules};

impl Attention {
    pub(super) fn gradient(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let mut parts = vec![Grad::None, Grad::None, Grad::None, Grad::None];
        parts.truncate(site.inputs.len());
        if grads.iter().all(Option::is_none) {
            return Ok(parts);
        }
        let (out, lse) = (site.outputs[0], site.outputs[1]);
        let dout = match grads[0] {
            Some(grad) => grad,
            None => graph.fill_like(out, 0.0)?,
        };
        // Σ dout · out of a head is Σ of the weights times their gradients: what the softmax takes off each of these.
        let product = graph.mul(dout, out)?;
        let apart = self.apart(graph, product)?;
        let sum = graph.sum_axes(apart, &[3], false)?;
        let delta = match grads[1] {
            Some(grad) => graph.sub(sum, grad)?,
            None => sum,
        };
        let mut inputs = vec![site.inputs[0], site.inputs[1], site.inputs[2], lse, delta, dout];
        inputs.extend(&site.inputs[3..]);
        let made = graph.push(Backward(*self), &inputs)?;
        for i in (0..3).filter(|&i| site.wanted[i]) {
            parts[i] = Grad::Value(made[i]);
        }
        Ok(parts)
    }

    /// (B, steps, heads · size) as (B, heads, steps, size).
    fn apart(&self, graph: &mut Graph, x: Value) -> Result<Value> {
        let size = self.part(graph.ty(x))?;
        let dims = [graph.ty(x).dims()[0], graph.ty(x).dims()[1], Dim::fixed(self.heads), size];
        let split = graph.reshape(x, Shape::new(dims)?)?;
        graph.transpose(split, vec![0, 2, 1, 3])
    }

    /// The reverse, in the shape of `like`.
    fn together(&self, graph: &mut Graph, x: Value, like: Value) -> Result<Value> {
        let rows = graph.transpose(x, vec![0, 2, 1, 3])?;
        graph.reshape(rows, graph.shape(like))
    }

    /// Scores (B, heads, queries, keys), −∞ for what is hidden.
    fn scores(&self, graph: &mut Graph, [q, k]: [Value; 2], mask: Option<Value>) -> Result<Value> {
        let product = graph.batch_matmul(q, false, k, true)?;
        let scale = graph.number(self.scale)?;
        let mut scores = graph.mul(product, scale)?;
        let nothing = graph.number(f64::NEG_INFINITY)?;
        if let Some(mask) = mask {
            let [b, queries, keys] = [0, 1, 2].map(|axis| graph.ty(mask).dims()[axis]);
            let seen = graph.reshape(mask, Shape::new([b, Dim::fixed(1), queries, keys])?)?;
            scores = graph.select(seen, scores, nothing)?;
        }
        if self.causal {
            let [queries, keys] = [2, 3].map(|axis| graph.ty(scores).dims()[axis]);
            let count = |graph: &mut Graph, dims: &[Dim]| {
                let ones = graph.fill(Shape::new(dims)?, 1.0)?;
                graph.apply(Cumsum { axis: 0, exclusive: false, reverse: false }, &[ones])
            };
            let (query, key) = (count(graph, &[queries, Dim::fixed(1)])?, count(graph, &[keys])?);
            let seen = graph.apply(greater_equal::OP, &[query, key])?;
            scores = graph.select(seen, scores, nothing)?;
        }
        Ok(scores)
    }

    fn dropped(&self, graph: &mut Graph, x: Value) -> Result<Value> {
        graph.apply(Dropout { rate: self.rate, stream: self.stream }, &[x])
    }

    /// (…, queries) as (…, queries, 1).
    fn column(graph: &mut Graph, x: Value) -> Result<Value> {
        let dims = [graph.ty(x).dims(), &[Dim::fixed(1)]].concat();
        graph.reshape(x, Shape::new(dims)?)
    }
}

/// (q, k, v, lse, delta, dout, mask): the gradients by q, k and v.
#[derive(Clone, Copy, Debug)]
struct Backward(Attention);

impl Op for Backward {
    fn name(&self) -> &'static str {
        "attention_grad"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(&inputs[..inputs.len().min(6)], 6)?;
        let [q, k, v] = [inputs[0], inputs[1], inputs[2]];
        self.0.check([q, k, v], inputs.get(6).copied())?;
        let per_query = self.0.per_query(q)?;
        rules::same_shape(&per_query.shape, &inputs[3].shape)?;
        rules::same_shape(&per_query.shape, &inputs[4].shape)?;
        rules::same_shape(&Shape::new([q.dims()[0], q.dims()[1], v.dims()[2]])?, &inputs[5].shape)?;
        Ok([q, k, v].map(Type::clone).to_vec())
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let qkv = [0, 1, 2].map(|i| io.input::<f32>(i));
        let back = Back { qkv, lse: io.input(3), delta: io.input(4), dout: io.input(5) };
        self.0.heads_of(io, 6).backward(back, [0, 1, 2].map(|o| io.output(o)), io.scratch());
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        oracle::backward(&self.0, x);
        Ok(())
    }

    fn expand(&self, graph: &mut Graph, inputs: &[Value]) -> Result<Vec<Value>> {
        let &[q, k, v, lse, delta, dout, ref mask @ ..] = inputs else { unreachable!("by the shape rule") };
        let of = &self.0;
        let [queries, keys, values] = [of.apart(graph, q)?, of.apart(graph, k)?, of.apart(graph, v)?];
        let out = of.apart(graph, dout)?;
        let scores = of.scores(graph, [queries, keys], mask.first().copied())?;
        let [lse, delta] = [Attention::column(graph, lse)?, Attention::column(graph, delta)?];
        let lifted = graph.sub(scores, lse)?;
        let weights = graph.exp(lifted)?;
        let dropped = of.dropped(graph, weights)?;
        let by_values = graph.batch_matmul(dropped, true, out, false)?;
        let by_weights = graph.batch_matmul(out, false, values, true)?;
        let by_weights = of.dropped(graph, by_weights)?;
        let rest = graph.sub(by_weights, delta)?;
        let by_scores = graph.mul(weights, rest)?;
        let scale = graph.number(of.scale)?;
        let by_products = graph.mul(by_scores, scale)?;
        let by_queries = graph.batch_matmul(by_products, false, keys, false)?;
        let by_keys = graph.batch_matmul(by_products, true, queries, false)?;
        Ok(vec![of.together(graph, by_queries, q)?, of.together(graph, by_keys, k)?, of.together(graph, by_values, v)?])
    }

    fn scratch(&self, types: &[Type], batch: usize, threads: usize) -> usize {
        self.0.scratch_of(types, batch, threads)
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        self.0.cost_of(types, batch, 5.0)
    }
}
