//! L-BFGS: the declaration, and the iterations of one step as a state machine that pauses for evaluations and between
//! passes over memory.

mod line_search;
mod pairs;

use super::drive::{Drive, Next, Site};
use super::{Tick, Update};
use crate::declare::{Declared, declare};
use crate::error::{Code, Error, Result};
use crate::kernel::memory::Floats;
use crate::kernel::segment::Segment;
use line_search::{Best, LineSearch, Point, Verdict};
use pairs::{Added, CHANGES, Ring, STEPS, blend, dot, largest, magnitude};

declare! {
    /// The quasi-Newton method of limited memory: for smooth functions and whole data sets, where it needs few evaluations.
    ///
    /// A step makes up to `maxIter` iterations `w += t·d`: d = −H·g, where H, the estimate of the inverse Hessian, follows
    /// from the last pairs of steps and changes of the gradient by the two-loop recursion; t is η (in the first iteration
    /// of all at most η/‖g‖₁), or is searched from there on. Pairs with ⟨s, y⟩ ≤ 1e-10 are left out.
    /// Liu & Nocedal 1989, https://doi.org/10.1007/BF01589116; Nocedal & Wright 2006, algorithms 7.4 and 7.5
    ///
    /// PyTorch's rule: a step here is one call of its `step`, one update of `iterations`. Where nothing moved in an
    /// iteration, PyTorch pairs the next change of the gradient with the step not taken; this does not.
    Lbfgs = "LBFGS" of torch with [learning_rate: 1.0] decay Coupled needs Evaluations {
        /// Most iterations of a step.
        max_iter: AtLeastOne = 20.0,
        /// Evaluations after which a step ends; 0: 1.25 times `maxIter`.
        max_eval: NonNegative = 0.0,
        /// A step ends where no element of the gradient is larger.
        tolerance_grad: NonNegative = 1e-7,
        /// A step ends where no element of the parameters, or the loss, changes by more.
        tolerance_change: NonNegative = 1e-9,
        /// Most pairs that are remembered; fixed when it is made.
        history_size: AtLeastOne = 100.0,
    } options {
        /// Searches along each direction for a step that satisfies the strong Wolfe conditions.
        strong_wolfe = false,
    } state [
        displacement, previous_gradient, steps: Times("history_size"), changes: Times("history_size"), progress: Numbers(4)
    ]
}

impl Update for Lbfgs {
    const SWEEPS: bool = false;
    const DRIVE: Option<fn() -> Box<dyn Drive>> = Some(|| Box::<Iterations>::default());

    fn step(&self, _: &Tick, _: &mut [Segment<'_>]) {}
}

/// Slots of state, but for those of pairs.
const DISPLACEMENT: usize = 0;
const PREVIOUS: usize = 1;
const PROGRESS: usize = 4;
/// Numbers of progress.
const ITERATIONS: usize = 0;
const EVALUATIONS: usize = 1;
const KEPT: usize = 2;
const START: usize = 3;

/// Least ⟨s, y⟩ of a pair.
const CURVED: f64 = 1e-10;
/// Rows of working memory before those of pairs.
const ROWS: usize = 5;

/// Where a step stands.
#[derive(Debug, Default)]
enum At {
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
struct Iterations {
    at: At,
    memory: Option<Floats>,
    /// Where each segment starts in a row; the length of a row.
    starts: Vec<usize>,
    width: usize,
    ring: Ring,
    /// The factors of the two loops.
    factors: Vec<f64>,
    scale: f64,
    /// Of all steps and of this one.
    iterations: f64,
    evaluations: f64,
    rounds: f64,
    seen: f64,
    loss: f64,
    loss_before: f64,
}

/// Working memory: the point, its gradient, direction or displacement, the gradient before, that of the best point of a
/// search; pairs.
struct Rows<'a> {
    x: &'a mut [f32],
    g: &'a mut [f32],
    d: &'a mut [f32],
    previous: &'a mut [f32],
    best: &'a mut [f32],
    pairs: &'a mut [f32],
}

fn rows(memory: &mut Option<Floats>, width: usize) -> Rows<'_> {
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
    fn then(&mut self, at: At) -> Next {
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

    /// The weight of pair `i` of the state, and of the last one the scale of the estimate.
    fn weigh(&mut self, i: usize, site: &Site<'_>) -> Next {
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
    fn iterate(&mut self, site: &Site<'_>) -> Next {
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

    fn back(&mut self, i: usize, site: &Site<'_>) -> Next {
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

    fn forth(&mut self, i: usize, site: &Site<'_>) -> Next {
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
