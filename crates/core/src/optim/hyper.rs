//! The numbers of an optimizer at a step, each from a source of its own: see `schedule/source.rs`.

use crate::error::Result;
use crate::reader::Reader;
use crate::schedule::Source;

/// The numbers of one optimizer: those all share, then its own.
pub struct Hypers {
    sources: Vec<Source>,
    /// Whether they are the same at every step.
    pub steady: bool,
}

impl Hypers {
    /// Reads one source for each of `count` numbers.
    ///
    /// # Errors
    /// `PLAN_INVALID`, `UNKNOWN_NAME`.
    pub fn decode(reader: &mut Reader<'_>, count: usize) -> Result<Self> {
        let sources = (0..count).map(|_| Source::decode(reader)).collect::<Result<Vec<_>>>()?;
        let steady = sources.iter().all(|source| matches!(source, Source::Constant(_)));
        Ok(Hypers { sources, steady })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.sources.len()
    }

    /// Writes the values of `step`, counted from 0.
    pub fn at(&self, step: u64, values: &mut [f64]) {
        for (value, source) in values.iter_mut().zip(&self.sources) {
            *value = source.at(step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn decodes_every_kind() {
        let mut bytes = vec![0];
        bytes.extend(0.25f64.to_le_bytes());
        bytes.extend([1, 16]);
        bytes.extend(b"ExponentialDecay");
        bytes.push(5);
        for value in [0.5f64, 10.0, 0.25, f64::NAN, 1.0] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend([2, 7, 2]);
        bytes.extend(1.0f64.to_le_bytes());
        bytes.extend(2.0f64.to_le_bytes());
        let hypers = Hypers::decode(&mut Reader::new(&bytes), 3).unwrap();
        let at = |step| {
            let mut values = [0.0; 3];
            hypers.at(step, &mut values);
            values
        };
        assert_eq!(at(7), [0.25, 0.5, 1.0]);
        assert_eq!(at(8)[2], 2.0);
        assert_eq!(at(10)[1], 0.125);
        assert!(at(6)[2].is_nan() && at(9)[2].is_nan());
    }

    #[test]
    fn refuses_false_bytes() {
        let decode = |bytes: &[u8]| Source::decode(&mut Reader::new(bytes)).err().map(|error| error.code);
        assert_eq!(decode(&[]), Some(Code::PlanInvalid));
        assert_eq!(decode(&[6]), Some(Code::PlanInvalid));
        assert_eq!(decode(&[2, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]), Some(Code::PlanInvalid));
        assert_eq!(decode(&[1, 1, b'x', 0]), Some(Code::UnknownName));
    }
}
