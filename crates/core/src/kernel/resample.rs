//! Images looked at through affine maps: where each pixel of the output comes from, bilinearly or from the nearest pixel.
//! Coordinates are float32, and tell nothing but which pixels are met and their weights; a weight of 0 meets nothing.

use super::pool::{Shared, split};

/// What lies beyond the edges of an image `a b c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// One number everywhere.
    Constant,
    /// `a a | a b c | c c`.
    Nearest,
    /// `b a | a b c | c b`.
    Reflect,
    /// `b c | a b c | a b`.
    Wrap,
}

impl Edge {
    /// The place that `at` stands for on an axis of `size` places, at least one.
    pub fn place(self, at: i64, size: usize) -> Option<usize> {
        let size = size as i64;
        if (0..size).contains(&at) {
            return Some(at as usize);
        }
        let place = match self {
            Edge::Constant => return None,
            Edge::Nearest => at.clamp(0, size - 1),
            Edge::Wrap => at.rem_euclid(size),
            Edge::Reflect => {
                let turn = at.rem_euclid(2 * size);
                turn.min(2 * size - 1 - turn)
            }
        };
        Some(place as usize)
    }
}

/// How images are looked at: heights and widths, channels last.
#[derive(Clone, Copy, Debug)]
pub struct Resample<'a> {
    pub input: [usize; 2],
    pub output: [usize; 2],
    pub channels: usize,
    pub edge: Edge,
    pub bilinear: bool,
    /// What `Edge::Constant` puts beyond the edges.
    pub fill: f32,
    /// Six numbers for each image, or for all of them: column `m0·x + m1·y + m2`, row `m3·x + m4·y + m5` of the input.
    pub maps: &'a [f32],
}

/// The whole number below, at most that of 31 bits, and what is left: from 0 to 1, which a little below 0 is rounded to.
/// (`f32::floor` is a call where there is no SSE 4.1.)
fn floor(x: f32) -> (i32, f32) {
    let whole = x as i32;
    let whole = whole.saturating_sub(i32::from(whole as f32 > x));
    let rest = x - whole as f32;
    (whole, if (0.0..=1.0).contains(&rest) || rest.is_nan() { rest } else { 0.0 })
}

/// A pixel, if it is one of the image, and its weight.
type Tap = (Option<usize>, f32);

impl Resample<'_> {
    /// Where column `x` of row `y` of an image lies in the input: column and row.
    fn source(&self, image: usize, y: usize, x: usize) -> (f32, f32) {
        let first = if self.maps.len() == 6 { 0 } else { 6 * image };
        let m = &self.maps[first..first + 6];
        let (x, y) = (x as f32, y as f32);
        (m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5])
    }

    /// What is seen there.
    fn taps(&self, (column, row): (f32, f32)) -> [Tap; 4] {
        let [height, width] = self.input;
        let pixel = |row: i64, column: i64| -> Option<usize> {
            Some(self.edge.place(row, height)? * width + self.edge.place(column, width)?)
        };
        if !self.bilinear {
            let at = pixel(floor(row + 0.5).0.into(), floor(column + 0.5).0.into());
            return [(at, 1.0), (None, 0.0), (None, 0.0), (None, 0.0)];
        }
        let ((above, down), (left, right)) = (floor(row), floor(column));
        let (above, left) = (i64::from(above), i64::from(left));
        [
            (pixel(above, left), (1.0 - down) * (1.0 - right)),
            (pixel(above, left + 1), (1.0 - down) * right),
            (pixel(above + 1, left), down * (1.0 - right)),
            (pixel(above + 1, left + 1), down * right),
        ]
    }

    /// The same between four pixels of the image, as most are: the first of them, and the four weights.
    fn inner(&self, (column, row): (f32, f32)) -> Option<(usize, [f32; 4])> {
        let ((above, down), (left, right)) = (floor(row), floor(column));
        let [height, width] = self.input;
        let within = |place: i32, size: usize| place >= 0 && (place as usize) < size - 1;
        if !(self.bilinear && down > 0.0 && right > 0.0 && within(above, height) && within(left, width)) {
            return None;
        }
        let weights = [(1.0 - down) * (1.0 - right), (1.0 - down) * right, down * (1.0 - right), down * right];
        Some((above as usize * width + left as usize, weights))
    }

    /// y = what is seen of x; rows are shared among threads.
    pub fn forward(&self, x: &[f32], y: &mut [f32]) {
        let ([height, width], channels) = (self.output, self.channels);
        if y.is_empty() {
            return;
        }
        let (rows, image) = (y.len() / (width * channels), self.input[0] * self.input[1] * channels);
        let y = Shared::new(y);
        split(rows, width * (4 * channels + 40), 1, |range| {
            for row in range {
                // SAFETY: `split` hands out disjoint rows.
                let y = unsafe { y.range(row * width * channels..(row + 1) * width * channels) };
                let x = &x[row / height * image..][..image];
                for (column, y) in y.chunks_exact_mut(channels).enumerate() {
                    let source = self.source(row / height, row % height, column);
                    match self.inner(source) {
                        Some((place, weights)) => self.between(x, place, weights, y),
                        None => self.gather(x, self.taps(source), y),
                    }
                }
            }
        });
    }

    fn between(&self, x: &[f32], place: usize, [a, b, c, d]: [f32; 4], y: &mut [f32]) {
        let channels = y.len();
        let above = &x[place * channels..][..2 * channels];
        let below = &x[(place + self.input[1]) * channels..][..2 * channels];
        for (i, y) in y.iter_mut().enumerate() {
            // From 0, as others add up.
            *y = 0.0 + a * above[i] + b * above[channels + i] + c * below[i] + d * below[channels + i];
        }
    }

    fn gather(&self, x: &[f32], taps: [Tap; 4], y: &mut [f32]) {
        y.fill(0.0);
        for (place, weight) in taps {
            if weight == 0.0 {
                continue;
            }
            match place {
                Some(place) => {
                    let x = &x[place * self.channels..];
                    y.iter_mut().zip(x).for_each(|(y, x)| *y += weight * x);
                }
                None => y.iter_mut().for_each(|y| *y += weight * self.fill),
            }
        }
    }

    /// dx = each of dy, shared by the pixels that it was seen of, row by row; images are shared among threads.
    pub fn gradient(&self, dy: &[f32], dx: &mut [f32]) {
        let ([height, width], channels) = (self.output, self.channels);
        if dx.is_empty() {
            return;
        }
        let (from, to) = (height * width * channels, self.input[0] * self.input[1] * channels);
        let (images, dx) = (dx.len() / to, Shared::new(dx));
        split(images, height * width * (4 * channels + 40), 1, |range| {
            for image in range {
                // SAFETY: `split` hands out disjoint images.
                let dx = unsafe { dx.range(image * to..(image + 1) * to) };
                dx.fill(0.0);
                for (i, dy) in dy[image * from..][..from].chunks_exact(channels).enumerate() {
                    for (place, weight) in self.taps(self.source(image, i / width, i % width)) {
                        let Some(place) = place.filter(|_| weight != 0.0) else { continue };
                        let dx = &mut dx[place * channels..];
                        dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += weight * dy);
                    }
                }
            }
        });
    }
}
