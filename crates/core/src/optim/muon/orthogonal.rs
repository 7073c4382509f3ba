//! A step along momentum that was made orthogonal: Muon on a matrix.

use super::Muon;
use crate::kernel::lane::Lane;
use crate::kernel::reduce::dot;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::Stage;
use crate::optim::Tick;
use crate::optim::moments::debiased;
use crate::optim::newton_schulz::NewtonSchulz;

impl Muon {
    pub(super) fn orthogonal(
        &self,
        tick: &Tick,
        segment: &mut Segment<'_>,
        shape: (usize, usize),
        scratch: &mut Vec<f32>,
    ) {
        let len = segment.len();
        scratch.resize(scratch.len().max(2 * len + NewtonSchulz::scratch(shape)), 0.0);
        let (u, rest) = scratch.split_at_mut(len);
        let (x, rest) = rest.split_at_mut(len);
        let decay = tick.stage.decay + (tick.learning_rate * tick.decay) as f32;
        segment.staged(&Stage { decay, ..tick.stage }, u);
        self.look_ahead(tick.t, segment.parts().2[0], u);
        let polynomial = [self.muon_a, self.muon_b, self.muon_c].map(|number| number as f32);
        let iteration = NewtonSchulz { steps: self.ns_steps as usize, polynomial, coarse: self.torch };
        iteration.run(shape, self.epsilon, u, x, rest);
        let dual = if self.adaptive { f64::from(dot(u, x)) } else { 1.0 };
        let rate = (tick.learning_rate * self.scale(shape.0 as f64, shape.1 as f64) * dual) as f32;
        segment.parts().0.iter_mut().zip(&*x).for_each(|(p, &x)| *p = (*p - x * rate).flushed());
    }

    /// Takes the gradient in `u` into the momentum and puts what is to be made orthogonal in its place.
    fn look_ahead(&self, t: u64, momentum: &mut [f32], u: &mut [f32]) {
        let keep = self.momentum;
        let gain = if self.torch || self.optax { 1.0 - keep } else { 1.0 };
        let plain = if self.nesterov { (keep, gain) } else { (1.0, 0.0) };
        let (mean, look) = if self.optax { debiased(keep, t, self.nesterov) } else { plain };
        let [keep, gain, mean, look] = [keep, gain, mean, look].map(|number| number as f32);
        for (m, u) in momentum.iter_mut().zip(u) {
            let g = *u;
            *m = (*m * keep + g * gain).flushed();
            *u = g * look + *m * mean;
        }
    }

    /// What the shape makes of the rate.
    fn scale(&self, rows: f64, columns: f64) -> f64 {
        let wide = if self.torch { rows / columns } else { columns / rows };
        match (self.spectral_unclamped, self.rms_rate > 0.0) {
            (true, _) => wide.sqrt(),
            (false, true) => self.rms_rate * rows.max(columns).sqrt(),
            (false, false) if self.torch || self.optax => wide.max(1.0).sqrt(),
            (false, false) => 1.0,
        }
    }
}
