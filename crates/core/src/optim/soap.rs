//! Adam in the eigenbases of Shampoo's preconditioner.

use super::{Tick, Update, bias, eigenbasis};
use crate::declare::declare;
use crate::kernel::gemm::{Epilogue, Mat, gemm, scratch_len};
use crate::kernel::lane::Lane;
use crate::kernel::segment::{STATES, Segment};

/// Rounds in which the first bases are found; later ones begin with the bases before.
const FIRST_ROUNDS: usize = 8;

declare! {
    /// Adam in coordinates in which rows and columns of a gradient do not vary together: second-order steps for matrices.
    ///
    /// `L = βs·L + (1−βs)·g·gᵀ`, `R = βs·R + (1−βs)·gᵀ·g`, with orthogonal bases Qₗ and Qᵣ of their eigenvectors. m as in
    /// `Adam`; `g' = Qₗᵀ·g·Qᵣ`, `m' = Qₗᵀ·m·Qᵣ`, `v = β₂·v + (1−β₂)·g'²`; `w -= η·√(1−β₂ᵗ)/(1−β₁ᵗ) · Qₗ·(m'/(√v + ε))·Qᵣᵀ`.
    /// Every `preconditionFrequency` steps Q becomes the Q of a QR decomposition of `L·Q`, by falling eigenvalues.
    /// Vyas et al. 2024, algorithms 3 and 4, https://arxiv.org/abs/2409.11321
    ///
    /// The authors' rule: the first step only begins L, R and their bases. More axes than two are folded into the
    /// rows of a matrix; a side longer than 4,096 and the only axis of a vector keep their coordinates.
    Soap = "SOAP" of paper with [learning_rate: 3e-3, weight_decay: 0.01] {
        /// Decay of the running mean of gradients.
        beta1: BelowOne = 0.95,
        /// Decay of the running mean of squared gradients.
        beta2: BelowOne = 0.95,
        /// βs: decay of L and R.
        shampoo_beta: BelowOne = 0.95,
        /// Added to the root of the second mean.
        epsilon: NonNegative = 1e-8,
        /// Steps between improvements of the bases.
        precondition_frequency: AtLeastOne = 10.0,
    } state [
        momentum, velocity, left: LeftSquare, right: RightSquare, left_basis: LeftSquare, right_basis: RightSquare
    ]
}

impl Update for Soap {
    const SWEEPS: bool = false;

