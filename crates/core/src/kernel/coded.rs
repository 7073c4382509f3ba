//! Optimizer state in fewer bits: bfloat16, or a byte for each element with a scale for each block of 256. Written with
//! random rounding, so that a mean still moves by less than one step of its numbers: the mean over many steps is right.
//! Whole numbers alone decide, so the bits are the same everywhere. Knows no optimizer.
//!
//! A byte is a small float: with a negative number in its block 1 bit of sign, 4 of exponent and 3 of fraction, else 5 and
//! 3. Each is within 1/8 of the number it stands for (after the rounding to either side), down to 2⁻¹⁴ or 2⁻³⁰ of the
//! block's largest; below it is 0 or the smallest, and among numbers that are all positive (second moments, which are
//! divided by) never 0. The scale is a power of two, so that nothing else rounds. Zero is exact, and a number that a
//! byte can hold stays as it is. A NaN or an infinity makes its block NaN.

use super::random::rounding;
use super::segment::STATES;
use super::simd::{Kernel, dispatch};

/// Elements that share a scale.
pub const BLOCK: usize = 256;
/// Elements that a sweep takes through a rule between reading and writing coded state: what stays in the first cache.
pub const CHUNK: usize = 1024;
/// Bits of an f32 below the three of its fraction that a byte keeps.
const DROPPED: u32 = 20;
/// Bits of a positive float that is no number.
const INFINITY: u32 = 0x7f80_0000;
/// The scale of a block that holds one.
const NO_SCALE: u16 = 0x7fc0;

/// How state is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Float,
    /// The upper half of each float.
    Half,
    /// A byte each, then the scales of all blocks (two bytes, from an even place on): a power of two, as the upper half of
    /// its float, negative where the block's bytes have signs.
    Byte,
}

impl Format {
    /// All of them, in the order of their numbers in plans.
    pub const ALL: [Format; 3] = [Format::Float, Format::Half, Format::Byte];

    /// Bytes of `len` elements.
    pub fn bytes(self, len: usize) -> usize {
        match self {
            Format::Float => 4 * len,
            Format::Half => 2 * len,
            Format::Byte => len.next_multiple_of(2) + 2 * len.div_ceil(BLOCK),
        }
    }
}

/// Floats of one chunk of each state.
pub(super) type Scratch = [[f32; CHUNK]; STATES];

/// A chunk of the states of a segment: their addresses, which hold `total` elements in `format`, and which of these.
#[derive(Clone, Copy)]
pub(super) struct Coded<'a> {
    pub(super) states: &'a [*mut u8],
    pub(super) format: Format,
    pub(super) total: usize,
    pub(super) first: usize,
    pub(super) len: usize,
    pub(super) key: [u32; 2],
}

impl Coded<'_> {
    /// Reads the chunk into the first `len` floats of each state's line.
    ///
    /// # Safety
    /// The addresses hold what is said of them, and nobody writes the chunk; `first` is a multiple of [`CHUNK`].
    pub(super) unsafe fn read(self, into: &mut Scratch) {
        dispatch(Read(self, into));
    }

    /// Writes it.
    ///
    /// # Safety
    /// As `read`, and nobody else has the chunk.
    pub(super) unsafe fn write(self, from: &mut Scratch) {
        for line in &mut from[..self.states.len()] {
            line[self.len..].fill(0.0);
        }
        dispatch(Write(self, from));
    }

    /// Blocks of the chunk: the elements' start in the chunk, and how many of them there are.
    #[inline(always)]
    fn blocks(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.len).step_by(BLOCK).map(move |at| (at, BLOCK.min(self.len - at)))
    }

    /// The address of the scale of the block that starts `at` elements into the chunk.
    #[inline(always)]
    fn scale(self, state: *mut u8, at: usize) -> *mut u16 {
        let offset = self.total.next_multiple_of(2) + (self.first + at) / BLOCK * 2;
        // Inside the state's bytes.
        state.wrapping_add(offset).cast()
    }
}

struct Read<'a>(Coded<'a>, &'a mut Scratch);

