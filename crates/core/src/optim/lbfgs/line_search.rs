//! The line search of L-BFGS: a step that satisfies the strong Wolfe conditions, found by bracketing and cubic
//! interpolation. Scalars alone: it is told values and slopes, and says where it wants the next ones.
//! Nocedal & Wright 2006, algorithms 3.5 and 3.6; the safeguards are those of minFunc, as in PyTorch.

/// Sufficient decrease and curvature.
const C1: f64 = 1e-4;
const C2: f64 = 0.9;
/// Most evaluations after the first.
const MOST: u32 = 25;

/// Value and slope at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub t: f64,
    pub f: f64,
    pub slope: f64,
}

/// Of which point the gradient is the best one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Best {
    /// Of the same as before.
    Same,
    /// Of the one just seen.
    Seen,
    /// Of the one it began at.
    Start,
}

/// Where it stands after an evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Evaluate at this step.
    Try(f64),
    /// This is the step.
    Done(Point),
}

/// A search under way.
#[derive(Debug)]
pub struct LineSearch {
    start: Point,
    /// The largest element of the direction, and the least change of an element that counts.
    reach: f64,
    least: f64,
    /// The step that is to be evaluated next.
    pub tried: f64,
    rounds: u32,
    phase: Phase,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Looks for an interval; with the point before.
    Bracket(Point),
    /// Closes in; the better end comes first. Whether the last step was too close to an end.
    Zoom { low: Point, high: Point, crept: bool },
}

impl LineSearch {
    /// From a point with a slope below 0; `tried` is the first step.
    pub fn new(f: f64, slope: f64, reach: f64, least: f64, tried: f64) -> Self {
        let start = Point { t: 0.0, f, slope };
        LineSearch { start, reach, least, tried, rounds: 0, phase: Phase::Bracket(start) }
    }

    /// Takes in an evaluation.
    pub fn saw(&mut self, mut seen: Point) -> (Best, Verdict) {
        if !seen.f.is_finite() || !seen.slope.is_finite() {
            (seen.f, seen.slope) = (f64::INFINITY, f64::INFINITY);
        }
        let (best, verdict) = match self.phase {
            Phase::Bracket(before) => self.bracket(before, seen),
            Phase::Zoom { low, high, crept } => self.zoom(low, high, crept, seen),
        };
        if let Verdict::Try(t) = verdict {
            self.tried = t;
        }
        (best, verdict)
    }

    fn decreases(&self, seen: Point) -> bool {
        seen.f <= self.start.f + C1 * seen.t * self.start.slope
    }

    fn is_flat(&self, seen: Point) -> bool {
        seen.slope.abs() <= -C2 * self.start.slope
    }

    fn bracket(&mut self, before: Point, seen: Point) -> (Best, Verdict) {
        if !self.decreases(seen) || (self.rounds > 1 && seen.f >= before.f) {
            return self.interval(before, seen, Best::Same);
        }
        if self.is_flat(seen) {
            return (Best::Seen, Verdict::Done(seen));
        }
        if seen.slope >= 0.0 {
            return self.interval(before, seen, Best::Same);
        }
        self.rounds += 1;
        if self.rounds > MOST {
            return self.interval(self.start, seen, Best::Start);
        }
        self.phase = Phase::Bracket(seen);
        let bounds = (seen.t + 0.01 * (seen.t - before.t), seen.t * 10.0);
        (Best::Seen, Verdict::Try(interpolate(before, seen, bounds)))
    }

    /// Begins to close in. The gradient at hand is that of `first`, or else `of_first` says which one is.
    fn interval(&mut self, first: Point, seen: Point, of_first: Best) -> (Best, Verdict) {
        let (best, low, high) = if first.f <= seen.f { (of_first, first, seen) } else { (Best::Seen, seen, first) };
        (best, self.next(low, high, false))
    }

    fn zoom(&mut self, low: Point, high: Point, crept: bool, seen: Point) -> (Best, Verdict) {
        if !self.decreases(seen) || seen.f >= low.f {
            return if low.f <= seen.f {
                (Best::Same, self.next(low, seen, crept))
            } else {
                (Best::Seen, self.next(seen, low, crept))
            };
        }
        if self.is_flat(seen) {
            return (Best::Seen, Verdict::Done(seen));
        }
        let turns = seen.slope * (high.t - low.t) >= 0.0;
        (Best::Seen, self.next(seen, if turns { low } else { high }, crept))
    }

    /// The next step inside an interval, or its better end where that is all there is to find.
    fn next(&mut self, low: Point, high: Point, mut crept: bool) -> Verdict {
        let (least, most) = (low.t.min(high.t), low.t.max(high.t));
        if self.rounds >= MOST || (most - least) * self.reach < self.least {
            return Verdict::Done(low);
        }
        self.rounds += 1;
        let (first, second) = if low.t <= high.t { (low, high) } else { (high, low) };
        let mut t = interpolate(first, second, (least, most));
        let margin = 0.1 * (most - least);
        if (most - t).min(t - least) < margin {
            let back = crept || t >= most || t <= least;
            if back {
                t = if (t - most).abs() < (t - least).abs() { most - margin } else { least + margin };
            }
            crept = !back;
        } else {
            crept = false;
        }
        self.phase = Phase::Zoom { low, high, crept };
        Verdict::Try(t)
    }
}

/// Where the cubic through two points with their slopes is least, within bounds; their middle where there is none.
fn interpolate(a: Point, b: Point, (least, most): (f64, f64)) -> f64 {
    let middle = (least + most) / 2.0;
    let d1 = a.slope + b.slope - 3.0 * (a.f - b.f) / (a.t - b.t);
    let square = d1 * d1 - a.slope * b.slope;
    if square < 0.0 {
        return middle;
    }
    let d2 = square.sqrt();
    let at = if a.t <= b.t {
        b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2))
    } else {
        a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2.0 * d2))
    };
    if at.is_nan() { middle } else { at.max(least).min(most) }
}
