//! Counter-based randomness (Philox4x32-10, Salmon et al. 2011): every value is a function of seed, stream, iteration,
//! scan step, global row and element, so no order of calls, chunking or threading can change it.
//!
//! Layout: the seed and (iteration, stream) give a key of their own, words 0 and 1 of
//! `philox(seed, [iteration low, iteration high, stream, purpose])`; then element e of a row is word `e / 16 % 4` of
//! `philox(key, [e / 64 · 16 + e % 16, row low, row high, scan step])`: 16 neighbours come from 16 counters, one vector.

use super::elementwise::First;
use super::pool::{Shared, split};
use super::simd::{Kernel, dispatch};

/// Elements that 16 counters give.
pub const GROUP: usize = 64;
const WIDTH: usize = 16;
/// Purposes: no two uses of one seed share a key.
const VALUES: u32 = 0;
const PERMUTATION: u32 = 1;
const ROUNDING: u32 = 2;

/// Where random values stand: everything that a value depends on but its row and element.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The seed.
    pub key: u64,
    /// Which use of randomness within the model.
    pub stream: u32,
    /// The step.
    pub iteration: u64,
    /// Position inside a scan; 0 outside.
    pub scan_step: u32,
}

/// Ten rounds of Philox4x32: four random words of a counter and a key.
#[inline(always)]
pub fn philox(key: [u32; 2], counter: [u32; 4]) -> [u32; 4] {
    let (mut k, mut c) = (key, counter);
    for _ in 0..10 {
        let (p0, p1) = (0xd251_1f53u64 * u64::from(c[0]), 0xcd9e_8d57u64 * u64::from(c[2]));
        c = [(p1 >> 32) as u32 ^ c[1] ^ k[0], p1 as u32, (p0 >> 32) as u32 ^ c[3] ^ k[1], p0 as u32];
        k = [k[0].wrapping_add(0x9e37_79b9), k[1].wrapping_add(0xbb67_ae85)];
    }
    c
}

/// The upper 24 bits as a number in [0, 1).
#[inline(always)]
pub fn uniform01(word: u32) -> f32 {
    // Through i32, for which every vector unit has a conversion; 24 bits are exact.
    (word >> 8) as i32 as f32 * (1.0 / 16_777_216.0)
}

/// dst (rows of `row_len`, the first being global row `first_row`) = low + (high − low) · uniform [0, 1).
pub fn uniform(dst: &mut [f32], place: Place, first_row: u64, row_len: usize, low: f32, high: f32) {
    let range = high - low;
    generate(dst, First::Same, place, first_row, row_len, move |word, _| low + range * uniform01(word));
}

/// dst = src with each element kept with probability 1 − `rate` and then scaled by 1 / (1 − rate), or else 0. The same
/// place and rows give the same choice, so a gradient goes through the same call. `rate` is in [0, 1).
pub fn dropout(dst: &mut [f32], src: First, rate: f64, place: Place, first_row: u64, row_len: usize) {
    assert!((0.0..1.0).contains(&rate), "the dropout rate is in [0, 1)");
    let least = (rate * 4_294_967_296.0) as u32;
    let scale = (1.0 / (1.0 - rate)) as f32;
    generate(dst, src, place, first_row, row_len, move |word, x| if word >= least { x * scale } else { 0.0 });
}

/// [`dropout`] of some elements of one row, from element `start` on, in place.
pub fn dropout_part(dst: &mut [f32], rate: f64, place: Place, row: u64, start: usize) {
    assert!((0.0..1.0).contains(&rate), "the dropout rate is in [0, 1)");
    let least = (rate * 4_294_967_296.0) as u32;
    let scale = (1.0 / (1.0 - rate)) as f32;
    let key = subkey(place.key, [place.iteration as u32, (place.iteration >> 32) as u32, place.stream, VALUES]);
    let f = move |word, x| if word >= least { x * scale } else { 0.0 };
    let (mut at, mut rest) = (start, dst);
    while !rest.is_empty() {
        let (group, skip) = (at / GROUP, at % GROUP);
        let (part, after) = rest.split_at_mut(rest.len().min(GROUP - skip));
        let counter = [(group * WIDTH) as u32, row as u32, (row >> 32) as u32, place.scan_step];
        at += part.len();
        dispatch(Group { dst: part, src: First::Same, skip, key, counter, f });
        rest = after;
    }
}

