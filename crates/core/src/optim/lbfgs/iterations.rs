//! The iterations of one step as a state machine that pauses for evaluations and between passes over memory.

use super::Lbfgs;
use super::line_search::{Best, LineSearch, Point, Verdict};
use super::pairs::{Added, Ring, STEPS, blend, dot, largest, magnitude};
use crate::declare::Declared;
use crate::error::{Code, Error, Result};
use crate::kernel::memory::Floats;
use crate::kernel::segment::Segment;
use crate::optim::drive::{Drive, Next, Site};

/// Slots of state, but for those of pairs.
const DISPLACEMENT: usize = 0;
const PREVIOUS: usize = 1;
const PROGRESS: usize = 4;
/// Numbers of progress.
const ITERATIONS: usize = 0;
const EVALUATIONS: usize = 1;
const KEPT: usize = 2;
const START: usize = 3;

/// Rows of working memory before those of pairs.
const ROWS: usize = 5;

/// Where a step stands.
#[derive(Debug, Default)]
pub(super) enum At {
    /// At its first evaluation.
    #[default]
    First,
    /// Finding the weights of the state's pairs, those before this one done.
    Weigh(usize),
    /// At the begin of an iteration.
    Iterate,
    /// In the first loop, pairs from this one on done; in the second, those before.
    Back(usize),
    Forth(usize),
    /// With a direction.
    Directed,
    /// At the evaluation after a step that was not searched for; of a search.
    Moved,
    Search(LineSearch),
    /// At the end of an iteration.
    Check,
}

/// The iterations of a step.
#[derive(Debug, Default)]
pub(super) struct Iterations {
    at: At,
    pub(super) memory: Option<Floats>,
    /// Where each segment starts in a row; the length of a row.
    pub(super) starts: Vec<usize>,
    pub(super) width: usize,
    pub(super) ring: Ring,
    /// The factors of the two loops.
    pub(super) factors: Vec<f64>,
    pub(super) scale: f64,
    /// Of all steps and of this one.
    pub(super) iterations: f64,
    evaluations: f64,
    pub(super) rounds: f64,
    seen: f64,
    loss: f64,
    loss_before: f64,
}

/// Working memory: the point, its gradient, direction or displacement, the gradient before, that of the best point of a
/// search; pairs.
pub(super) struct Rows<'a> {
    pub(super) x: &'a mut [f32],
    pub(super) g: &'a mut [f32],
    pub(super) d: &'a mut [f32],
    pub(super) previous: &'a mut [f32],
    pub(super) best: &'a mut [f32],
    pub(super) pairs: &'a mut [f32],
}

pub(super) fn rows(memory: &mut Option<Floats>, width: usize) -> Rows<'_> {
    let all = memory.as_mut().map_or(&mut [][..], Floats::get);
    let (x, all) = all.split_at_mut(width);
    let (g, all) = all.split_at_mut(width);
    let (d, all) = all.split_at_mut(width);
    let (previous, all) = all.split_at_mut(width);
    let (best, pairs) = all.split_at_mut(width);
    Rows { x, g, d, previous, best, pairs }
}

impl Drive for Iterations {
    fn begin(&mut self) {
        self.at = At::First;
    }

    fn proceed(&mut self, site: &mut Site<'_>) -> Result<Next> {
        let rule = Lbfgs::with(site.own, site.flags);
        Ok(match std::mem::take(&mut self.at) {
            At::First => return self.first(&rule, site),
            At::Weigh(i) => self.weigh(i, site),
            At::Iterate => self.iterate(site),
            At::Back(i) => self.back(i, site),
            At::Forth(i) => self.forth(i, site),
            At::Directed => self.directed(&rule, site),
            At::Moved => {
                self.take_gradient(site);
                self.loss = site.loss * site.sign;
                if !self.is_finite() && !site.propagates {
                    return Ok(Next::NonFinite);
                }
                self.then(At::Check)
            }
            At::Search(search) => self.search(search, site),
            At::Check => self.check(&rule),
        })
    }

    fn commit(&mut self, segments: &mut [Segment<'_>]) {
        let Rows { x, d, previous, pairs, .. } = rows(&mut self.memory, self.width);
        self.ring.commit(segments, &Added { rows: pairs, width: self.width, starts: &self.starts });
        for (segment, &start) in segments.iter_mut().zip(&self.starts) {
            let range = start..start + segment.len();
            let (param, _, states) = segment.parts();
            param.copy_from_slice(&x[range.clone()]);
            states[DISPLACEMENT].copy_from_slice(&d[range.clone()]);
            states[PREVIOUS].copy_from_slice(&previous[range]);
            segment.set_number(PROGRESS, ITERATIONS, self.iterations);
            segment.set_number(PROGRESS, EVALUATIONS, self.evaluations);
            segment.set_number(PROGRESS, KEPT, self.ring.kept as f64);
            segment.set_number(PROGRESS, START, self.ring.start as f64);
        }
    }
}

impl Iterations {
    pub(super) fn then(&mut self, at: At) -> Next {
        self.at = at;
        Next::Work
    }

    fn is_finite(&mut self) -> bool {
        let g = rows(&mut self.memory, self.width).g;
        self.loss.is_finite() && crate::kernel::reduce::all_finite(g)
    }

    /// The gradient at the trial point.
    fn take_gradient(&mut self, site: &Site<'_>) {
        let g = rows(&mut self.memory, self.width).g;
        for (trial, &start) in site.trials.iter().zip(&self.starts) {
            let sign = site.sign as f32;
            g[start..start + trial.len()].iter_mut().zip(trial.gradient()).for_each(|(to, from)| *to = from * sign);
        }
        self.seen += 1.0;
        self.evaluations += 1.0;
    }

