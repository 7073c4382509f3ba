//! One case of the table: an op with inputs, and the graph of its value, gradient and gradient of the gradient.

use super::run::*;
use descend_core::graph::types::{DType, Shape, Type};
use descend_core::graph::{Graph, Source, Value};
use descend_core::op::Op;
use descend_core::op::oracle::Array;
use std::sync::Arc;

/// Unit roundoff of f32.
const U: f64 = 1.0 / (1u64 << 24) as f64;
/// What inputs are drawn from.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// low … high.
    Range(f64, f64),
    /// As `Range`, with a random sign.
    Signed(f64, f64),
    /// int32 below a number.
    Index(usize),
    /// Bytes.
    Bytes,
    /// True or false.
    Flags,
    /// Signed integers, as float32 or int32: full of ties.
    Ties(DType),
}

/// How far f32 may be from f64, in units of 2⁻²⁴.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// Times the element's own magnitude.
    Each(f64),
    /// Times the largest magnitude among inputs and outputs.
    All(f64),
}

#[derive(Clone, Debug)]
pub struct Case {
    pub op: Arc<dyn Op>,
    pub inputs: Vec<(Vec<usize>, Values)>,
    pub bound: Bound,
    /// Has gradients that differences can see.
    pub smooth: bool,
    /// Gives the first input to the op twice.
    pub twice: bool,
}

impl Case {
    /// The batches to run it with: several where a shape depends on it.
    pub fn batches(&self) -> Vec<usize> {
        let depends = self.inputs.iter().any(|(dims, _)| dims.contains(&B));
        if depends { vec![0, 1, MAX_BATCH] } else { vec![1] }
    }
}

impl Values {
    fn dtype(self) -> DType {
        match self {
            Values::Range(..) | Values::Signed(..) => DType::F32,
            Values::Index(_) => DType::I32,
            Values::Bytes => DType::U8,
            Values::Flags => DType::Bool,
            Values::Ties(dtype) => dtype,
        }
    }

    /// A number that float32 holds exactly.
    fn draw(self, random: &mut Random) -> f64 {
        let sign = if random.word() & 1 == 0 { -1.0 } else { 1.0 };
        match self {
            Values::Range(low, high) => f64::from((low + (high - low) * random.uniform()) as f32),
            Values::Signed(low, high) => sign * f64::from((low + (high - low) * random.uniform()) as f32),
            Values::Index(n) => (random.word() % n.max(1) as u64) as f64,
            Values::Bytes => (random.word() % 256) as f64,
            Values::Flags => (random.word() % 2) as f64,
            Values::Ties(_) => sign * (random.word() % 4) as f64,
        }
    }
}

/// A case as a graph, with its numbers.
pub struct Checked<'a> {
    name: &'a str,
    case: &'a Case,
    batch: usize,
    graph: Graph,
    data: Vec<Array>,
    types: Vec<Type>,
    /// The op's outputs.
    ys: Vec<Value>,
    /// Σ w·y, and Σ v · its gradients.
    sums: Vec<Value>,
    /// Per sum: its gradient by each float input, with the input's index.
    gradients: Vec<Vec<(usize, Value)>>,
}

impl<'a> Checked<'a> {
    pub fn new(name: &'a str, case: &'a Case, batch: usize) -> Self {
        let mut checked = Checked {
            name,
            case,
            batch,
            graph: Graph::new(),
            data: Vec::new(),
            types: Vec::new(),
            ys: Vec::new(),
            sums: Vec::new(),
            gradients: Vec::new(),
        };
        let mut random = Random(name.len() as u64 * 977 + case.inputs.len() as u64);
        let mut inputs: Vec<Value> =
            case.inputs.iter().map(|(dims, values)| checked.source(shape(dims), *values, &mut random)).collect();
        if case.twice {
            inputs[1] = inputs[0];
        }
        checked.ys = checked.graph.push_arc(case.op.clone(), &inputs).unwrap_or_else(|error| panic!("{name}: {error}"));
        if case.smooth {
            let float = |v: &Value| checked.graph.ty(*v).dtype == DType::F32;
            let again = |i: usize| inputs[..i].contains(&inputs[i]);
            let floats: Vec<usize> = (0..inputs.len()).filter(|&i| float(&inputs[i]) && !again(i)).collect();
            let ys = checked.ys.clone();
            let first = checked.differentiate(&ys, &inputs, &floats, &mut random);
            checked.differentiate(&first, &inputs, &floats, &mut random);
        }
        checked
    }

    fn source(&mut self, shape: Shape, values: Values, random: &mut Random) -> Value {
        let sizes: Vec<usize> = shape.dims().iter().map(|dim| dim.at(self.batch)).collect();
        let count = sizes.iter().product();
        self.data.push(Array::new(sizes, (0..count).map(|_| values.draw(random)).collect()));
        self.types.push(Type { dtype: values.dtype(), shape });
        let ty = self.types[self.types.len() - 1].clone();
        self.graph.source(Source::Data(self.types.len() - 1), ty)
    }