impl Kernel for Read<'_> {
    type Out = ();
    const WIDE: bool = true;

    #[inline(always)]
    fn run(self) {
        let Read(coded, scratch) = self;
        for (&state, line) in coded.states.iter().zip(scratch) {
            for (at, len) in coded.blocks() {
                let line: &mut [f32; BLOCK] = (&mut line[at..at + BLOCK]).try_into().expect("a block");
                let start = coded.first + at;
                if coded.format == Format::Half {
                    let mut halves = [0u16; BLOCK];
                    // SAFETY: `len` of the state's elements of two bytes, by the promise of `read`.
                    let from = unsafe { std::slice::from_raw_parts(state.cast::<u16>().add(start), len) };
                    halves[..len].copy_from_slice(from);
                    halves.iter().zip(line).for_each(|(&half, x)| *x = f32::from_bits(u32::from(half) << 16));
                } else {
                    let mut bytes = [0u8; BLOCK];
                    // SAFETY: `len` of the state's bytes, and the scale of their block.
                    let (from, scale) =
                        unsafe { (std::slice::from_raw_parts(state.add(start), len), coded.scale(state, at).read()) };
                    bytes[..len].copy_from_slice(from);
                    read_block(&bytes, scale, line);
                }
            }
        }
    }
}

/// Exponents that a byte can have below that of its block.
#[inline(always)]
fn depth(signed: bool) -> u32 {
    if signed { 15 } else { 31 }
}

/// The bits of the number that byte 0 would stand for, from which the others count.
#[inline(always)]
fn origin(exponent: u32, signed: bool) -> u32 {
    (exponent - depth(signed)) << 23
}

#[inline(always)]
fn read_block(bytes: &[u8; BLOCK], scale: u16, line: &mut [f32; BLOCK]) {
    if scale == NO_SCALE {
        return line.fill(f32::NAN);
    }
    let (signed, exponent) = (scale >> 15 == 1, u32::from(scale >> 7) & 255);
    let (magnitude, sign) = if signed { (127, 128) } else { (255, 0) };
    let origin = origin(exponent.max(depth(signed) + 1), signed);
    for (&byte, x) in bytes.iter().zip(line) {
        let byte = u32::from(byte);
        let bits = ((byte & magnitude) << DROPPED) + origin;
        let bits = if byte & magnitude == 0 { 0 } else { bits };
        *x = f32::from_bits(bits | (byte & sign) << 24);
    }
}

struct Write<'a>(Coded<'a>, &'a Scratch);

impl Kernel for Write<'_> {
    type Out = ();
    const WIDE: bool = true;

    #[inline(always)]
    fn run(self) {
        let Write(coded, scratch) = self;
        for (at, len) in coded.blocks() {
            for (pair, states) in coded.states.chunks(2).enumerate() {
                let mut words = [0u32; BLOCK];
                for (group, words) in words.as_chunks_mut::<64>().0.iter_mut().enumerate() {
                    let random = rounding(coded.key, (coded.first + at) / 64 + group, pair);
                    words.copy_from_slice(random.as_flattened());
                }
                for (slot, &state) in states.iter().enumerate() {
                    let line = &scratch[2 * pair + slot];
                    let line: &[f32; BLOCK] = line[at..at + BLOCK].try_into().expect("a block");
                    let start = coded.first + at;
                    if coded.format == Format::Half {
                        let mut halves = [0u16; BLOCK];
                        write_halves(line, &words, &mut halves);
                        // SAFETY: `len` of the state's elements of two bytes, by the promise of `write`.
                        unsafe { std::ptr::copy_nonoverlapping(halves.as_ptr(), state.cast::<u16>().add(start), len) };
                    } else {
                        let mut bytes = [0u8; BLOCK];
                        let scale = write_block(line, &words, &mut bytes);
                        // SAFETY: `len` of the state's bytes, and the scale of their block.
                        unsafe {
                            std::ptr::copy_nonoverlapping(bytes.as_ptr(), state.add(start), len);
                            coded.scale(state, at).write(scale);
                        }
                    }
                    // The lower half was for the first of the two, the upper is for the second.
                    words.iter_mut().for_each(|word| *word >>= 16);
                }
            }
        }
    }
}

