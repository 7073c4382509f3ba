//! The machinery of elementwise ops with one operand and numbers that shape them (a slope, a scale): an op is a formula and
//! its derivative, each done in one pass; what the derivative is made of is what it is differentiated by.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result, describe};
use crate::graph::types::Type;
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::elementwise::Function;
use crate::kernel::io::Io;
use crate::kernel::vector::V;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

/// The numbers of a curve, the second one unused where there is one.
pub type Numbers<T> = [T; 2];

/// What such an op is made of.
pub trait CurveRule: Copy + Debug + Send + Sync + 'static {
    const NAME: &'static str;
    const GRAD: &'static str;
    /// Attributes with its numbers.
    const NUMBERS: &'static [&'static str];
    /// Whether the derivative is a function of the result, not of the operand.
    const FROM_RESULT: bool;
    /// What its numbers must be.
    const EXPECTED: &'static str;
    fn fits(numbers: Numbers<f64>) -> bool;
    fn f32(numbers: Numbers<f32>, x: V) -> V;
    fn f64(numbers: Numbers<f64>, x: f64) -> f64;
    /// The derivative, at operand or result.
    fn slope(numbers: Numbers<f32>, v: V) -> V;
    fn slope64(numbers: Numbers<f64>, v: f64) -> f64;
    /// The derivative as nodes.
    fn expand(graph: &mut Graph, numbers: Numbers<f64>, v: Value) -> Result<Value>;
}

/// A rule as a table, so that what is the same for all ops is compiled once.
#[derive(Debug)]
struct Table {
    names: [&'static str; 2],
    from_result: bool,
    forward: fn(Numbers<f32>, &Io<'_>),
    /// dy times the derivative: (dy, v).
    grad: fn(Numbers<f32>, &Io<'_>),
    f64: fn(Numbers<f64>, f64) -> f64,
    slope64: fn(Numbers<f64>, f64) -> f64,
    expand: fn(&mut Graph, Numbers<f64>, Value) -> Result<Value>,
}

/// The op of a rule; with `grad`, dy times its derivative: (dy, v).
#[derive(Clone, Copy, Debug)]
struct Curve {
    numbers: Numbers<f64>,
    grad: bool,
    rule: &'static Table,
}

pub const fn entry<R: CurveRule>(doc: &'static str) -> Entry {
    Entry::internal(R::NAME, doc, |attrs| make(attrs, R::NUMBERS, R::EXPECTED, R::fits, table::<R>()))
}

fn make(
    attrs: &Attrs,
    names: &[&str],
    expected: &str,
    fits: fn(Numbers<f64>) -> bool,
    rule: &'static Table,
) -> Result<Arc<dyn Op>> {
    let mut numbers = [0.0; 2];
    for (number, name) in numbers.iter_mut().zip(names) {
        *number = attrs.float(name)?;
    }
    if fits(numbers) {
        return Ok(Arc::new(Curve { numbers, grad: false, rule }));
    }
    let (name, [first, second]) = (rule.names[0], numbers.map(describe));
    Err(Error::of(Code::InvalidValue, || format!("{name}: expected {expected}, got {first} and {second}")))
}

/// The formulas of a rule: of x its value, of dy and v the gradient.
struct At<R>(Numbers<f32>, PhantomData<R>);

impl<R: CurveRule> Function<1> for At<R> {
    #[inline(always)]
    fn at(&self, [x]: [V; 1]) -> V {
        R::f32(self.0, x)
    }
}

impl<R: CurveRule> Function<2> for At<R> {
    #[inline(always)]
    fn at(&self, [dy, v]: [V; 2]) -> V {
        dy * R::slope(self.0, v)
    }
}

const fn table<R: CurveRule>() -> &'static Table {
    &const {
        Table {
            names: [R::NAME, R::GRAD],
            from_result: R::FROM_RESULT,
            forward: |numbers, io| io.each::<1>(&At::<R>(numbers, PhantomData)),
            grad: |numbers, io| io.each::<2>(&At::<R>(numbers, PhantomData)),
            f64: R::f64,
            slope64: R::slope64,
            expand: R::expand,
        }
    }
}

impl Op for Curve {
    fn name(&self) -> &'static str {
        self.rule.names[usize::from(self.grad)]
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 1 + usize::from(self.grad))?;
        rules::same_shape(&inputs[0].shape, &inputs[inputs.len() - 1].shape)?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let numbers = self.numbers.map(|number| number as f32);
        match self.grad {
            true => (self.rule.grad)(numbers, io),
            false => (self.rule.forward)(numbers, io),
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        x.set_by(|index, inputs| match self.grad {
            true => inputs[0].get(index) * (self.rule.slope64)(self.numbers, inputs[1].get(index)),
            false => (self.rule.f64)(self.numbers, inputs[0].get(index)),
        });
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        if self.grad {
            return super::by_expansion(graph, site, grads, &|graph, inputs| self.expand(graph, inputs));
        }
        let Some(dy) = grads[0] else { return Ok(vec![Grad::None]) };
        let v = if self.rule.from_result { site.outputs[0] } else { site.inputs[0] };
        Ok(vec![Grad::Value(graph.apply(Curve { grad: true, ..*self }, &[dy, v])?)])
    }

    fn expand(&self, graph: &mut Graph, inputs: &[Value]) -> Result<Vec<Value>> {
        let slope = (self.rule.expand)(graph, self.numbers, inputs[1])?;
        Ok(vec![graph.mul(inputs[0], slope)?])
    }

    fn in_place(&self, _types: &[Type]) -> bool {
        true
    }
}
