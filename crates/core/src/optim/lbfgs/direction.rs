//! The direction of an iteration: minus the gradient times what the pairs say of the inverse Hessian, by the two-loop
//! recursion, a pair at a time.

use super::iterations::{At, Iterations, Rows, rows};
use super::pairs::{Added, CHANGES, STEPS, blend};
use crate::optim::drive::{Next, Site};

/// Least ⟨s, y⟩ of a pair.
const CURVED: f64 = 1e-10;

impl Iterations {
    /// The weight of pair `i` of the state, and of the last one the scale of the estimate.
    pub(super) fn weigh(&mut self, i: usize, site: &Site<'_>) -> Next {
        if i == self.ring.kept {
            return self.then(At::Iterate);
        }
        let place = Ok((self.ring.start + i) % self.ring.most);
        let Rows { best, pairs, .. } = rows(&mut self.memory, self.width);
        let added = Added { rows: pairs, width: self.width, starts: &self.starts };
        best.fill(0.0);
        added.add_to(best, 1.0, place, CHANGES, site.segments);
        let curved = added.dot(best, place, STEPS, site.segments);
        self.ring.weights.push(1.0 / curved);
        if i + 1 == self.ring.kept {
            self.scale = curved / added.dot(best, place, CHANGES, site.segments);
        }
        self.then(At::Weigh(i + 1))
    }

    /// Adds the pair of the last iteration, and begins with −g.
    pub(super) fn iterate(&mut self, site: &Site<'_>) -> Next {
        self.rounds += 1.0;
        self.iterations += 1.0;
        let Rows { g, d, previous, pairs, best, .. } = rows(&mut self.memory, self.width);
        if self.iterations == 1.0 {
            self.ring.clear();
            self.scale = 1.0;
        } else {
            let free = self.ring.free();
            let (step, change) = pairs[2 * free * self.width..][..2 * self.width].split_at_mut(self.width);
            step.copy_from_slice(d);
            change.copy_from_slice(g);
            blend(change, 1.0, previous, -1.0);
            best.copy_from_slice(change);
            let added = Added { rows: pairs, width: self.width, starts: &self.starts };
            let curved = added.dot(best, Err(free), STEPS, site.segments);
            if curved > CURVED {
                self.scale = curved / added.dot(best, Err(free), CHANGES, site.segments);
                self.ring.weights.push(1.0 / curved);
                self.ring.added += 1;
            }
        }
        d.copy_from_slice(g);
        blend(d, -1.0, g, 0.0);
        self.factors.clear();
        self.factors.resize(self.ring.len(), 0.0);
        self.then(At::Back(self.ring.len()))
    }

    pub(super) fn back(&mut self, i: usize, site: &Site<'_>) -> Next {
        let Rows { g, d, pairs, .. } = rows(&mut self.memory, self.width);
        let Some(i) = i.checked_sub(1) else {
            if !self.factors.is_empty() {
                blend(d, self.scale, g, 0.0);
            }
            return self.then(At::Forth(0));
        };
        let added = Added { rows: pairs, width: self.width, starts: &self.starts };
        let place = self.ring.at(i);
        self.factors[i] = added.dot(d, place, STEPS, site.segments) * self.ring.weight(i);
        added.add_to(d, -self.factors[i], place, CHANGES, site.segments);
        self.then(At::Back(i))
    }

    pub(super) fn forth(&mut self, i: usize, site: &Site<'_>) -> Next {
        if i == self.factors.len() {
            return self.then(At::Directed);
        }
        let Rows { d, pairs, .. } = rows(&mut self.memory, self.width);
        let added = Added { rows: pairs, width: self.width, starts: &self.starts };
        let place = self.ring.at(i);
        let factor = added.dot(d, place, CHANGES, site.segments) * self.ring.weight(i);
        added.add_to(d, self.factors[i] - factor, place, STEPS, site.segments);
        self.then(At::Forth(i + 1))
    }
}
