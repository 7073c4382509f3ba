//! The bytes of a call: which buffers the slots of a plan mean, which rows are visited in which order, where the
//! random streams and counters stand, when to stop.

use crate::error::{Code, Error, Result};
use crate::graph::types::DType;
use crate::kernel::random;
use crate::reader::Reader;

/// In which order rows are visited.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// As they stand.
    Given,
    /// A permutation of rows `0..n` drawn from `key` and `epoch`.
    Shuffled { key: u64, epoch: u64, n: usize },
}

/// When a run ends by itself, looked at before each step's update. NaN switches a rule off.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    pub loss_below: f64,
    pub grad_norm_below: f64,
    /// The loss must fall by more than this within `patience` steps.
    pub min_delta: f64,
    pub patience: u64,
}

/// The largest count of steps: 2⁵³ − 1, the largest whole number that JavaScript counts to.
const MAX_COUNT: u64 = (1 << 53) - 1;

/// A decoded call.
#[derive(Debug)]
pub struct Call {
    pub variables: Vec<u32>,
    /// Buffer and dtype of each data slot.
    pub data: Vec<(u32, DType)>,
    pub outputs: Vec<u32>,
    pub scalars: Vec<f64>,
    pub batch: usize,
    pub rows: std::ops::Range<usize>,
    pub order: Order,
    pub seed: u64,
    pub iteration: u64,
    /// Updates the optimizer has made.
    pub updates: u64,
    pub stop: Stop,
}

impl Call {
    /// A captured number.
    pub fn scalar(&self, i: usize) -> Result<f64> {
        let missing = || Error::of(Code::PlanInvalid, || format!("scalar {i}: expected a number, got none"));
        self.scalars.get(i).copied().ok_or_else(missing)
    }

    pub fn decode(bytes: &[u8]) -> Result<Call> {
        let mut reader = Reader::new(bytes);
        let r = &mut reader;
        let ids = |r: &mut Reader<'_>| (0..r.count(1)?).map(|_| Ok(r.size()? as u32)).collect::<Result<Vec<u32>>>();
        let call = Call {
            variables: ids(r)?,
            data: (0..r.count(1)?).map(|_| Ok((r.size()? as u32, DType::from_tag(r.u8()?)?))).collect::<Result<_>>()?,
            outputs: ids(r)?,
            scalars: (0..r.count(1)?).map(|_| r.f64()).collect::<Result<_>>()?,
            batch: r.size()?,
            rows: r.size()?..r.size()?,
            order: match r.u8()? {
                0 => Order::Given,
                _ => Order::Shuffled { key: r.varuint()?, epoch: r.varuint()?, n: r.size()? },
            },
            seed: r.varuint()?,
            iteration: r.varuint()?,
            updates: r.varuint()?,
            stop: Stop { loss_below: r.f64()?, grad_norm_below: r.f64()?, min_delta: r.f64()?, patience: r.varuint()? },
        };
        reader.end()?;
        if call.iteration.max(call.updates) > MAX_COUNT {
            let message = || format!("call: expected counts of steps up to {MAX_COUNT}, got a larger one");
            return Err(Error::of(Code::InvalidValue, message));
        }
        if call.rows.start > call.rows.end || call.batch == 0 {
            return Err(Error::new(
                Code::InvalidValue,
                "call: expected a range of rows and a batch of at least 1, got others",
            ));
        }
        Ok(call)
    }

    /// The rows in the order they are visited, where that is not as they stand.
    pub fn permutation(&self) -> Result<Option<Vec<u32>>> {
        let Order::Shuffled { key, epoch, n } = self.order else { return Ok(None) };
        if n < self.rows.end || n > u32::MAX as usize {
            let message = || format!("call: expected a permutation of at least {} rows, got {n}", self.rows.end);
            return Err(Error::of(Code::InvalidValue, message));
        }
        let mut order = Vec::new();
        let refused =
            |_| Error::of(Code::OutOfMemory, || format!("shuffle: expected memory for {n} indices, got none"));
        order.try_reserve_exact(n).map_err(refused)?;
        order.resize(n, 0u32);
        random::permutation(&mut order, key, epoch);
        Ok(Some(order))
    }
}