/// The numbers 0 … len − 1 in an order given by seed and epoch, all orders equally likely (Fisher–Yates with Lemire's
/// unbiased draws).
pub fn permutation(dst: &mut [u32], key: u64, epoch: u64) {
    assert!(u32::try_from(dst.len()).is_ok(), "a permutation has at most 2^32 - 1 elements");
    let key = subkey(key, [epoch as u32, (epoch >> 32) as u32, 0, PERMUTATION]);
    let (mut words, mut used, mut counter) = ([0; 4], 4, 0u64);
    let mut draw = || {
        if used == 4 {
            words = philox(key, [counter as u32, (counter >> 32) as u32, 0, 0]);
            (used, counter) = (0, counter + 1);
        }
        used += 1;
        words[used - 1]
    };
    for (i, x) in dst.iter_mut().enumerate() {
        *x = i as u32;
    }
    for last in (1..dst.len()).rev() {
        let bound = last as u32 + 1;
        let mut product = u64::from(draw()) * u64::from(bound);
        if (product as u32) < bound {
            let uneven = bound.wrapping_neg() % bound;
            while (product as u32) < uneven {
                product = u64::from(draw()) * u64::from(bound);
            }
        }
        dst.swap(last, (product >> 32) as usize);
    }
}

/// The key of the rounding of one parameter's state in step `t`. Without a seed: a run without one repeats as well.
pub(super) fn rounding_key(t: u64, stream: u32) -> [u32; 2] {
    subkey(0, [t as u32, (t >> 32) as u32, stream, ROUNDING])
}

/// The random words of elements `64 · group ..` and the 63 after them, of a parameter's states number 2 · `pair` and the next.
#[inline(always)]
pub(super) fn rounding(key: [u32; 2], group: usize, pair: usize) -> [[u32; WIDTH]; 4] {
    let counter = (group * WIDTH) as u64;
    philox16(key, [counter as u32, (counter >> 32) as u32, 0, pair as u32])
}

fn subkey(key: u64, counter: [u32; 4]) -> [u32; 2] {
    let words = philox([key as u32, (key >> 32) as u32], counter);
    [words[0], words[1]]
}

/// dst[row, e] = f(random word of (row, e), src[row, e]).
fn generate(
    dst: &mut [f32],
    src: First,
    place: Place,
    first_row: u64,
    row_len: usize,
    f: impl Fn(u32, f32) -> f32 + Copy + Sync,
) {
    src.check(dst.len());
    if dst.is_empty() {
        return;
    }
    assert!(row_len > 0 && dst.len().is_multiple_of(row_len), "the destination is whole rows of {row_len}");
    let counter = [place.iteration as u32, (place.iteration >> 32) as u32, place.stream, VALUES];
    let key = subkey(place.key, counter);
    let groups = row_len.div_ceil(GROUP);
    let (rows, dst) = (dst.len() / row_len, Shared::new(dst));
    split(rows * groups, row_len.min(GROUP), 1, |range| {
        for unit in range {
            let (row, group) = (unit / groups, unit % groups);
            let start = row * row_len + group * GROUP;
            let end = (start + GROUP).min((row + 1) * row_len);
            // SAFETY: every unit has its own elements.
            let part = unsafe { dst.range(start..end) };
            let row = first_row.wrapping_add(row as u64);
            let counter = [(group * WIDTH) as u32, row as u32, (row >> 32) as u32, place.scan_step];
            dispatch(Group { dst: part, src: src.range(start..end), skip: 0, key, counter, f });
        }
    });
}

/// Up to 64 elements of one row.
struct Group<'a, F> {
    dst: &'a mut [f32],
    src: First<'a>,
    /// Elements before the first of them in their group.
    skip: usize,
    key: [u32; 2],
    counter: [u32; 4],
    f: F,
}

impl<F: Fn(u32, f32) -> f32> Kernel for Group<'_, F> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let words = philox16(self.key, self.counter);
        let words = &words.as_flattened()[self.skip..];
        match self.src {
            First::Same => self.dst.iter_mut().zip(words).for_each(|(x, &word)| *x = (self.f)(word, *x)),
            First::Other(src) => {
                self.dst.iter_mut().zip(src).zip(words).for_each(|((x, &a), &word)| *x = (self.f)(word, a));
            }
        }
    }
}

/// Philox of 16 counters that follow one another, word by word. In WASM there is one copy of it.
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn philox16(key: [u32; 2], counter: [u32; 4]) -> [[u32; WIDTH]; 4] {
    // Words stand in the lower halves of 64-bit lanes, where a vector unit multiplies them without shuffles; what gets
    // into the upper halves is masked off before it counts.
    const LOW: u64 = u32::MAX as u64;
    let mut c = counter.map(|word| [u64::from(word); WIDTH]);
    for j in 0..WIDTH {
        c[0][j] = u64::from(counter[0].wrapping_add(j as u32));
    }
    let mut k = key;
    for _ in 0..10 {
        for j in 0..WIDTH {
            let p0 = 0xd251_1f53 * (c[0][j] & LOW);
            let p1 = 0xcd9e_8d57 * (c[2][j] & LOW);
            c[0][j] = (p1 >> 32) ^ c[1][j] ^ u64::from(k[0]);
            c[2][j] = (p0 >> 32) ^ c[3][j] ^ u64::from(k[1]);
            (c[1][j], c[3][j]) = (p1, p0);
        }
        k = [k[0].wrapping_add(0x9e37_79b9), k[1].wrapping_add(0xbb67_ae85)];
    }
    c.map(|words| words.map(|word| word as u32))
}
