//! What a value is before it exists: its dtype and its shape. A dimension is `coef · B^power`, where B is the one free
//! size of a plan (the batch): 0 is a fixed size, 1 the batch itself, 2 a batch × batch matrix folded into one axis.

use crate::error::{Code, Error, Result};
use std::fmt;

/// Most axes a shape may have.
pub const MAX_RANK: usize = 16;
/// Most elements one value may have: 2³¹ − 1, so that every index fits 32 bits on every target.
pub const MAX_ELEMENTS: usize = i32::MAX as usize;
/// The highest power of the batch in a dimension or a size.
const MAX_POWER: u8 = 4;

/// The kinds of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    F32,
    I32,
    U8,
    Bool,
}

impl DType {
    /// Bytes of one element.
    pub const fn bytes(self) -> usize {
        match self {
            DType::F32 | DType::I32 => 4,
            DType::U8 | DType::Bool => 1,
        }
    }

    /// From the tag in a plan or call.
    pub fn from_tag(tag: u8) -> Result<Self> {
        [DType::F32, DType::I32, DType::U8, DType::Bool]
            .get(tag as usize)
            .copied()
            .ok_or_else(|| Error::of(Code::PlanInvalid, || format!("dtype: expected a tag below 4, got {tag}")))
    }

    /// The name JavaScript uses.
    pub const fn name(self) -> &'static str {
        match self {
            DType::F32 => "float32",
            DType::I32 => "int32",
            DType::U8 => "uint8",
            DType::Bool => "bool",
        }
    }
}

/// One axis: `coef · B^power`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dim {
    pub coef: usize,
    pub power: u8,
}

impl Dim {
    pub const ONE: Dim = Dim::fixed(1);

    /// A size that does not depend on the batch.
    pub const fn fixed(coef: usize) -> Self {
        Dim { coef, power: 0 }
    }

    /// The size at batch `b`. Plans check at compile time that it fits for the largest batch.
    #[inline]
    pub fn at(self, b: usize) -> usize {
        match self.power {
            0 => self.coef,
            1 => self.coef.saturating_mul(b),
            power => (0..power).fold(self.coef, |size, _| size.saturating_mul(b)),
        }
    }

    /// The product, if it stays within the limits of a dimension.
    pub fn times(self, other: Dim) -> Result<Dim> {
        let coef = self.coef.checked_mul(other.coef).filter(|&c| c <= MAX_ELEMENTS);
        let power = self.power + other.power;
        match coef {
            Some(0) => Ok(Dim::fixed(0)),
            Some(coef) if power <= MAX_POWER => Ok(Dim { coef, power }),
            _ => Err(Error::of(Code::InvalidShape, || {
                format!("size: expected at most {MAX_ELEMENTS} elements, got {self} x {other}")
            })),
        }
    }

    pub fn is_one(self) -> bool {
        self == Dim::ONE
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.coef, self.power) {
            (c, 0) => write!(f, "{c}"),
            (1, 1) => write!(f, "B"),
            (c, 1) => write!(f, "{c}B"),
            (1, p) => write!(f, "B^{p}"),
            (c, p) => write!(f, "{c}B^{p}"),
        }
    }
}

/// The axes of a value, outermost first. Its size has been checked when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Shape(Vec<Dim>);

impl Shape {
    pub fn new(dims: impl Into<Vec<Dim>>) -> Result<Self> {
        let dims = dims.into();
        if dims.len() > MAX_RANK {
            let rank = dims.len();
            return Err(Error::of(Code::InvalidShape, || {
                format!("shape: expected at most {MAX_RANK} axes, got {rank}")
            }));
        }
        extent(&dims)?;
        Ok(Shape(dims))
    }

    pub fn scalar() -> Self {
        Shape(Vec::new())
    }

    pub fn dims(&self) -> &[Dim] {
        &self.0
    }

    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Number of elements.
    pub fn size(&self) -> Dim {
        product(&self.0)
    }

    /// The sizes at batch `b`, written to the start of `out`.
    pub fn at<'a>(&self, b: usize, out: &'a mut [usize; MAX_RANK]) -> &'a [usize] {
        for (slot, dim) in out.iter_mut().zip(&self.0) {
            *slot = dim.at(b);
        }
        &out[..self.0.len()]
    }
}

/// The product with axes of size 0 counted as 1: where it is within the limits, so is that of any part of the axes.
fn extent(dims: &[Dim]) -> Result<Dim> {
    dims.iter().try_fold(Dim::ONE, |size, &Dim { coef, power }| size.times(Dim { coef: coef.max(1), power }))
}

/// The product of sizes that a checked shape holds: within limits, so it cannot fail.
pub fn product(dims: &[Dim]) -> Dim {
    dims.iter().fold(Dim::ONE, |size, &dim| size.times(dim).unwrap_or(Dim::fixed(0)))
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dims: Vec<String> = self.0.iter().map(Dim::to_string).collect();
        write!(f, "[{}]", dims.join(", "))
    }
}

/// What a value is: dtype and shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Type {
    pub dtype: DType,
    pub shape: Shape,
}

impl Type {
    pub fn f32(shape: Shape) -> Self {
        Type { dtype: DType::F32, shape }
    }

    pub fn dims(&self) -> &[Dim] {
        self.shape.dims()
    }

    pub fn size(&self) -> Dim {
        self.shape.size()
    }

    /// Bytes at batch `b`, or an error where the size, or that of a part of the axes, passes the limits.
    pub fn bytes(&self, b: usize) -> Result<usize> {
        let size = self.size().at(b);
        if extent(self.dims())?.at(b) > MAX_ELEMENTS {
            return Err(Error::of(Code::InvalidShape, || {
                format!("value: expected at most {MAX_ELEMENTS} elements, got {self} with B = {b}")
            }));
        }
        size.checked_mul(self.dtype.bytes()).ok_or_else(|| {
            let message = || format!("value: expected to lie within {} bytes, got {self} with B = {b}", usize::MAX);
            Error::of(Code::OutOfMemory, message)
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.dtype.name(), self.shape)
    }
}
