//! A window that moves over up to three axes: which places of the input each output position sees, and through which taps of
//! the kernel. Sizes are checked by who makes one: no place, stride or tap may pass 2³¹.

use std::ops::Range;

/// Axes behind the batch and before the channels; missing ones are leading axes of size 1.
pub const AXES: usize = 3;

/// Along each axis: output position o sees input place o · stride + tap · dilation − low, where there is such a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub input: [usize; AXES],
    pub kernel: [usize; AXES],
    pub output: [usize; AXES],
    pub stride: [usize; AXES],
    pub dilation: [usize; AXES],
    /// Places of padding before the first.
    pub low: [usize; AXES],
}

/// Output positions next to each other on the last axis.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Which sample, and where on the axes: of the first of them.
    pub sample: usize,
    pub at: [usize; AXES],
    /// How many.
    pub len: usize,
}

/// What some positions of a line see through one tap: places a stride apart.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub tap: usize,
    /// The first of the positions, counted from that of the line, and how many.
    pub first: usize,
    pub count: usize,
    /// The place that the first of them sees, among those of all samples.
    pub place: usize,
}

impl Seen {
    /// Those whose places, `stride` apart, lie in a range.
    pub fn within(self, places: &Range<usize>, stride: usize) -> Self {
        let skip = places.start.saturating_sub(self.place).div_ceil(stride).min(self.count);
        let end = places.end.saturating_sub(self.place).div_ceil(stride).clamp(skip, self.count);
        Seen { first: self.first + skip, count: end - skip, place: self.place + skip * stride, ..self }
    }
}

impl Window {
    /// Places of one sample.
    pub fn places(&self) -> usize {
        self.input.iter().product()
    }

    /// Taps of the kernel.
    pub fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// Output positions of one sample.
    pub fn positions(&self) -> usize {
        self.output.iter().product()
    }

    /// The input place on one axis, if there is one.
    #[inline(always)]
    pub fn place(&self, axis: usize, position: usize, tap: usize) -> Option<usize> {
        let padded = position * self.stride[axis] + tap * self.dilation[axis];
        padded.checked_sub(self.low[axis]).filter(|&place| place < self.input[axis])
    }

    /// The positions below `limit` on the last axis whose place at this tap exists.
    pub fn seen(&self, tap: usize, limit: usize) -> Range<usize> {
        let (stride, shift) = (self.stride[2], tap * self.dilation[2]);
        let from = self.low[2].saturating_sub(shift).div_ceil(stride);
        let end = (self.input[2] + self.low[2]).saturating_sub(shift).div_ceil(stride);
        from.min(limit)..end.min(limit).max(from.min(limit))
    }

    /// The line that begins at output row `row` of all samples and ends with the axis, or after `most`.
    pub fn line(&self, row: usize, most: usize) -> Line {
        let [depth, height, width] = self.output;
        let (rest, w) = (row / width, row % width);
        let (rest, h) = (rest / height, rest % height);
        Line { sample: rest / depth, at: [rest % depth, h, w], len: most.min(width - w) }
    }

    /// Calls `f` for the lines of some output rows, with the first row of each.
    pub fn lines(&self, rows: Range<usize>, f: &mut dyn FnMut(usize, Line)) {
        let mut row = rows.start;
        while row < rows.end {
            let line = self.line(row, rows.end - row);
            f(row, line);
            row += line.len;
        }
    }

    /// Calls `f` with every tap of an output row that sees a place, in order, and that place among all samples'.
    pub fn visit(&self, row: usize, f: &mut dyn FnMut(usize, usize)) {
        let Line { sample, at, .. } = self.line(row, 1);
        let mut tap = 0;
        for kd in 0..self.kernel[0] {
            let d = self.place(0, at[0], kd);
            for kh in 0..self.kernel[1] {
                if let (Some(d), Some(h)) = (d, self.place(1, at[1], kh)) {
                    let start = ((sample * self.input[0] + d) * self.input[1] + h) * self.input[2];
                    for kw in 0..self.kernel[2] {
                        if let Some(w) = self.place(2, at[2], kw) {
                            f(tap + kw, start + w);
                        }
                    }
                }
                tap += self.kernel[2];
            }
        }
    }

