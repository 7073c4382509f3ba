//! `binary_cross_entropy`, elementwise: −(t ln p + (1 − t) ln(1 − p)). Keras 3's rule: probabilities are kept within
//! [1e-7, 1 − 1e-7]; of logits z it is max(z, 0) − z t + ln(1 + e^−|z|).

use super::clip::{beyond, clip, outside};
use super::oracle::Oracle;
use super::probability::{BOUNDS, EPSILON};
use super::{Entry, Grad, Op, Site, rules};
use crate::error::Result;
use crate::graph::types::Type;
use crate::graph::{Graph, Value};
use crate::kernel::elementwise::{Each, Formula};
use crate::kernel::io::Io;
use crate::kernel::math;
use crate::kernel::settled::{Formulas, Settled};
use crate::kernel::vector::{V, below, bounded, equal, pick};
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal(
    "binary_cross_entropy",
    "−(t ln p + (1 − t) ln(1 − p)) of probabilities p and targets t.",
    |attrs| Ok(Arc::new(BinaryCrossEntropy { from_logits: attrs.flag("from_logits")? })),
);

#[derive(Clone, Copy, Debug)]
struct BinaryCrossEntropy {
    from_logits: bool,
}

#[inline(always)]
fn of_logit([z, t]: [V; 2]) -> V {
    let e = math::exp(-z.abs());
    // ln(1 + e), exact where 1 + e rounds: the quotient undoes the rounding of the sum.
    let sum = 1.0 + e;
    let log = pick(equal(sum, V::from(1.0)), e, math::ln(sum) * (e / (sum - 1.0)));
    (pick(below(z, V::from(0.0)), V::from(0.0), z) - z * t) + log
}

#[inline(always)]
fn of_probability([p, t]: [V; 2]) -> V {
    // Bounded apart, for 1 − 1e-7 is no f32 but 1e-7 nearly is one.
    let [p, rest] = [p, 1.0 - p].map(|x| bounded(x, V::from(BOUNDS[0]), V::from(BOUNDS[1])));
    -(t * math::ln(p) + (1.0 - t) * math::ln(rest))
}

/// dl · d/dz of the former.
#[inline(always)]
fn by_logit([dl, z, t]: [V; 3]) -> V {
    dl * (math::sigmoid(z) - t)
}

/// dl · d/dp of the latter; 0 outside the bounds.
#[inline(always)]
fn by_probability([dl, p, t]: [V; 3]) -> V {
    pick(beyond(p, BOUNDS[0], BOUNDS[1]), V::from(0.0), dl * ((1.0 - t) / (1.0 - p) - t / p))
}

fn of(from_logits: bool) -> &'static dyn Formula<2> {
    if from_logits { &Each(of_logit) } else { &Each(of_probability) }
}

fn by(from_logits: bool) -> &'static dyn Formula<3> {
    if from_logits { &Each(by_logit) } else { &Each(by_probability) }
}

impl Op for BinaryCrossEntropy {
    fn name(&self) -> &'static str {
        "binary_cross_entropy"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 2)?;
        rules::same_shape(&inputs[0].shape, &inputs[1].shape)?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        io.each(of(self.from_logits));
        Ok(())
    }

    fn settle<'a>(&self, io: &Io<'a>) -> Option<Settled<'a>> {
        io.settle(Formulas::Two(of(self.from_logits)))
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set_by(|index, inputs| {
            let (p, t) = (inputs[0].get(index), inputs[1].get(index));
            if self.from_logits {
                return p.max(0.0) - p * t + (-p.abs()).exp().ln_1p();
            }
            let p = clip(p, EPSILON, 1.0 - EPSILON);
            -(t * p.ln() + (1.0 - t) * (1.0 - p).ln())
        });
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(dl) = grads[0] else { return Ok(vec![Grad::None, Grad::None]) };
        let (p, t) = (site.inputs[0], site.inputs[1]);
        let mut parts = vec![Grad::None, Grad::None];
        if site.wanted[0] {
            let op = BinaryCrossEntropyGrad { from_logits: self.from_logits };
            parts[0] = Grad::Value(graph.apply(op, &[dl, p, t])?);
        }
        if site.wanted[1] {
            // −dl · z, or −dl · (ln p − ln(1 − p))
            let slope = match self.from_logits {
                true => p,
                false => {
                    let (log, log_rest) = logs(graph, p)?;
                    graph.sub(log, log_rest)?
                }
            };
            let product = graph.mul(dl, slope)?;
            parts[1] = Grad::Value(graph.neg(product)?);
        }
        Ok(parts)
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }
}

/// ln p and ln(1 − p) of bounded p.
fn logs(graph: &mut Graph, p: Value) -> Result<(Value, Value)> {
    let one = graph.number(1.0)?;
    let rest = graph.sub(one, p)?;
    let [p, rest] = [p, rest].map(|x| graph.clip(x, EPSILON, 1.0 - EPSILON));
    Ok((graph.log(p?)?, graph.log(rest?)?))
}

/// The gradient by p: (dl, p, target).
#[derive(Clone, Copy, Debug)]
struct BinaryCrossEntropyGrad {
    from_logits: bool,
}

impl Op for BinaryCrossEntropyGrad {
    fn name(&self) -> &'static str {
        "binary_cross_entropy_grad"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 3)?;
        rules::same_shape(&inputs[1].shape, &inputs[0].shape)?;
        rules::same_shape(&inputs[1].shape, &inputs[2].shape)?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        io.each(by(self.from_logits));
        Ok(())
    }

    fn settle<'a>(&self, io: &Io<'a>) -> Option<Settled<'a>> {
        io.settle(Formulas::Three(by(self.from_logits)))
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set_by(|index, inputs| {
            let [dl, p, t] = [0, 1, 2].map(|i: usize| inputs[i].get(index));
            match self.from_logits {
                true => dl * (1.0 / (1.0 + (-p).exp()) - t),
                false if outside(p, EPSILON, 1.0 - EPSILON) => 0.0,
                false => dl * ((1.0 - t) / (1.0 - p) - t / p),
            }
        });
        Ok(())
    }

    fn expand(&self, graph: &mut Graph, inputs: &[Value]) -> Result<Vec<Value>> {
        let &[dl, p, t] = inputs else { unreachable!("three inputs by the shape rule") };
        if self.from_logits {
            let sigmoid = graph.sigmoid(p)?;
            let slope = graph.sub(sigmoid, t)?;
            return Ok(vec![graph.mul(dl, slope)?]);
        }
        let dp = graph.vjp(&[p, t], &[true, false], &[Some(dl)], &|graph, inputs| {
            let ((log, log_rest), one) = (logs(graph, inputs[0])?, graph.number(1.0)?);
            let others = graph.sub(one, inputs[1])?;
            let (of_ones, of_zeros) = (graph.mul(inputs[1], log)?, graph.mul(others, log_rest)?);
            let sum = graph.add(of_ones, of_zeros)?;
            Ok(vec![graph.neg(sum)?])
        })?;
        Ok(dp.into_iter().flatten().collect())
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }
}