/// Rounds up where the lower half of a word is more than what is cut off leaves.
#[inline(always)]
fn write_halves(line: &[f32; BLOCK], words: &[u32; BLOCK], halves: &mut [u16; BLOCK]) {
    for ((x, &word), half) in line.iter().zip(words).zip(halves) {
        let (bits, magnitude) = (x.to_bits(), x.to_bits() & !(1 << 31));
        let rounded = (magnitude + (word & 0xffff)).min(INFINITY - 1) >> 16;
        let kept = if magnitude > INFINITY { 0x7fc0 } else { magnitude >> 16 };
        let magnitude = if magnitude >= INFINITY { kept } else { rounded };
        *half = (magnitude | (bits >> 31) << 15) as u16;
    }
}

#[inline(always)]
fn write_block(line: &[f32; BLOCK], words: &[u32; BLOCK], bytes: &mut [u8; BLOCK]) -> u16 {
    let (mut largest, mut signs) = (0, 0);
    for x in line {
        let bits = x.to_bits();
        largest = (bits & !(1 << 31)).max(largest);
        signs |= bits;
    }
    if largest >= INFINITY {
        return NO_SCALE;
    }
    let signed = signs >> 31 == 1;
    // Even the largest has room above it to be rounded to, but for what no float has.
    let exponent = ((largest + (1 << DROPPED) - 1) >> 23).clamp(depth(signed) + 1, 254);
    let origin = origin(exponent, signed);
    let (top, sign) = if signed { (127, 128) } else { (255, 0) };
    let least = origin + (1 << DROPPED);
    // A number below the least becomes that with a probability in proportion or, where there are no signs, at once.
    let chance = if signed { 65536.0 / f32::from_bits(least) } else { f32::INFINITY };
    for ((x, &word), byte) in line.iter().zip(words).zip(bytes) {
        let (bits, magnitude) = (x.to_bits(), x.to_bits() & !(1 << 31));
        let random = word & 0xffff;
        let rounded = (magnitude + (random << 4 | 8)).wrapping_sub(origin) >> DROPPED;
        let small = u32::from((random as i32 as f32) < f32::from_bits(magnitude) * chance);
        let code = if magnitude < least { small } else { rounded.min(top) };
        *byte = if code == 0 { 0 } else { (code | bits >> 24 & sign) as u8 };
    }
    (exponent << 7 | u32::from(signed) << 15) as u16
}

#[cfg(test)]
mod tests {
    use super::super::simd::{force_level, levels};
    use super::*;

    /// What is read after `x` was written, with the bytes.
    fn through(x: &[f32], format: Format, step: u32) -> (Vec<f32>, Vec<u8>) {
        let mut bytes = vec![0u64; format.bytes(x.len()).div_ceil(8)];
        let mut scratch: Box<Scratch> = Box::new([[f32::NAN; CHUNK]; STATES]);
        let mut back = Vec::new();
        for (i, chunk) in x.chunks(CHUNK).enumerate() {
            let (states, first) = (&[bytes.as_mut_ptr().cast()][..], i * CHUNK);
            let coded = Coded { states, format, total: x.len(), first, len: chunk.len(), key: [7, step] };
            scratch[0][..chunk.len()].copy_from_slice(chunk);
            // SAFETY: as many bytes as the format takes.
            unsafe {
                coded.write(&mut scratch);
                coded.read(&mut scratch);
            }
            back.extend(&scratch[0][..chunk.len()]);
        }
        (back, bytes.iter().flat_map(|word| word.to_le_bytes()).take(format.bytes(x.len())).collect())
    }

    /// Numbers of some sizes, or of all signs, with zeros among them.
    fn numbers(len: usize, signed: bool) -> Vec<f32> {
        let of = |i: usize| {
            let bits = (i as u32 + 1).wrapping_mul(2_654_435_761);
            let x = (1.0 + (bits >> 9) as f32 / 8_388_608.0) * 2f32.powi((bits % 9) as i32 - 20);
            if bits.is_multiple_of(31) { 0.0 } else { x * if signed && bits.is_multiple_of(2) { -1.0 } else { 1.0 } }
        };
        (0..len).map(of).collect()
    }

