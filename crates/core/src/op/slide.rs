//! What ops that move a window have in common: its strides, dilation and padding, as attributes, and the sizes that follow.
//! Values are [batch, one to three axes…, channels]; only the batch may depend on B.

use crate::error::{Code, Error, Result};
use crate::graph::Attrs;
use crate::graph::types::{Dim, MAX_ELEMENTS, Shape, Type};
use crate::kernel::window::{AXES, Window};

/// How a window moves; missing axes are leading ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slide {
    pub axes: usize,
    stride: [usize; AXES],
    dilation: [usize; AXES],
    low: [usize; AXES],
    high: [usize; AXES],
}

/// A list of one to three numbers of at least `least`, with `missing` for the leading axes it does not have.
pub fn sizes(attrs: &Attrs, name: &str, least: i64, missing: usize) -> Result<(usize, [usize; AXES])> {
    let list = attrs.ints(name)?;
    let fits = |&x: &i64| x >= least && x <= MAX_ELEMENTS as i64;
    if list.is_empty() || list.len() > AXES || !list.iter().all(fits) {
        let message = format!("{name}: expected 1 to {AXES} whole numbers from {least} on, got others");
        return Err(Error::new(Code::InvalidValue, message));
    }
    let mut sizes = [missing; AXES];
    for (size, &x) in sizes[AXES - list.len()..].iter_mut().zip(list) {
        *size = x as usize;
    }
    Ok((list.len(), sizes))
}

impl Slide {
    /// From `strides`, `dilation`, `low` and `high`: places of padding before the first and after the last.
    pub fn read(attrs: &Attrs) -> Result<Self> {
        let (axes, stride) = sizes(attrs, "strides", 1, 1)?;
        let others = [sizes(attrs, "dilation", 1, 1)?, sizes(attrs, "low", 0, 0)?, sizes(attrs, "high", 0, 0)?];
        if others.iter().any(|other| other.0 != axes) {
            let message =
                format!("window: expected {axes} numbers for dilation and padding as for strides, got others");
            return Err(Error::new(Code::InvalidValue, message));
        }
        let [dilation, low, high] = others.map(|other| other.1);
        Ok(Slide { axes, stride, dilation, low, high })
    }

    /// The window over an input of these sizes, or that it does not fit.
    pub fn window(&self, input: [usize; AXES], kernel: [usize; AXES]) -> Result<Window> {
        let Slide { stride, dilation, low, high, .. } = *self;
        let mut output = [0; AXES];
        for axis in 0..AXES {
            let padded = input[axis] as u64 + low[axis] as u64 + high[axis] as u64;
            let reach = (kernel[axis].max(1) as u64 - 1) * dilation[axis] as u64 + 1;
            if kernel[axis] == 0 || reach > padded || padded > MAX_ELEMENTS as u64 {
                let axis = axis + self.axes - AXES;
                let message = format!("axis {axis}: expected a kernel within {padded} places, got one of {reach}");
                return Err(Error::new(Code::ShapeMismatch, message));
            }
            output[axis] = ((padded - reach) / stride[axis] as u64 + 1) as usize;
        }
        Ok(Window { input, kernel, output, stride, dilation, low })
    }

    /// The window between shapes that have been checked.
    pub fn between(&self, input: [usize; AXES], kernel: [usize; AXES], output: [usize; AXES]) -> Window {
        Window { input, kernel, output, stride: self.stride, dilation: self.dilation, low: self.low }
    }

    /// The axes of a value behind `first` others and before `last` others, which all have fixed sizes but for a batch.
    pub fn inner(&self, ty: &Type, first: usize, last: usize) -> Result<[usize; AXES]> {
        let dims = ty.dims();
        let fixed = dims.iter().skip(first).all(|dim| dim.power == 0);
        if dims.len() != first + self.axes + last || !fixed {
            let message = format!("expected {} axes, fixed but for the batch, got {ty}", first + self.axes + last);
            return Err(Error::new(Code::ShapeMismatch, message));
        }
        Ok(self.pick(ty, first))
    }

    /// The same of a value that has been checked.
    pub fn pick(&self, ty: &Type, first: usize) -> [usize; AXES] {
        let mut sizes = [1; AXES];
        for (size, dim) in sizes[AXES - self.axes..].iter_mut().zip(&ty.dims()[first..]) {
            *size = dim.coef;
        }
        sizes
    }

    /// A float32 value with these axes between others.
    pub fn value(&self, first: &[Dim], sizes: [usize; AXES], last: &[usize]) -> Result<Type> {
        let inner = sizes[AXES - self.axes..].iter().chain(last).map(|&size| Dim::fixed(size));
        Ok(Type::f32(Shape::new(first.iter().copied().chain(inner).collect::<Vec<_>>())?))
    }
}
