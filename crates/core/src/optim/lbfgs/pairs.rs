//! What L-BFGS remembers of the curvature: pairs of a step and the change of the gradient along it. Those of earlier steps
//! lie in the state, as a ring; those of the step under way in working memory, until it is made.

use crate::kernel::lane::Lane;
use crate::kernel::measure::{Measure, measure};
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};

/// Their slots of state.
pub const STEPS: usize = 2;
pub const CHANGES: usize = 3;

/// Which pairs there are.
#[derive(Debug, Default)]
pub struct Ring {
    /// Most there may be, the first of the state's, and how many were there when the step began.
    pub most: usize,
    pub start: usize,
    pub kept: usize,
    /// How many the step has added, and how many places they have.
    pub added: usize,
    pub places: usize,
    /// 1/⟨s, y⟩ of each pair: those of the state in order, then those added.
    pub weights: Vec<f64>,
}

impl Ring {
    /// How many of the oldest are forgotten.
    fn dropped(&self) -> usize {
        (self.kept + self.added).saturating_sub(self.most)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.kept + self.added - self.dropped()
    }

    /// The weight of pair `i`, the oldest first.
    pub fn weight(&self, i: usize) -> f64 {
        self.weights[self.dropped() + i]
    }

    /// The place where the next pair is written.
    pub fn free(&self) -> usize {
        self.added % self.places
    }

    /// Where pair `i` is: in the state, or in working memory.
    pub fn at(&self, i: usize) -> Result<usize, usize> {
        let i = self.dropped() + i;
        if i < self.kept { Ok((self.start + i) % self.most) } else { Err((i - self.kept) % self.places) }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        (self.start, self.kept, self.added) = (0, 0, 0);
        self.weights.clear();
    }

    /// Writes the pairs added to the state, and makes them the state's.
    pub fn commit(&mut self, segments: &mut [Segment<'_>], added: &Added<'_>) {
        let (dropped, all) = (self.dropped(), self.kept + self.added);
        for i in self.kept.max(dropped)..all {
            let (slot, place) = ((self.start + i) % self.most, (i - self.kept) % self.places);
            for (segment, &start) in segments.iter_mut().zip(added.starts) {
                let len = segment.len();
                let states = segment.parts().2;
                for (state, from) in [(STEPS, added.row(2 * place)), (CHANGES, added.row(2 * place + 1))] {
                    states[state][slot * len..][..len].copy_from_slice(&from[start..start + len]);
                }
            }
        }
        if self.most > 0 {
            self.start = (self.start + dropped) % self.most;
        }
        (self.kept, self.added) = (all - dropped, 0);
    }
}

/// Rows of working memory with the pairs added, each a step, then a change; and where each segment starts in a row.
pub struct Added<'a> {
    pub rows: &'a [f32],
    pub width: usize,
    pub starts: &'a [usize],
}

impl<'a> Added<'a> {
    fn row(&self, i: usize) -> &'a [f32] {
        &self.rows[i * self.width..][..self.width]
    }

    /// The part of segment `index` of a step or change.
    fn piece<'s>(
        &'s self,
        place: Result<usize, usize>,
        of: usize,
        segments: &'s [Segment<'_>],
        index: usize,
    ) -> &'s [f32] {
        let len = segments[index].len();
        match place {
            Ok(slot) => &segments[index].state(of)[slot * len..][..len],
            Err(place) => &self.row(2 * place + of - STEPS)[self.starts[index]..][..len],
        }
    }

    /// ⟨row, pair's step or change⟩.
    pub fn dot(&self, row: &mut [f32], place: Result<usize, usize>, of: usize, segments: &[Segment<'_>]) -> f64 {
        let part = |(index, &start): (usize, &usize)| {
            let len = segments[index].len();
            dot(&mut row[start..start + len], self.piece(place, of, segments, index))
        };
        self.starts.iter().enumerate().map(part).sum()
    }

    /// row += factor · pair's step or change.
    pub fn add_to(
        &self,
        row: &mut [f32],
        factor: f64,
        place: Result<usize, usize>,
        of: usize,
        segments: &[Segment<'_>],
    ) {
        for (index, &start) in self.starts.iter().enumerate() {
            let len = segments[index].len();
            blend(&mut row[start..start + len], 1.0, self.piece(place, of, segments, index), factor);
        }
    }
}

/// Σ a·b in f64.
pub fn dot(a: &mut [f32], b: &[f32]) -> f64 {
    measure(Dot, &Stage::NONE, &Segment::new(a, b, Vec::new()))[0]
}

/// Σ|a|.
pub fn magnitude(a: &mut [f32], any: &[f32]) -> f64 {
    measure(Dot, &Stage::NONE, &Segment::new(a, any, Vec::new()))[1]
}

/// y = keep · y + add · x.
pub fn blend(y: &mut [f32], keep: f64, x: &[f32], add: f64) {
    sweep(Blend { keep: keep as f32, add: add as f32 }, &Stage::NONE, &mut [Segment::new(y, x, Vec::new())]);
}

/// The largest magnitude.
pub fn largest(x: &[f32]) -> f64 {
    x.iter().fold(0.0f32, |most, x| most.max(x.abs())).into()
}

#[derive(Clone, Copy)]
struct Dot;

impl Measure<0, 2> for Dot {
    #[inline(always)]
    fn measure(self, p: f32, g: f32, []: [f32; 0]) -> [f64; 2] {
        [f64::from(p) * f64::from(g), f64::from(p.abs())]
    }
}

#[derive(Clone, Copy)]
struct Blend {
    keep: f32,
    add: f32,
}

impl Rule<0> for Blend {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, []: [X; 0]) -> (X, [X; 0]) {
        (p * self.keep + g * self.add, [])
    }
}
