//! The rule of Adam and its relatives: running means of the gradient and of a square, with coefficients that make it each
//! of them. All take the same loop, so that one more costs a binary a few additions.

use super::bias;
use crate::kernel::lane::Lane;
use crate::kernel::segment::Segment;
use crate::kernel::sweep::{Rule, Stage, sweep};

/// `m += rest1·(g − m)`, `x = g − belief·m`, `v += rest2·(x² − v) + root`, `w -= (rate·m + look·g) / (√v·scale + ε)`.
#[derive(Clone, Copy)]
pub struct Moments {
    /// 1 − β₁, taken in f64: of the rounded β it would have few good digits.
    pub rest1: f32,
    /// 1 − β₂.
    pub rest2: f32,
    /// 1 where the second mean is of the distance from the first one, else 0.
    pub belief: f32,
    /// Added to the second mean at every step.
    pub root: f32,
    /// The learning rate with its corrections, for the mean.
    pub rate: f32,
    /// The same for the gradient itself.
    pub look: f32,
    /// Correction of the root.
    pub scale: f32,
    pub epsilon: f32,
}

impl Moments {
    /// Means of these decays and a step of `rate` times the first over the root of the second, plus `epsilon`.
    pub fn new(beta1: f64, beta2: f64, rate: f64, epsilon: f64) -> Self {
        Self {
            rest1: (1.0 - beta1) as f32,
            rest2: (1.0 - beta2) as f32,
            belief: 0.0,
            root: 0.0,
            rate: rate as f32,
            look: 0.0,
            scale: 1.0,
            epsilon: epsilon as f32,
        }
    }

    /// Sweeps, with the largest v as a third state where `amsgrad`.
    pub fn sweep(self, amsgrad: bool, stage: &Stage, segments: &mut [Segment<'_>]) {
        let pure = self.belief == 0.0 && self.root == 0.0 && self.look == 0.0 && self.scale == 1.0;
        // In a module a second loop would cost more than it gains; the bits are the same.
        if pure && !amsgrad && !cfg!(target_arch = "wasm32") {
            return sweep::<2, _>(Pure(self), stage, segments);
        }
        if amsgrad { sweep::<3, _>(self, stage, segments) } else { sweep::<2, _>(self, stage, segments) }
    }
}

/// How much of the mean of step `t` and of its gradient make the mean without its pull to 0, one step `ahead` or not: as
/// Optax has it.
pub fn debiased(beta: f64, t: u64, ahead: bool) -> (f64, f64) {
    if ahead { (beta / bias(beta, t + 1), (1.0 - beta) / bias(beta, t)) } else { (1.0 / bias(beta, t), 0.0) }
}

/// State: m, v, and with three the largest v.
impl<const N: usize> Rule<N> for Moments {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, mut s: [X; N]) -> (X, [X; N]) {
        s[0] = s[0] + (g - s[0]) * self.rest1;
        let x = g - s[0] * self.belief;
        s[1] = s[1] + (x * x - s[1]) * self.rest2 + self.root;
        if N == 3 {
            s[2] = s[2].or_more(s[1]);
        }
        let step = s[0] * self.rate + g * self.look;
        (p - step / (s[N - 1].sqrt() * self.scale + self.epsilon), s)
    }
}

/// The rule where all coefficients but Adam's do nothing.
#[derive(Clone, Copy)]
struct Pure(Moments);

impl Rule<2> for Pure {
    #[inline(always)]
    fn update<X: Lane>(self, p: X, g: X, [m, v]: [X; 2]) -> (X, [X; 2]) {
        let m = m + (g - m) * self.0.rest1;
        let v = v + (g * g - v) * self.0.rest2;
        (p - m * self.0.rate / (v.sqrt() + self.0.epsilon), [m, v])
    }
}
