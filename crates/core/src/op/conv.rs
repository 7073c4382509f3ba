//! `conv`: convolution over one to three axes, channels last, with the bias and the activation that follow done on finished
//! rows; its gradients by the input (`conv_transpose`) and by the kernel. Each is differentiated by the other two.

use super::oracle::Oracle;
use super::slide::{Slide, sizes};
use super::{Entry, Epilogue, Grad, Map, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{Dim, Type};
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::conv::{self, Conv as Kernel};
use crate::kernel::gemm;
use crate::kernel::io::Io;
use crate::kernel::window::AXES;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal(
    "conv",
    "Convolution, channels last: x [batch, places…, channels] with [taps…, channels / groups, filters].",
    |attrs| Ok(Arc::new(Conv::new(attrs, Role::Output)?)),
);

/// Which of x, w and y is reckoned from the other two, in that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Output,
    /// x, of the sizes given.
    Input([usize; AXES]),
    /// w, of the sizes given.
    Weights([usize; AXES]),
}

#[derive(Clone, Copy, Debug)]
pub struct Conv {
    slide: Slide,
    groups: usize,
    role: Role,
    bias: bool,
    map: Option<Map>,
}

impl Conv {
    pub fn new(attrs: &Attrs, role: Role) -> Result<Self> {
        let (slide, groups) = (Slide::read(attrs)?, attrs.size("groups")?);
        match groups {
            0 => Err(Error::new(Code::InvalidValue, "groups: expected at least 1, got 0".to_string())),
            _ => Ok(Conv { slide, groups, role, bias: false, map: None }),
        }
    }

    /// The transposed convolution whose result has the sizes `size`.
    pub fn transposed(attrs: &Attrs) -> Result<Self> {
        let (axes, size) = sizes(attrs, "size", 0, 1)?;
        let conv = Conv::new(attrs, Role::Input(size))?;
        match axes == conv.slide.axes {
            true => Ok(conv),
            false => {
                Err(Error::new(Code::InvalidValue, "size: expected a number for each axis, got others".to_string()))
            }
        }
    }

    fn with(&self, role: Role) -> Self {
        Conv { role, bias: false, map: None, ..*self }
    }

    /// x, w and y among the types of inputs and the output.
    fn operands<'a>(&self, types: &'a [Type]) -> [&'a Type; 3] {
        let (first, second, result) = (&types[0], &types[1], &types[types.len() - 1]);
        match self.role {
            Role::Output => [first, second, result],
            Role::Input(_) => [result, second, first],
            Role::Weights(_) => [first, result, second],
        }
    }

    fn kernel(&self, types: &[Type], batch: usize) -> Kernel {
        let [x, w, y] = self.operands(types);
        let window = self.slide.between(self.slide.pick(x, 1), self.slide.pick(w, 0), self.slide.pick(y, 1));
        let last = |ty: &Type| ty.dims()[ty.shape.rank() - 1].coef;
        Kernel { window, batch: x.dims()[0].at(batch), channels: last(x), filters: last(y), groups: self.groups }
    }

    /// Channels and filters that fit to each other and to the groups.
    fn channels(&self, channels: usize, filters: usize, of_kernel: Option<usize>) -> Result<usize> {
        let groups = self.groups;
        let own = channels / groups;
        if channels.is_multiple_of(groups) && filters.is_multiple_of(groups) && of_kernel.is_none_or(|of| of == own) {
            return Ok(own);
        }
        let of_kernel = of_kernel.unwrap_or(own);
        let message = format!(
            "expected channels and filters that {groups} groups divide, got {channels} channels, {filters} filters and a kernel of {of_kernel} channels"
        );
        Err(Error::new(Code::ShapeMismatch, message))
    }
}

