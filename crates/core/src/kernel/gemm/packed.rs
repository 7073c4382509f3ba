//! A second factor packed once and multiplied with many first ones, each on the calling thread: what convolutions do with
//! the panels they gather. Refuses views that reach outside their data.

#[cfg(not(target_arch = "x86_64"))]
use super::micro;
use super::micro::{MAX_WIDTH, Shape};
use super::{Epilogue, Mat, Panels, Product, Shared};
#[cfg(target_arch = "x86_64")]
use super::{Level, level, micro};

/// Floats that a packed matrix of k rows and n columns takes at most: whole cache lines.
pub fn packed_len(n: usize, k: usize) -> usize {
    n.next_multiple_of(MAX_WIDTH).saturating_mul(k)
}

/// B of a product, in panels.
#[derive(Clone, Copy)]
pub struct Packed<'a> {
    n: usize,
    k: usize,
    panels: &'a [f32],
}

impl<'a> Packed<'a> {
    /// Packs B (k × n) into `to`.
    pub fn pack(b: Mat, n: usize, k: usize, to: &mut [f32]) {
        b.check(k, n);
        assert!(to.len() >= packed_len(n, k), "room for the panels");
        if n * k > 0 {
            let scratch = Shared::new(to);
            let nothing = Mat::rows(&[], 0);
            let product = Product {
                m: 0,
                n,
                k,
                a: nothing,
                b,
                c: Shared::new(&mut []),
                c_row: n,
                epilogue: NONE,
                scratch,
                spare: Shared::new(&mut []),
            };
            for_level!(product.pack_all());
        }
    }

    /// What `pack` has left in `panels`.
    pub fn new(n: usize, k: usize, panels: &'a [f32]) -> Self {
        assert!(panels.len() >= packed_len(n, k), "the panels of a packed matrix");
        Packed { n, k, panels }
    }

    /// C (m rows that begin `c_row` apart) = A (m × k) · B, and the bias added to every row.
    pub fn multiply(&self, m: usize, a: Mat, c: &mut [f32], c_row: usize, bias: Option<&[f32]>) {
        let Packed { n, k, panels } = *self;
        a.check(m, k);
        assert!(bias.is_none_or(|bias| bias.len() == n), "the bias has other than n elements");
        assert!(m * n == 0 || (c_row >= n && (m - 1) * c_row + n <= c.len()), "C reaches outside its data");
        if m * n == 0 {
            return;
        }
        let (b, epilogue) = (Mat::rows(&[], 0), Epilogue { bias, map: None });
        let product = Product {
            m,
            n,
            k,
            a,
            b,
            c: Shared::new(c),
            c_row,
            epilogue,
            scratch: Shared::new(&mut []),
            spare: Shared::new(&mut []),
        };
        for_level!(product.all_rows(panels));
    }
}

const NONE: Epilogue = Epilogue { bias: None, map: None };

impl Product<'_> {
    fn pack_all<S: Shape>(&self) {
        (0..self.n.div_ceil(S::WIDTH)).for_each(|panel| self.pack::<S>(panel, 0));
    }

    fn all_rows<S: Shape>(&self, panels: &[f32]) {
        let packed = Panels { start: panels.as_ptr(), first: 0 };
        self.band::<S>(0..self.m, 0..self.n.div_ceil(S::WIDTH), packed, None, false);
    }
}
