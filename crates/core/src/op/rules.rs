//! What shape rules have in common: counts and dtypes of inputs, NumPy's broadcasting, axes.

use crate::error::{Code, Error, Result};
use crate::graph::types::{DType, Dim, MAX_RANK, Shape, Type};

/// That there are `n` inputs.
pub fn inputs(types: &[&Type], n: usize) -> Result<()> {
    match types.len() == n {
        true => Ok(()),
        false => Err(Error::of(Code::PlanInvalid, || format!("expected {n} inputs, got {}", types.len()))),
    }
}

/// That a value is of `dtype`.
pub fn dtype(ty: &Type, dtype: DType) -> Result<()> {
    match ty.dtype == dtype {
        true => Ok(()),
        false => Err(Error::of(Code::InvalidDtype, || format!("expected {}, got {ty}", dtype.name()))),
    }
}

/// That there are `n` inputs, all float32.
pub fn floats(types: &[&Type], n: usize) -> Result<()> {
    inputs(types, n)?;
    types.iter().try_for_each(|ty| dtype(ty, DType::F32))
}

/// That two shapes are equal.
pub fn same_shape(expected: &Shape, got: &Shape) -> Result<()> {
    match expected == got {
        true => Ok(()),
        false => Err(Error::of(Code::ShapeMismatch, || format!("expected {expected}, got {got}"))),
    }
}

/// The shape two shapes broadcast to: aligned at the right, axes equal or one of them 1.
pub fn broadcast(a: &Shape, b: &Shape) -> Result<Shape> {
    let rank = a.rank().max(b.rank());
    let dim = |shape: &Shape, axis: usize| match (axis + shape.rank()).checked_sub(rank) {
        Some(own) => shape.dims()[own],
        None => Dim::ONE,
    };
    let merged: Option<Vec<Dim>> = (0..rank)
        .map(|axis| match (dim(a, axis), dim(b, axis)) {
            (x, y) if x == y || y.is_one() => Some(x),
            (x, y) if x.is_one() => Some(y),
            _ => None,
        })
        .collect();
    let refused = || Error::of(Code::ShapeMismatch, || format!("expected shapes that broadcast, got {a} and {b}"));
    Shape::new(merged.ok_or_else(refused)?)
}

/// An axis below `rank`; negative ones count from the end.
pub fn axis(axis: i64, rank: usize) -> Result<usize> {
    let own = if axis < 0 { axis + rank as i64 } else { axis };
    match usize::try_from(own) {
        Ok(own) if own < rank => Ok(own),
        _ => Err(Error::of(Code::InvalidValue, || format!("axis: expected one of {rank}, got {axis}"))),
    }
}

/// Which of `rank` axes are in the list.
pub fn axes(list: &[i64], rank: usize) -> Result<[bool; MAX_RANK]> {
    let mut among = [false; MAX_RANK];
    for &entry in list {
        if std::mem::replace(&mut among[axis(entry, rank)?], true) {
            return Err(Error::of(Code::InvalidValue, || format!("axes: expected each once, got {entry} twice")));
        }
    }
    Ok(among)
}

/// The last axis.
pub fn last(ty: &Type) -> Result<Dim> {
    let none = || Error::of(Code::ShapeMismatch, || format!("expected at least one axis, got {ty}"));
    ty.dims().last().copied().ok_or_else(none)
}

/// The last axis at batch `b`; that of a shape the rule has checked.
pub fn width(ty: &Type, b: usize) -> usize {
    ty.dims().last().map_or(1, |dim| dim.at(b))
}

/// Whether a value has a first axis of B and no other that depends on it.
pub fn is_of_rows(ty: &Type) -> bool {
    ty.dims().first() == Some(&Dim { coef: 1, power: 1 }) && ty.size().power == 1
}

/// Whether the values with a first axis of B have one rank: then broadcasting leaves that axis as it is.
pub fn one_rank_of_rows(types: &[Type]) -> bool {
    let mut ranks = types.iter().filter(|ty| ty.size().power > 0).map(|ty| ty.shape.rank());
    let first = ranks.next();
    ranks.all(|rank| Some(rank) == first)
}