    /// Sets the trial point `t` along the direction.
    fn try_at(&mut self, t: f64, site: &mut Site<'_>, at: At) -> Next {
        let Rows { x, d, .. } = rows(&mut self.memory, self.width);
        for (trial, &start) in site.trials.iter_mut().zip(&self.starts) {
            let range = start..start + trial.len();
            let to = trial.parts().0;
            to.copy_from_slice(&x[range.clone()]);
            if t != 0.0 {
                blend(to, 1.0, &d[range], t);
            }
        }
        self.at = at;
        Next::Evaluate
    }

    /// Takes memory, and everything from the state.
    fn first(&mut self, rule: &Lbfgs, site: &mut Site<'_>) -> Result<Next> {
        self.starts.clear();
        self.width = 0;
        let mut most = usize::MAX;
        for segment in site.segments.iter() {
            self.starts.push(self.width);
            self.width += segment.len();
            most = most.min(segment.state(STEPS).len().checked_div(segment.len()).unwrap_or(most));
        }
        let most = if self.width == 0 { 1 } else { most };
        if most == 0 {
            return Err(Error::new(Code::PlanInvalid, "LBFGS: expected room for a pair, got less"));
        }
        self.ring.places = (rule.max_iter as usize).min(most + 1);
        let needed = self.width * (ROWS + 2 * self.ring.places);
        if self.memory.as_mut().is_none_or(|memory| memory.get().len() < needed) {
            self.memory = None;
            self.memory = Some(Floats::beside(site.memory, needed)?);
        }
        let number = |index| site.segments.first().map_or(0.0, |segment| segment.number(PROGRESS, index));
        (self.iterations, self.evaluations) = (number(ITERATIONS), number(EVALUATIONS));
        self.ring.clear();
        self.ring.most = most;
        (self.ring.start, self.ring.kept) = (number(START) as usize % most, (number(KEPT) as usize).min(most));
        (self.rounds, self.seen, self.scale) = (0.0, 0.0, 1.0);
        let Rows { x, d, previous, .. } = rows(&mut self.memory, self.width);
        for (segment, &start) in site.segments.iter().zip(&self.starts) {
            let range = start..start + segment.len();
            x[range.clone()].copy_from_slice(segment.param());
            d[range.clone()].copy_from_slice(segment.state(DISPLACEMENT));
            previous[range].copy_from_slice(segment.state(PREVIOUS));
        }
        self.take_gradient(site);
        self.loss = site.loss * site.sign;
        if largest(rows(&mut self.memory, self.width).g) <= rule.tolerance_grad {
            return Ok(Next::Commit);
        }
        Ok(self.then(At::Weigh(0)))
    }

    /// Goes along the direction, or begins to search there.
    fn directed(&mut self, rule: &Lbfgs, site: &mut Site<'_>) -> Next {
        let Rows { g, d, previous, best, .. } = rows(&mut self.memory, self.width);
        previous.copy_from_slice(g);
        self.loss_before = self.loss;
        let first = if self.iterations == 1.0 { (1.0 / magnitude(g, d)).min(1.0) } else { 1.0 };
        let t = first * site.learning_rate;
        let slope = dot(d, g);
        if slope > -rule.tolerance_change {
            d.fill(0.0);
            return Next::Commit;
        }
        if rule.strong_wolfe {
            best.copy_from_slice(g);
            let search = LineSearch::new(self.loss, slope, largest(d), rule.tolerance_change, t);
            return self.try_at(t, site, At::Search(search));
        }
        self.advance(t);
        if self.rounds >= rule.max_iter.floor() { Next::Commit } else { self.try_at(0.0, site, At::Moved) }
    }

    /// Moves the point `t` along the direction, which becomes the displacement.
    fn advance(&mut self, t: f64) {
        let Rows { x, d, .. } = rows(&mut self.memory, self.width);
        if t == 0.0 {
            return d.fill(0.0);
        }
        blend(x, 1.0, d, t);
        d.iter_mut().for_each(|d| *d *= t as f32);
    }

    fn search(&mut self, mut search: LineSearch, site: &mut Site<'_>) -> Next {
        self.take_gradient(site);
        let Rows { g, d, previous, best, .. } = rows(&mut self.memory, self.width);
        let (t, slope) = (search.tried, dot(d, g));
        let (whose, verdict) = search.saw(Point { t, f: site.loss * site.sign, slope });
        match whose {
            Best::Same => {}
            Best::Seen => best.copy_from_slice(g),
            Best::Start => best.copy_from_slice(previous),
        }
        match verdict {
            Verdict::Try(t) => self.try_at(t, site, At::Search(search)),
            Verdict::Done(point) => {
                g.copy_from_slice(best);
                self.loss = point.f;
                self.advance(point.t);
                self.then(At::Check)
            }
        }
    }

    /// Whether the step ends here.
    fn check(&mut self, rule: &Lbfgs) -> Next {
        let Rows { g, d, .. } = rows(&mut self.memory, self.width);
        let most = if rule.max_eval == 0.0 { (rule.max_iter.floor() * 1.25).floor() } else { rule.max_eval };
        let ends = self.rounds >= rule.max_iter.floor()
            || self.seen >= most
            || largest(g) <= rule.tolerance_grad
            || largest(d) <= rule.tolerance_change
            || (self.loss - self.loss_before).abs() < rule.tolerance_change;
        if ends { Next::Commit } else { self.then(At::Iterate) }
    }
}