    const SIZES: [usize; 12] = [0, 1, 15, 16, 17, 31, 33, 63, 255, 257, 1024, 2500];

    #[test]
    fn each_number_is_one_of_its_two_neighbours_and_right_in_the_mean() {
        for (format, step) in [(Format::Half, 2f32.powi(-7)), (Format::Byte, 2f32.powi(-3))] {
            for signed in [false, true] {
                let x = numbers(600, signed);
                let mut sums = vec![0.0; x.len()];
                const TRIES: u32 = 4096;
                for t in 0..TRIES {
                    for ((sum, got), x) in sums.iter_mut().zip(through(&x, format, t).0).zip(&x) {
                        assert!((got - x).abs() < x.abs() * step || got == *x, "{format:?}: {x} became {got}");
                        *sum += f64::from(got);
                    }
                }
                for (sum, &x) in sums.iter().zip(&x) {
                    // At most half a step of deviation each: six of them over √tries. And words of 16 bits.
                    let bound = f64::from(x.abs() * step) * (3.0 / f64::from(TRIES).sqrt() + 2f64.powi(-16));
                    assert!((sum / f64::from(TRIES) - f64::from(x)).abs() <= bound, "{format:?}: {x} in the mean");
                }
            }
        }
    }

    #[test]
    fn what_was_read_stays() {
        for format in [Format::Half, Format::Byte] {
            for len in SIZES {
                for signed in [false, true] {
                    let (once, _) = through(&numbers(len, signed), format, 1);
                    for step in 2..9 {
                        assert_eq!(through(&once, format, step).0, once, "{format:?} {len}");
                    }
                }
            }
        }
    }

    #[test]
    fn small_numbers_beside_large_ones() {
        let mut x = vec![1.0, 2f32.powi(-13), 2f32.powi(-29), 1e-30, 0.0];
        let (got, _) = through(&x, Format::Byte, 1);
        assert!(got[..4].iter().all(|&x| x > 0.0) && got[4] == 0.0, "positive numbers stay positive: {got:?}");
        assert!((got[2] / x[2] - 1.0).abs() <= 0.125);
        (x[0], x[2]) = (-1.0, 2f32.powi(-16));
        let mean = |i: usize| (0..2000).map(|t| f64::from(through(&x, Format::Byte, t).0[i])).sum::<f64>() / 2000.0;
        assert!((mean(1) / f64::from(x[1]) - 1.0).abs() < 0.05);
        assert!((mean(2) / f64::from(x[2]) - 1.0).abs() < 0.2, "below the least: right in the mean");
        assert_eq!(mean(4), 0.0);
    }

    #[test]
    fn the_largest_and_smallest_floats_and_no_numbers() {
        for format in [Format::Half, Format::Byte] {
            for x in [f32::MAX, -f32::MAX, f32::MIN_POSITIVE, -2.0 * f32::MIN_POSITIVE] {
                let (got, _) = through(&[x, 0.0], format, 3);
                assert!((got[0] / x - 1.0).abs() <= 0.125 && got[0].is_finite() && got[1] == 0.0, "{x:e} {got:?}");
            }
            for x in [f32::NAN, f32::INFINITY] {
                let mut line = vec![0.5; 300];
                line[280] = x;
                let (got, _) = through(&line, format, 3);
                assert!(!got[280].is_finite(), "{format:?}: {x} is not forgotten");
                assert_eq!(got[..256], line[..256], "{format:?}: other blocks stay");
            }
        }
    }

    #[test]
    fn instruction_sets_change_no_bit() {
        for format in [Format::Half, Format::Byte] {
            for len in SIZES {
                let x = numbers(len, true);
                let mut all = levels().map(|level| {
                    force_level(Some(level));
                    through(&x, format, 5).1
                });
                let first = all.next().unwrap();
                assert!(all.all(|bytes| bytes == first), "{format:?} {len}");
                force_level(None);
            }
        }
    }
}