impl Op for Conv {
    fn name(&self) -> &'static str {
        match self.role {
            Role::Output => "conv",
            Role::Input(_) => "conv_transpose",
            Role::Weights(_) => "conv_weights",
        }
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 2 + usize::from(self.bias))?;
        let (slide, groups) = (&self.slide, self.groups);
        let last = |ty: &Type, back: usize| ty.dims()[ty.shape.rank() - back].coef;
        let fits = |window: crate::kernel::window::Window, y: [usize; AXES]| match window.output == y {
            true => Ok(()),
            false => {
                let message = format!("expected an operand of sizes {:?}, got {y:?}", window.output);
                Err(Error::new(Code::ShapeMismatch, message))
            }
        };
        let result = match self.role {
            Role::Output => {
                let (x, w) = (inputs[0], inputs[1]);
                let window = slide.window(slide.inner(x, 1, 1)?, slide.inner(w, 0, 2)?)?;
                self.channels(last(x, 1), last(w, 1), Some(last(w, 2)))?;
                slide.value(&x.dims()[..1], window.output, &[last(w, 1)])?
            }
            Role::Input(size) => {
                let (y, w) = (inputs[0], inputs[1]);
                fits(slide.window(size, slide.inner(w, 0, 2)?)?, slide.inner(y, 1, 1)?)?;
                let channels = Dim::fixed(last(w, 2)).times(Dim::fixed(groups))?.coef;
                let (of_y, filters) = (last(y, 1), last(w, 1));
                if of_y != filters {
                    let message = format!("expected {filters} channels as the kernel has filters, got {of_y}");
                    return Err(Error::new(Code::ShapeMismatch, message));
                }
                self.channels(channels, filters, None)?;
                slide.value(&y.dims()[..1], size, &[channels])?
            }
            Role::Weights(size) => {
                let (x, y) = (inputs[0], inputs[1]);
                fits(slide.window(slide.inner(x, 1, 1)?, size)?, slide.inner(y, 1, 1)?)?;
                let own = self.channels(last(x, 1), last(y, 1), None)?;
                slide.value(&[], size, &[own, last(y, 1)])?
            }
        };
        Ok(vec![result])
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let kernel = self.kernel(io.types(), io.batch);
        let (a, b, out, scratch) = (io.input(0), io.input(1), io.output(0), io.scratch());
        match self.role {
            Role::Output => {
                let bias = self.bias.then(|| io.input(2));
                let epilogue = gemm::Epilogue { bias, map: self.map.map(|(map, _)| map) };
                conv::forward(&kernel, a, b, out, epilogue, scratch);
            }
            Role::Input(_) => conv::by_input(&kernel, a, b, out, scratch),
            Role::Weights(_) => conv::by_weights(&kernel, a, b, out, scratch),
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let result = self.infer(&x.types)?;
        let types: Vec<Type> = x.types.iter().copied().cloned().chain(result).collect();
        let kernel = self.kernel(&types, x.batch);
        let (a, b) = (&x.inputs[0].data, &x.inputs[1].data);
        let mut sums = vec![0.0; x.dims[0].iter().product()];
        each_product(&kernel, &mut |at_x, at_w, at_y| match self.role {
            Role::Output => sums[at_y] += a[at_x] * b[at_w],
            Role::Input(_) => sums[at_x] += a[at_y] * b[at_w],
            Role::Weights(_) => sums[at_w] += a[at_x] * b[at_y],
        });
        for (i, sum) in sums.iter_mut().enumerate() {
            let bias = if self.bias { x.inputs[2].data[i % kernel.filters] } else { 0.0 };
            *sum = self.map.map_or(*sum + bias, |(_, map)| map(*sum + bias));
        }
        x.set(sums);
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(g) = grads[0] else { return Ok(vec![Grad::None, Grad::None]) };
        let (a, b) = (site.inputs[0], site.inputs[1]);
        let by_input = |graph: &Graph, x: Value| self.with(Role::Input(self.slide.pick(graph.ty(x), 1)));
        let by_weights = |graph: &Graph, w: Value| self.with(Role::Weights(self.slide.pick(graph.ty(w), 0)));
        let output = self.with(Role::Output);
        // The op of each gradient, and its operands.
        let parts = match self.role {
            Role::Output => [(by_input(graph, a), [g, b]), (by_weights(graph, b), [a, g])],
            Role::Input(_) => [(output, [g, b]), (by_weights(graph, b), [g, a])],
            Role::Weights(_) => [(by_input(graph, a), [b, g]), (output, [a, g])],
        };
        let mut grads = vec![Grad::None, Grad::None];
        for (i, (op, operands)) in parts.into_iter().enumerate().filter(|(i, _)| site.wanted[*i]) {
            grads[i] = Grad::Value(graph.apply(op, &operands)?);
        }
        Ok(grads)
    }

    fn scratch(&self, types: &[Type], batch: usize, threads: usize) -> usize {
        let kernel = self.kernel(types, batch);
        match self.role {
            Role::Output => conv::forward_scratch_len(&kernel, threads),
            Role::Input(_) => conv::by_input_scratch_len(&kernel, threads),
            Role::Weights(_) => conv::by_weights_scratch_len(&kernel, threads),
        }
    }

    /// At 20 floating-point operations per nanosecond.
    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        let kernel = self.kernel(types, batch);
        let elements = types.iter().map(|ty| ty.size().at(batch) as f64).sum::<f64>();
        let rows = kernel.batch.saturating_mul(kernel.window.positions());
        kernel.flops(rows) as f64 / 20.0 + elements * 0.3 + 100.0
    }

    fn fuse(&self, _next: &dyn Op, epilogue: Option<Epilogue>) -> Option<Arc<dyn Op>> {
        match epilogue? {
            _ if self.role != Role::Output || self.map.is_some() => None,
            Epilogue::AddRow if !self.bias => Some(Arc::new(Conv { bias: true, ..*self })),
            Epilogue::Map(map) => Some(Arc::new(Conv { map: Some(map), ..*self })),
            _ => None,
        }
    }
}

/// Calls `f` with the indices in x, w and y of every product of a convolution.
fn each_product(conv: &Kernel, f: &mut dyn FnMut(usize, usize, usize)) {
    let (window, groups) = (&conv.window, conv.groups);
    let (own, filters) = (conv.channels / groups, conv.filters / groups);
    for row in 0..conv.batch * window.positions() {
        let (sample, position) = (row / window.positions(), index(row % window.positions(), window.output));
        for tap in 0..window.taps() {
            let taps = index(tap, window.kernel);
            let at = |axis: usize| {
                let padded = position[axis] * window.stride[axis] + taps[axis] * window.dilation[axis];
                padded as i64 - window.low[axis] as i64
            };
            let places: [i64; AXES] = std::array::from_fn(at);
            if (0..AXES).any(|axis| places[axis] < 0 || places[axis] >= window.input[axis] as i64) {
                continue;
            }
            let place = (0..AXES).fold(sample, |place, axis| place * window.input[axis] + places[axis] as usize);
            for group in 0..groups {
                for (channel, filter) in (0..own).flat_map(|channel| (0..filters).map(move |filter| (channel, filter)))
                {
                    let filter = group * filters + filter;
                    let at_w = (tap * own + channel) * conv.filters + filter;
                    f(place * conv.channels + group * own + channel, at_w, row * conv.filters + filter);
                }
            }
        }
    }
}

/// A position as an index of each axis.
fn index(i: usize, sizes: [usize; AXES]) -> [usize; AXES] {
    [i / sizes[2] / sizes[1], i / sizes[2] % sizes[1], i % sizes[2]]
}