    /// Adds Σ random · ys and its gradients by the float inputs.
    fn differentiate(&mut self, ys: &[Value], inputs: &[Value], floats: &[usize], random: &mut Random) -> Vec<Value> {
        let mut sum = self.graph.number(0.0).unwrap();
        for &y in ys {
            let weights = self.source(self.graph.shape(y), Values::Signed(0.5, 1.0), random);
            let product = self.graph.mul(y, weights).unwrap();
            let axes: Vec<usize> = (0..self.graph.ty(y).shape.rank()).collect();
            let part = self.graph.sum_axes(product, &axes, false).unwrap();
            sum = self.graph.add(sum, part).unwrap();
        }
        let xs: Vec<Value> = floats.iter().map(|&i| inputs[i]).collect();
        let grads = self.graph.gradients(&[(sum, None)], &xs).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let zeros = |graph: &mut Graph, x: Value| graph.fill_like(x, 0.0).unwrap();
        let grads: Vec<Value> =
            grads.iter().zip(&xs).map(|(grad, &x)| grad.unwrap_or_else(|| zeros(&mut self.graph, x))).collect();
        self.sums.push(sum);
        self.gradients.push(floats.iter().copied().zip(grads.iter().copied()).collect());
        grads
    }

    fn roots(&self) -> Vec<Value> {
        let gradients = self.gradients.iter().flatten().map(|(_, grad)| *grad);
        self.ys.iter().copied().chain(gradients).collect()
    }

    fn run(&self, roots: &[Value], threads: usize) -> Vec<Vec<u8>> {
        let result = run(&self.graph, roots, self.batch, threads, &self.data);
        result.unwrap_or_else(|error| panic!("{}: {error}", self.name)).0
    }

    fn oracle(&self, data: &[Array]) -> Vec<Array> {
        oracle(&self.graph, self.batch, data).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// Value and gradients in f32 are within the bound of the oracle.
    pub fn forward(&self) {
        let (roots, exact) = (self.roots(), self.oracle(&self.data));
        let largest = |x: &[f64]| x.iter().fold(0.0f64, |max, x| if x.is_finite() { max.max(x.abs()) } else { max });
        let inputs = self.data.iter().map(|x| largest(&x.data)).fold(0.0, f64::max);
        let longest = self.data.iter().map(|x| x.data.len()).max().unwrap_or(0) as f64;
        for (n, (root, got)) in roots.iter().zip(self.run(&roots, 1)).enumerate() {
            let (want, got) = (&exact[root.index()].data, numbers(&got, self.graph.ty(*root).dtype));
            assert_eq!(want.len(), got.len(), "{}: sizes", self.name);
            let scale = largest(want).max(inputs);
            // Gradients are compositions, of sums over whole arrays among others.
            let bound = if n < self.ys.len() { self.case.bound } else { Bound::All(64.0 + 8.0 * longest) };
            for (i, (&want, &got)) in want.iter().zip(&got).enumerate() {
                let allowed = match bound {
                    Bound::Each(units) => units * U * want.abs(),
                    Bound::All(units) => units * U * scale,
                };
                let fits = (want - got).abs() <= allowed || want == got || want.is_nan() && got.is_nan();
                assert!(fits, "{} (root {n}, element {i}): expected {want}, got {got}\n{:?}", self.name, self.case);
            }
        }
    }

    /// The oracle's gradients are its differences.
    pub fn gradients(&self) {
        let exact = self.oracle(&self.data);
        for order in 0..self.sums.len() {
            for &(input, grad) in &self.gradients[order] {
                let count = self.data[input].data.len();
                let magnitude = exact[self.sums[order].index()].data[0].abs();
                for at in (0..count).step_by(count / 8 + 1) {
                    let x = self.data[input].data[at];
                    let h = 1e-5 * x.abs().max(1.0);
                    let at_offset = |offset: f64| {
                        let mut data = self.data.clone();
                        data[input].data[at] = x + offset;
                        self.oracle(&data)[self.sums[order].index()].data[0]
                    };
                    let (want, got) = ((at_offset(h) - at_offset(-h)) / (2.0 * h), exact[grad.index()].data[at]);
                    let fits = (want - got).abs() <= 1e-6 * (1.0 + want.abs() + magnitude);
                    let derivative = order + 1;
                    let name = self.name;
                    assert!(
                        fits,
                        "{name} (derivative {derivative} by input {input}[{at}]): {want} by differences, got {got}\n{:?}",
                        self.case
                    );
                }
            }
        }
    }

    /// Keeping every value alive forbids in-place work and fusion; it changes no bit.
    pub fn same_bits_apart(&self) {
        let roots = self.roots();
        let mut all = roots.clone();
        all.extend((0..self.graph.types.len() as u32).map(Value));
        let (together, apart) = (self.run(&roots, 1), self.run(&all, 1));
        for (n, (expected, got)) in apart.iter().zip(&together).enumerate() {
            assert!(expected == got, "{} (root {n}): other bits in place or fused\n{:?}", self.name, self.case);
        }
    }

    /// Doing the work in turns changes no bit.
    pub fn same_bits_in_turns(&self, threads: usize, parts: &[usize]) {
        let (roots, expected) = (self.roots(), self.bits(threads));
        for &parts in parts {
            let got = run_in_turns(&self.graph, &roots, self.batch, threads, &self.data, parts);
            let (got, _) = got.unwrap_or_else(|error| panic!("{}: {error}", self.name));
            assert!(expected == got, "{}: other bits in turns of {parts} parts\n{:?}", self.name, self.case);
        }
    }

    /// Value and gradients, every bit.
    pub fn bits(&self, threads: usize) -> Vec<Vec<u8>> {
        self.run(&self.roots(), threads)
    }
}
