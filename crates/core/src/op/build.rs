//! Graph builders: how backward rules, expansions and the decoder's own nodes name ops. Nothing is added where the
//! result is there already.

use super::*;
use crate::graph::Kind;
use crate::graph::types::{DType, Dim, Shape};

/// Builders of ops that take values only.
macro_rules! builders {
    ($($(#[doc = $doc:literal])+ $name:ident($($input:ident),+) = $op:expr;)+) => {
        impl Graph {
            $($(#[doc = $doc])+
            pub fn $name(&mut self, $($input: Value),+) -> Result<Value> {
                self.apply($op, &[$($input),+])
            })+
        }
    };
}

builders! {
    /// a + b.
    add(a, b) = binary::op::<add::Add>();
    /// a − b.
    sub(a, b) = binary::op::<sub::Sub>();
    /// a / b.
    div(a, b) = binary::op::<div::Div>();
    /// a = b, as bool.
    equal(a, b) = equal::OP;
    /// a to the power b.
    pow(a, b) = binary::op::<pow::Pow>();
    /// a where the condition holds, b elsewhere.
    select(condition, a, b) = select::Select;
    /// −x.
    neg(x) = unary::op::<neg::Neg>();
    /// eˣ.
    exp(x) = unary::op::<exp::Exp>();
    /// ln x.
    log(x) = unary::op::<log::Log>();
    /// x².
    square(x) = unary::op::<square::Square>();
    /// −1, 0 or 1.
    sign(x) = unary::op::<sign::Sign>();
    /// The sine.
    sin(x) = unary::op::<sin::Sin>();
    /// The cosine.
    cos(x) = unary::op::<cos::Cos>();
    /// 1 / (1 + e⁻ˣ).
    sigmoid(x) = unary::op::<sigmoid::Sigmoid>();
    /// Softmax along the last axis.
    softmax(x) = softmax::Softmax;
    /// ln of softmax along the last axis.
    log_softmax(x) = log_softmax::LogSoftmax;
    /// x, through which no gradient flows.
    stop_gradient(x) = stop_gradient::StopGradient;
    /// Rows of x by index.
    gather(x, indices) = gather::Gather;
    /// x[…, index].
    pick(x, index) = pick::Pick;
}

impl Graph {
    /// a · b, elementwise.
    pub fn mul(&mut self, a: Value, b: Value) -> Result<Value> {
        // A seed of ones is a factor of every first product; no number times 1 is another.
        for (one, other) in [(a, b), (b, a)] {
            let same =
                || rules::broadcast(&self.ty(a).shape, &self.ty(b).shape).ok().as_ref() == Some(&self.ty(other).shape);
            if self.constant(one) == Some(1.0) && same() {
                return Ok(other);
            }
        }
        self.apply(binary::op::<mul::Mul>(), &[a, b])
    }

    /// The number that every element is.
    fn constant(&self, value: Value) -> Option<f64> {
        // Values are numbered in the order of the nodes that make them.
        let at = self.nodes.partition_point(|node| node.outputs.last() < Some(&value));
        match &self.nodes.get(at)?.kind {
            Kind::Op(op) => op.constant(),
            Kind::Source(_) => None,
        }
    }

    /// Whether no op makes it.
    pub fn is_source(&self, value: Value) -> bool {
        let at = self.nodes.partition_point(|node| node.outputs.last() < Some(&value));
        matches!(self.nodes[at].kind, Kind::Source(_))
    }

    /// A float32 scalar.
    pub fn number(&mut self, value: f64) -> Result<Value> {
        self.fill(Shape::scalar(), value)
    }

    /// A float32 array of one number.
    pub fn fill(&mut self, shape: Shape, value: f64) -> Result<Value> {
        self.apply(fill::Fill { shape, value }, &[])
    }

    /// A float32 array of one number, in the shape of `like`.
    pub fn fill_like(&mut self, like: Value, value: f64) -> Result<Value> {
        self.fill(self.shape(like), value)
    }

    /// x with elements of another dtype.
    pub fn cast(&mut self, x: Value, dtype: DType) -> Result<Value> {
        match self.ty(x).dtype == dtype {
            true => Ok(x),
            false => self.apply(cast::Cast { dtype }, &[x]),
        }
    }

    /// The same elements in another shape.
    pub fn reshape(&mut self, x: Value, shape: Shape) -> Result<Value> {
        match self.constant(x) {
            Some(value) => self.fill(shape, value),
            None => self.apply(reshape::Reshape { shape }, &[x]),
        }
    }

    /// A value of its own with the elements of x.
    pub fn copied(&mut self, x: Value) -> Result<Value> {
        self.apply(reshape::Reshape { shape: self.shape(x) }, &[x])
    }

    /// x with the shape of `like`.
    pub fn shaped_like(&mut self, x: Value, like: Value) -> Result<Value> {
        match self.ty(x).shape == self.ty(like).shape {
            true => Ok(x),
            false => self.reshape(x, self.shape(like)),
        }
    }

    /// x repeated to `shape`.
    pub fn broadcast_to(&mut self, x: Value, shape: Shape) -> Result<Value> {
        match self.ty(x).shape == shape {
            true => Ok(x),
            false => match self.constant(x) {
                Some(value) => self.fill(shape, value),
                None => self.apply(broadcast_to::BroadcastTo { shape }, &[x]),
            },
        }
    }

    /// Axis i of the result is axis `perm[i]` of x.
    pub fn transpose(&mut self, x: Value, perm: Vec<usize>) -> Result<Value> {
        self.apply(transpose::Transpose { perm }, &[x])
    }

    /// The sum over axes.
    pub fn sum_axes(&mut self, x: Value, axes: &[usize], keep: bool) -> Result<Value> {
        let axes = axes.iter().map(|&axis| axis as i64).collect();
        self.apply(reduction::Reduce::new::<sum::Sum>(axes, keep), &[x])
    }

    /// The sum over the last axis, which stays with size 1.
    pub fn sum_last(&mut self, x: Value) -> Result<Value> {
        let last = self.ty(x).shape.rank().saturating_sub(1);
        self.sum_axes(x, &[last], true)
    }

    /// The reverse of broadcasting: sums x over the axes along which `shape` was repeated.
    pub fn sum_to(&mut self, x: Value, shape: Shape) -> Result<Value> {
        let from = self.shape(x);
        if from == shape {
            return Ok(x);
        }
        let skip = from.rank() - shape.rank();
        let repeated = |axis: usize| axis < skip || shape.dims()[axis - skip] != from.dims()[axis];
        let axes: Vec<usize> = (0..from.rank()).filter(|&axis| repeated(axis)).collect();
        let sum = if axes.is_empty() { x } else { self.sum_axes(x, &axes, true)? };
        self.reshape(sum, shape)
    }

    /// The product of matrices, each transposed or not; all axes but the last count as rows of an operand.
    pub fn matmul(&mut self, a: Value, transpose_a: bool, b: Value, transpose_b: bool) -> Result<Value> {
        self.apply(matmul::Matmul::folded(transpose_a, transpose_b), &[a, b])
    }

    /// The products of matrices in the last two axes, each transposed or not; those before are broadcast.
    pub fn batch_matmul(&mut self, a: Value, ta: bool, b: Value, tb: bool) -> Result<Value> {
        self.apply(batch_matmul::BatchMatmul { ta, tb }, &[a, b])
    }

    /// Part of an axis.
    pub fn slice(&mut self, x: Value, axis: usize, start: Dim, length: Dim) -> Result<Value> {
        self.apply(slice::Slice { axis, start, length }, &[x])
    }

    /// x within bounds.
    pub fn clip(&mut self, x: Value, low: f64, high: f64) -> Result<Value> {
        self.apply(clip::Clip { low, high }, &[x])
    }

    /// Rows summed by index: the indices in rising order, each once (then −1), and their sums.
    pub fn sum_rows(&mut self, parts: &[(Value, Value)], rows: usize) -> Result<(Value, Value)> {
        let inputs: Vec<Value> = parts.iter().flat_map(|&(values, index)| [values, index]).collect();
        let outputs = self.push(sum_rows::SumRows { rows }, &inputs)?;
        Ok((outputs[0], outputs[1]))
    }
}
