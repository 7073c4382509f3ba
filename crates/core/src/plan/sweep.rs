//! An update bound to memory: all its parts, which decide and make steps together.

use super::part::Part;
use crate::error::Result;
use crate::kernel::segment::Segment;
use crate::optim::LEARNING_RATE;
use crate::reader::Reader;

/// What one step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// L2 norm of all gradients before clipping; NaN where no one needed it.
    pub gradient_norm: f64,
    /// L2 norm of what was added to all parameters; NaN where no one asked for it.
    pub update_norm: f64,
    /// The learning rate of the step, that of the first part.
    pub learning_rate: f64,
    /// Whether the step was left out because a gradient was not finite.
    pub skipped: bool,
}

impl StepReport {
    /// Of a step without an update.
    pub const NONE: Self =
        StepReport { gradient_norm: f64::NAN, update_norm: f64::NAN, learning_rate: f64::NAN, skipped: false };
}

/// An update at work.
pub struct Sweep {
    pub(super) parts: Vec<Part>,
    /// Rough nanoseconds of a step, and the turns it takes.
    cost: (f64, usize),
    wants_norm: bool,
    has_hyper: bool,
    /// Whether a gradient is one of rows.
    has_rows: bool,
    /// The parameters before the step, where the norm of the update is wanted.
    before: Option<Vec<Vec<f32>>>,
    /// Of each part the squared norm of its gradients, and the norm of all that are clipped together with them.
    sums: Vec<f64>,
    joint: Vec<f64>,
    /// Whether the step under way has moved its trial point away from the parameters.
    pub(super) moved: bool,
}

impl Sweep {
    pub fn new(parts: Vec<Part>, cost: (f64, usize), wants_norm: bool, wants_update_norm: bool) -> Self {
        let copy = |segment: &Segment| vec![0.0; segment.len()];
        let before = wants_update_norm.then(|| parts.iter().flat_map(|part| part.segments.iter().map(copy)).collect());
        let none = vec![f64::NAN; parts.len()];
        let has_rows = parts.iter().flat_map(|part| &part.index).any(Option::is_some);
        Sweep {
            has_rows,
            has_hyper: false,
            sums: none.clone(),
            joint: none,
            parts,
            cost,
            wants_norm,
            before,
            moved: false,
        }
    }

    fn set_hyper(&mut self, bytes: &[u8]) -> Result<()> {
        let mut reader = Reader::new(bytes);
        self.parts.iter_mut().try_for_each(|part| part.set_hyper(&mut reader))?;
        reader.end()?;
        self.has_hyper = true;
        Ok(())
    }

    /// Takes the sources of the coming steps' numbers; those that came last stay where there are no bytes.
    pub fn renew_hyper(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() && self.has_hyper { Ok(()) } else { self.set_hyper(bytes) }
    }

    /// Rough nanoseconds of making a step, and the turns it takes.
    pub fn cost(&self) -> (f64, usize) {
        self.cost
    }

    /// Decides the step after `steps` others, made by `b` rows of data; `loss` is that of the plan, where it reports one. Writes nothing.
    pub fn decide(&mut self, steps: u64, b: usize, loss: Option<f64>) -> Result<StepReport> {
        if self.has_rows {
            self.parts.iter_mut().for_each(|part| part.take_rows(b));
        }
        let mut norms = self.wants_norm;
        for part in &mut self.parts {
            norms |= part.look(steps)?;
        }
        let mut report = StepReport::NONE;
        report.learning_rate = self.parts.first().map_or(f64::NAN, |part| part.values[LEARNING_RATE]);
        if norms {
            self.parts.iter_mut().zip(&mut self.sums).for_each(|(part, sum)| *sum = part.measure());
            report.gradient_norm = self.sums.iter().sum::<f64>().sqrt();
            self.join();
        }
        for part in &mut self.parts {
            report.skipped |= !part.accepts(steps, loss)?;
        }
        Ok(report)
    }

    /// Makes the step just decided, in turns: what is not a sweep is done in each of them.
    pub fn commit(&mut self, steps: u64) {
        self.keep();
        let mut again = false;
        for part in &mut self.parts {
            part.ready = part.prepare(steps);
            again |= part.ready && part.changes() && part.clips();
        }
        if again {
            self.parts.iter_mut().zip(&mut self.sums).for_each(|(part, sum)| *sum = part.prepared());
            self.join();
        }
        for (part, &joint) in self.parts.iter_mut().zip(&self.joint).filter(|(part, _)| part.ready) {
            part.commit(steps, joint);
        }
    }

    /// Notes that the step just decided was left out.
    pub fn skip(&mut self) {
        self.parts.iter_mut().for_each(Part::skip);
    }

    /// The norm of what the last step added to the parameters, NaN where nobody asked.
    pub fn update_norm(&self) -> f64 {
        let Some(before) = &self.before else { return f64::NAN };
        let segments = self.parts.iter().flat_map(|part| &part.segments);
        let distance = |(segment, before): (&Segment, &Vec<f32>)| squared_distance(segment.param(), before);
        segments.zip(before).map(distance).sum::<f64>().sqrt()
    }

    fn keep(&mut self) {
        let Some(before) = &mut self.before else { return };
        let segments = self.parts.iter().flat_map(|part| &part.segments);
        segments.zip(before).for_each(|(segment, before)| before.copy_from_slice(segment.param()));
    }

    /// Gives each part the norm of all that are joined with it, from the sums of each.
    fn join(&mut self) {
        let mut start = 0;
        for end in 1..=self.parts.len() {
            if self.parts.get(end).is_none_or(|part| !part.fixed.joined) {
                self.joint[start..end].fill(self.sums[start..end].iter().sum::<f64>().sqrt());
                start = end;
            }
        }
    }
}

/// In f64, element by element: a number for people, in no bit part of training.
fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
}
