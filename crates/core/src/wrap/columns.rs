//! Sums over the units of a kernel: all elements with one index of the last axis. In f64, rows in order, so that nothing but
//! the numbers decides the bits.

/// Units looked at together: a cache line of each row.
pub const STRIP: usize = 16;

/// The first unit and the number of units of each strip of `units`.
pub fn strips(units: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..units).step_by(STRIP).map(move |first| (first, STRIP.min(units - first)))
}

/// Of each unit of a strip the sum of what `of` makes of its elements.
pub fn sums(values: &[f32], units: usize, (first, count): (usize, usize), of: impl Fn(f32) -> f64) -> [f64; STRIP] {
    let mut sums = [0.0; STRIP];
    for row in values.chunks_exact(units) {
        for (sum, &x) in sums.iter_mut().zip(&row[first..first + count]) {
            *sum += of(x);
        }
    }
    sums
}

/// Changes every element of a strip, given its place in the strip.
pub fn change(values: &mut [f32], units: usize, (first, count): (usize, usize), by: impl Fn(usize, f32) -> f32) {
    for row in values.chunks_exact_mut(units) {
        for (place, x) in row[first..first + count].iter_mut().enumerate() {
            *x = by(place, *x);
        }
    }
}

/// Units of a parameter: of a vector or a number all elements are one.
pub fn units(dims: &[usize]) -> usize {
    if dims.len() < 2 { 1 } else { dims[dims.len() - 1] }
}
