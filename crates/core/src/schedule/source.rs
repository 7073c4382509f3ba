//! Where a number of a step comes from: a constant, a schedule, several of them in turn or multiplied, or values that a
//! user's function gave for the coming steps beforehand. Refuses bytes that say anything else. Nothing calls back into
//! JavaScript.

use super::join::Join;
use super::points::Points;
use super::product::Product;
use super::{Schedule, build};
use crate::error::Result;
use crate::part;
use crate::reader::Reader;

/// How deep schedules may nest.
const DEPTH: usize = 8;

/// A number as a function of the step, counted from 0.
pub enum Source {
    /// The same at every step; NaN stands for an option that is off.
    Constant(f64),
    /// A pure function of the step.
    Schedule(Box<dyn Schedule>),
    /// Values of the steps from `first` on.
    Table {
        /// The step of the first value.
        first: u64,
        /// One value a step.
        values: Vec<f64>,
    },
}

impl Source {
    /// The value at `step`; NaN where a table has none.
    pub fn at(&self, step: u64) -> f64 {
        match self {
            Source::Constant(value) => *value,
            Source::Schedule(schedule) => schedule.at(step),
            Source::Table { first, values } => {
                let position = step.checked_sub(*first).and_then(|position| usize::try_from(position).ok());
                position.and_then(|position| values.get(position)).copied().unwrap_or(f64::NAN)
            }
        }
    }

    /// Reads a tag and what belongs to it: 0 constant, 1 schedule by name, 2 table, 3 [`Join`], 4 [`Product`],
    /// 5 [`Points`].
    ///
    /// # Errors
    /// `PLAN_INVALID`, `UNKNOWN_NAME`.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        Self::nested(reader, DEPTH)
    }

    fn nested(reader: &mut Reader<'_>, depth: usize) -> Result<Self> {
        let tag = reader.u8()?;
        match tag {
            0 => return Ok(Source::Constant(reader.f64()?)),
            2 => {
                let first = reader.varuint()?;
                return Ok(Source::Table { first, values: numbers(reader)? });
            }
            _ => {}
        }
        // Pure functions of the step are in the second part of the WASM module.
        part::second(|| Self::function(reader, tag, depth))
    }

    fn function(reader: &mut Reader<'_>, tag: u8, depth: usize) -> Result<Self> {
        if depth == 0 && tag > 2 {
            return Err(reader.invalid(format_args!("schedules nested at most {DEPTH} deep"), "more"));
        }
        Ok(match tag {
            1 => {
                let name = reader.str()?;
                let numbers = numbers(reader)?;
                Source::Schedule(build(name, &numbers)?)
            }
            3 => {
                let count = reader.count(2)?;
                let part = |reader: &mut Reader<'_>| Ok((reader.varuint()?, Self::nested(reader, depth - 1)?));
                let parts = (0..count).map(|_| part(reader)).collect::<Result<_>>()?;
                let join = Join::new(parts).ok_or_else(|| reader.invalid("starts that rise from 0", "others"))?;
                Source::Schedule(Box::new(join))
            }
            4 => {
                let count = reader.count(1)?;
                let factors = (0..count).map(|_| Self::nested(reader, depth - 1)).collect::<Result<_>>()?;
                Source::Schedule(Box::new(Product(factors)))
            }
            5 => {
                let cosine = reader.u8()? == 1;
                let count = reader.count(16)?;
                let points = (0..count).map(|_| Ok((reader.f64()?, reader.f64()?))).collect::<Result<_>>()?;
                let points = Points::new(points, cosine).ok_or_else(|| reader.invalid("points that rise", "others"))?;
                Source::Schedule(Box::new(points))
            }
            tag => return Err(reader.invalid("a source of numbers (0 to 5)", tag)),
        })
    }
}

fn numbers(reader: &mut Reader<'_>) -> Result<Vec<f64>> {
    let count = reader.count(8)?;
    (0..count).map(|_| reader.f64()).collect()
}
