//! `affine_transform`: images seen through an affine map of their own each. It and its gradient by the images are each
//! other's gradients; none flows to the maps, as in Keras. Refuses images without a pixel.

use super::oracle::Oracle;
use super::{Entry, Grad, Op, Site, rules};
use crate::error::{Code, Error, Result};
use crate::graph::types::{Dim, Shape, Type};
use crate::graph::{Attrs, Graph, Value};
use crate::kernel::io::Io;
use crate::kernel::resample::{Edge, Resample};
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal(
    "affine_transform",
    "Images (B, height, width, channels) through maps (B or 1, 6) of columns and rows of the output to those of the input.",
    make,
);

#[derive(Clone, Debug)]
struct AffineTransform {
    /// Height and width of the output.
    size: [usize; 2],
    edge: Edge,
    bilinear: bool,
    fill: f32,
    /// Of the gradient, which takes dy: the type of x.
    gradient_by: Option<Type>,
}

fn make(attrs: &Attrs) -> Result<Arc<dyn Op>> {
    let edge = match attrs.string("edge")? {
        "constant" => Edge::Constant,
        "nearest" => Edge::Nearest,
        "reflect" => Edge::Reflect,
        "wrap" => Edge::Wrap,
        got => {
            return Err(Error::of(Code::InvalidValue, || {
                format!("edge: expected constant, nearest, reflect or wrap, got '{got}'")
            }));
        }
    };
    let (size, fill) = ([attrs.size("height")?, attrs.size("width")?], attrs.float("fill")? as f32);
    Ok(Arc::new(AffineTransform { size, edge, bilinear: attrs.flag("bilinear")?, fill, gradient_by: None }))
}

impl AffineTransform {
    fn x<'a>(&'a self, input: &'a Type) -> &'a Type {
        self.gradient_by.as_ref().unwrap_or(input)
    }

    /// The type of what is seen of images.
    fn seen(&self, x: &Type, maps: &Type) -> Result<Type> {
        let refused = || {
            Error::of(Code::ShapeMismatch, || {
                format!("expected images (B, height, width, channels) and maps (B or 1, 6), got {x} and {maps}")
            })
        };
        let [batch, height, width, channels] = *x.dims() else { return Err(refused()) };
        let fixed = [height, width, channels].iter().all(|dim| dim.power == 0) && height.coef > 0 && width.coef > 0;
        let each = matches!(*maps.dims(), [n, Dim { coef: 6, power: 0 }] if n == batch || n.is_one());
        if !fixed || !each {
            return Err(refused());
        }
        let [rows, columns] = self.size.map(Dim::fixed);
        Ok(Type::f32(Shape::new(vec![batch, rows, columns, channels])?))
    }

    fn resample<'a>(&self, x: &Type, maps: &'a [f32]) -> Resample<'a> {
        let (input, channels) = ([x.dims()[1].coef, x.dims()[2].coef], x.dims()[3].coef);
        let AffineTransform { size: output, edge, bilinear, fill, .. } = *self;
        Resample { input, output, channels, edge, bilinear, fill, maps }
    }

    /// What a pixel of the output sees, in f64: places and weights.
    fn taps(&self, x: &Type, m: &[f64], row: usize, column: usize) -> Vec<(Option<usize>, f64)> {
        let (height, width) = (x.dims()[1].coef, x.dims()[2].coef);
        let at = |m: &[f64]| m[0] * column as f64 + m[1] * row as f64 + m[2];
        let (across, down) = (at(&m[..3]), at(&m[3..]));
        // A hat over each pixel, or a box.
        let near = |at: f64| {
            if self.bilinear { [at.floor(), at.floor() + 1.0] } else { [(at + 0.5).floor(), f64::NAN] }
        };
        let weight = |at: f64, place: f64| if self.bilinear { 1.0 - (at - place).abs() } else { 1.0 };
        let mut taps = Vec::new();
        for row in near(down).into_iter().filter(|row| !row.is_nan()) {
            for column in near(across).into_iter().filter(|column| !column.is_nan()) {
                let place = self.edge.place(row as i64, height).zip(self.edge.place(column as i64, width));
                taps.push((
                    place.map(|(row, column)| row * width + column),
                    weight(down, row) * weight(across, column),
                ));
            }
        }
        taps
    }
}

impl Op for AffineTransform {
    fn name(&self) -> &'static str {
        if self.gradient_by.is_some() { "affine_transform_grad" } else { "affine_transform" }
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::floats(inputs, 2)?;
        let seen = self.seen(self.x(inputs[0]), inputs[1])?;
        match &self.gradient_by {
            None => Ok(vec![seen]),
            Some(x) => {
                rules::same_shape(&seen.shape, &inputs[0].shape)?;
                Ok(vec![x.clone()])
            }
        }
    }

    fn forward(&self, io: &Io<'_>) -> Result<()> {
        let resample = self.resample(self.x(io.input_type(0)), io.input(1));
        match self.gradient_by {
            None => resample.forward(io.input(0), io.output(0)),
            Some(_) => resample.gradient(io.input(0), io.output(0)),
        }
        Ok(())
    }

    fn oracle(&self, x: &mut Oracle<'_>) -> Result<()> {
        let of = self.x(x.types[0]);
        let channels = of.dims()[3].coef;
        let ([height, width], maps) = (self.size, &x.inputs[1]);
        let mut out = vec![0.0; x.dims[0].iter().product()];
        if channels == 0 {
            x.set(out);
            return Ok(());
        }
        let pixels = of.dims()[1].coef * of.dims()[2].coef;
        for i in 0..of.dims()[0].at(x.batch) * height * width {
            let image = i / (height * width);
            let map = if maps.dims[0] == 1 { 0 } else { 6 * image };
            let data = &x.inputs[0].data;
            for (place, weight) in self.taps(of, &maps.data[map..map + 6], i / width % height, i % width) {
                for channel in 0..channels {
                    let seen = place.map(|place| (image * pixels + place) * channels + channel);
                    let own = i * channels + channel;
                    match (&self.gradient_by, seen) {
                        (None, Some(seen)) => out[own] += weight * data[seen],
                        (None, None) => out[own] += weight * f64::from(self.fill),
                        (Some(_), Some(seen)) => out[seen] += weight * data[own],
                        (Some(_), None) => {}
                    }
                }
            }
        }
        x.set(out);
        Ok(())
    }

    fn backward(&self, graph: &mut Graph, site: &Site<'_>, grads: &[Option<Value>]) -> Result<Vec<Grad>> {
        let Some(g) = grads[0].filter(|_| site.wanted[0]) else { return Ok(vec![Grad::None, Grad::None]) };
        let gradient_by = match self.gradient_by {
            None => Some(graph.ty(site.inputs[0]).clone()),
            Some(_) => None,
        };
        // What lies beyond the edges does not change with the images.
        let op = AffineTransform { gradient_by, fill: 0.0, ..self.clone() };
        Ok(vec![Grad::Value(graph.apply(op, &[g, site.inputs[1]])?), Grad::None])
    }

    fn cost(&self, types: &[Type], batch: usize) -> f64 {
        let [places, channels] = [self.size[0] as f64 * self.size[1] as f64, types[0].dims()[3].coef as f64];
        places * types[0].dims()[0].at(batch) as f64 * (8.0 + 2.0 * channels) + 20.0
    }
}