    /// Calls `f` for every tap through which positions of a line see places, in order or from the last to the first. In this
    /// order a place gets what positions of the line give it in order of these.
    pub fn seen_by(&self, line: Line, backwards: bool, f: &mut dyn FnMut(Seen)) {
        let [depth, height, width] = self.kernel;
        for nth in 0..depth * height {
            let nth = if backwards { depth * height - 1 - nth } else { nth };
            let (d, h) = (self.place(0, line.at[0], nth / height), self.place(1, line.at[1], nth % height));
            let (Some(d), Some(h)) = (d, h) else { continue };
            let start = ((line.sample * self.input[0] + d) * self.input[1] + h) * self.input[2];
            for tap in 0..width {
                let tap = if backwards { width - 1 - tap } else { tap };
                let seen = self.seen(tap, line.at[2] + line.len);
                let from = seen.start.max(line.at[2]);
                if from < seen.end {
                    let place = start + from * self.stride[2] + tap * self.dilation[2] - self.low[2];
                    f(Seen { tap: nth * width + tap, first: from - line.at[2], count: seen.end - from, place });
                }
            }
        }
    }

    /// The outermost axis that has more than one place or position: whole slices of it are neighbours in memory.
    pub fn outer_axis(&self) -> usize {
        (0..AXES - 1).find(|&axis| self.input[axis].max(self.output[axis]) > 1).unwrap_or(AXES - 1)
    }

    /// The positions on an axis that see one of some places.
    fn seeing(&self, axis: usize, places: Range<usize>) -> Range<usize> {
        if places.is_empty() || self.kernel[axis] == 0 {
            return 0..0;
        }
        let (stride, reach) = (self.stride[axis], (self.kernel[axis] - 1) * self.dilation[axis]);
        let from = (places.start + self.low[axis]).saturating_sub(reach).div_ceil(stride);
        let end = ((places.end - 1 + self.low[axis]) / stride + 1).min(self.output[axis]);
        from.min(end)..end
    }
}

/// A value of the input's shape cut into bands along its outermost axis, each of which is written by itself: what adds to the
/// places that positions see. Positions at the edge of a band are visited for both.
#[derive(Clone, Copy, Debug)]
pub struct Bands<'a> {
    window: &'a Window,
    axis: usize,
    /// Bands of a sample.
    count: usize,
    channels: usize,
}

impl<'a> Bands<'a> {
    /// About `wanted` bands of each sample; fewer where the work would be done twice.
    pub fn new(window: &'a Window, channels: usize, wanted: usize) -> Self {
        let axis = window.outer_axis();
        let reach = window.kernel[axis].saturating_sub(1) * window.dilation[axis] + 1;
        let most = (window.input[axis] / reach.saturating_mul(4)).max(1);
        Bands { window, axis, count: wanted.clamp(1, most), channels }
    }

    /// Bands of each sample.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The elements of a band, and the output rows that see some of its places.
    pub fn get(&self, nth: usize) -> (Range<usize>, Range<usize>) {
        let Window { input, output, .. } = self.window;
        let (sample, places) = (nth / self.count, share(input[self.axis], self.count, nth % self.count));
        let inner = |sizes: &[usize; AXES]| sizes[self.axis + 1..].iter().product::<usize>();
        let slice = inner(input) * self.channels;
        let first = sample * input[self.axis];
        let elements = (first + places.start) * slice..(first + places.end) * slice;
        let seeing = self.window.seeing(self.axis, places);
        let (first, slice) = (sample * output[self.axis], inner(output));
        (elements, (first + seeing.start) * slice..(first + seeing.end) * slice)
    }
}

/// The elements of a value from `start` on.
pub struct Band<'a> {
    pub start: usize,
    pub elements: &'a mut [f32],
}

impl Band<'_> {
    /// The places of so many channels.
    pub fn places(&self, channels: usize) -> Range<usize> {
        self.start / channels..(self.start + self.elements.len()) / channels
    }

    /// Those of `len` elements from `element` on that lie in the band, and how many come before them.
    #[inline]
    pub fn part(&mut self, element: usize, len: usize) -> (&mut [f32], usize) {
        let end = self.start + self.elements.len();
        let (from, to) = (element.clamp(self.start, end), (element + len).clamp(self.start, end));
        (&mut self.elements[from - self.start..to - self.start], from - element.min(from))
    }
}

/// Part number `i` of `count` nearly equal ones of `0..len`.
pub fn share(len: usize, count: usize, i: usize) -> Range<usize> {
    let (size, more) = (len / count, len % count);
    let start = i * size + i.min(more);
    start..start + size + usize::from(i < more)
}