    fn step(&self, _: &Tick, _: &mut [Segment<'_>]) {}

    fn step_with(&self, tick: &Tick, segments: &mut [Segment<'_>], scratch: &mut Vec<f32>) {
        for segment in segments.iter_mut().filter(|segment| !segment.is_empty()) {
            let len = segment.len();
            let n = if segment.dims.len() < 2 { len } else { segment.dims[segment.dims.len() - 1] };
            let shape = (len / n, n);
            let side = |slot: usize, a: usize, k: usize| {
                let product = a * a + scratch_len(a, a, k, 2);
                let most = product.max(scratch_len(shape.0, n, a, 2)).max(eigenbasis::scratch(a));
                if segment.state(slot).is_empty() { 0 } else { most }
            };
            let need = side(2, shape.0, n).max(side(3, n, shape.0));
            scratch.resize(scratch.len().max(3 * len + need), 0.0);
            let (g, rest) = scratch.split_at_mut(len);
            segment.staged(&tick.stage, g);
            if tick.t > 1 {
                self.update(tick, segment, shape, g, rest);
            }
            self.learn(tick.t, segment, shape, g, rest);
        }
    }
}

impl Soap {
    /// A step of Adam in the bases there are.
    fn update(&self, tick: &Tick, segment: &mut Segment<'_>, shape: (usize, usize), g: &[f32], scratch: &mut [f32]) {
        let (turned, rest) = scratch.split_at_mut(g.len());
        let (between, rest) = rest.split_at_mut(g.len());
        let (p, _, [m, v, _, _, left, right, ..]) = segment.parts();
        let numbers = [1.0 - self.beta1, 1.0 - self.beta2, self.epsilon];
        let [rest1, rest2, epsilon] = numbers.map(|number| number as f32);
        m.iter_mut().zip(g).for_each(|(m, &g)| *m = (*m + (g - *m) * rest1).flushed());
        let bases = Bases { shape, left, right };
        bases.turn(g, turned, between, rest);
        v.iter_mut().zip(&*turned).for_each(|(v, &g)| *v = (*v + (g * g - *v) * rest2).flushed());
        bases.turn(m, turned, between, rest);
        turned.iter_mut().zip(&*v).for_each(|(m, &v)| *m /= v.sqrt() + epsilon);
        bases.turn_back(turned, between, rest);
        let made = tick.t - 1;
        let rate = (tick.learning_rate * bias(self.beta2, made).sqrt() / bias(self.beta1, made)) as f32;
        p.iter_mut().zip(&*turned).for_each(|(p, &u)| *p = (*p - u * rate).flushed());
    }

    /// Takes the gradient into L and R, and improves their bases when it is time.
    fn learn(&self, t: u64, segment: &mut Segment<'_>, (m, n): (usize, usize), g: &[f32], scratch: &mut [f32]) {
        let due = (t - 1).is_multiple_of(self.precondition_frequency as u64);
        let rounds = if t == 1 { FIRST_ROUNDS } else { usize::from(due) };
        let rest = (1.0 - self.shampoo_beta) as f32;
        let [_, v, states @ ..] = segment.parts().2;
        let [left, right, left_basis, right_basis, ..]: [&mut [f32]; STATES - 2] = states;
        let sides = [
            (m, n, Mat::rows(g, n), Mat::transposed(g, n), left, left_basis),
            (n, m, Mat::transposed(g, n), Mat::rows(g, n), right, right_basis),
        ];
        for (side, (a, k, x, y, square, basis)) in sides.into_iter().enumerate().filter(|(_, of)| !of.4.is_empty()) {
            let (product, more) = scratch.split_at_mut(a * a);
            gemm(a, a, k, x, y, product, Epilogue::default(), more);
            square.iter_mut().zip(&*product).for_each(|(s, &x)| *s = (*s + (x - *s) * rest).flushed());
            if t == 1 {
                (0..a).for_each(|i| basis[i * a + i] = 1.0);
            }
            for _ in 0..rounds {
                eigenbasis::improve(a, square, basis, scratch, |i, j| match side {
                    0 => (0..n).for_each(|column| v.swap(i * n + column, j * n + column)),
                    _ => (0..m).for_each(|row| v.swap(row * n + i, row * n + j)),
                });
            }
        }
    }
}

/// The bases of the two sides, a row for each eigenvector; empty where there is none.
struct Bases<'a> {
    shape: (usize, usize),
    left: &'a [f32],
    right: &'a [f32],
}

impl Bases<'_> {
    /// Qₗᵀ·x·Qᵣ.
    fn turn(&self, x: &[f32], out: &mut [f32], between: &mut [f32], scratch: &mut [f32]) {
        let ((m, n), none) = (self.shape, Epilogue::default());
        out.copy_from_slice(x);
        if !self.left.is_empty() {
            gemm(m, n, m, Mat::rows(self.left, m), Mat::rows(x, n), out, none, scratch);
        }
        if !self.right.is_empty() {
            between.copy_from_slice(out);
            gemm(m, n, n, Mat::rows(between, n), Mat::transposed(self.right, n), out, none, scratch);
        }
    }

    /// Qₗ·x·Qᵣᵀ in the place of x.
    fn turn_back(&self, x: &mut [f32], between: &mut [f32], scratch: &mut [f32]) {
        let ((m, n), none) = (self.shape, Epilogue::default());
        if !self.left.is_empty() {
            between.copy_from_slice(x);
            gemm(m, n, m, Mat::transposed(self.left, m), Mat::rows(between, n), x, none, scratch);
        }
        if !self.right.is_empty() {
            between.copy_from_slice(x);
            gemm(m, n, n, Mat::rows(between, n), Mat::rows(self.right, n), x, none, scratch);
        }
    }
}
