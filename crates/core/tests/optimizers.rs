//! Every registered optimizer, one step at a time, against its rule in f64 from the same f32 state, and what surrounds
//! the rule. The rules below are written in numbers that carry a bound of the rounding of the same expression in f32,
//! so the bound is derived, not chosen: 2⁻²⁴ of every intermediate's magnitude, propagated, cancellation included.

use descend_core::declare::{ABSENT, find};
use descend_core::kernel::pool::set_threads;
use descend_core::kernel::simd::{force_level, levels};
use descend_core::kernel::sweep::Segment;
use descend_core::kernel::turn::Turn;
use descend_core::optim::step::{OnNonFinite, Step};
use descend_core::optim::{CLIPNORM, CLIPVALUE, GLOBAL_CLIPNORM, OPTIMIZERS, Optimizer, SHARED, WEIGHT_DECAY};
use std::ops::{Add, Div, Mul, Sub};

/// Unit roundoff of f32.
const U: f64 = 1.0 / (1u64 << 24) as f64;

/// A value and how far the same expression in f32 may be from it.
#[derive(Clone, Copy, Debug)]
struct Bounded {
    value: f64,
    error: f64,
}

fn exact(value: f64) -> Bounded {
    Bounded { value, error: 0.0 }
}

/// One f32 operation of exact result `value` on operands whose errors make `error` of it.
fn rounded(value: f64, error: f64) -> Bounded {
    Bounded { value, error: error + U * (value.abs() + error) + f64::from(f32::MIN_POSITIVE) }
}

/// A coefficient that is taken in f64 and rounded once.
fn coefficient(value: f64) -> Bounded {
    rounded(value, 0.0)
}

impl Add for Bounded {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        rounded(self.value + other.value, self.error + other.error)
    }
}

impl Sub for Bounded {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        rounded(self.value - other.value, self.error + other.error)
    }
}

impl Mul for Bounded {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let error = self.error * (other.value.abs() + other.error) + other.error * self.value.abs();
        rounded(self.value * other.value, error)
    }
}

impl Div for Bounded {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let least = other.value.abs() - other.error;
        assert!(least > 0.0, "the bound of a quotient needs a divisor away from zero");
        let quotient = self.value / other.value;
        rounded(quotient, (self.error + quotient.abs() * other.error) / least)
    }
}

impl Bounded {
    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        let error = (root - (self.value - self.error).max(0.0).sqrt()).max((self.value + self.error).sqrt() - root);
        rounded(root, error)
    }

    fn max(self, other: Self) -> Self {
        Bounded { value: self.value.max(other.value), error: self.error.max(other.error) }
    }
}

/// One way to use an optimizer: its name as a user may write it, its flags, learning rate and own numbers.
struct Setting {
    name: &'static str,
    flags: &'static [bool],
    rate: f64,
    own: &'static [f64],
}

const SGD: &Setting = &Setting { name: "sgd", flags: &[false, false], rate: 0.01, own: &[0.0] };
const ADAM: &Setting = &Setting { name: "adam", flags: &[false], rate: 1e-3, own: &[0.9, 0.999, 1e-7] };

const SETTINGS: &[&Setting] = &[
    SGD,
    &Setting { name: "SGD", flags: &[false, true], rate: 0.02, own: &[0.8] },
    &Setting { name: "sgd", flags: &[true, true], rate: 0.03, own: &[0.9] },
    &Setting { name: "momentum", flags: &[false], rate: 0.01, own: &[0.9] },
    &Setting { name: "Momentum", flags: &[true], rate: 0.01, own: &[0.7] },
    &Setting { name: "rmsprop", flags: &[false, false], rate: 1e-3, own: &[0.9, 0.0, 1e-7] },
    &Setting { name: "RMSprop", flags: &[false, true], rate: 1e-2, own: &[0.8, 0.9, 1e-3] },
    &Setting { name: "rms_prop", flags: &[true, false], rate: 1e-2, own: &[0.95, 0.0, 1.0] },
    &Setting { name: "rmsprop", flags: &[true, true], rate: 1e-2, own: &[0.9, 0.5, 1.0] },
    ADAM,
    &Setting { name: "Adam", flags: &[true], rate: 0.02, own: &[0.8, 0.99, 1e-4] },
    &Setting { name: "AdamW", flags: &[true], rate: 0.02, own: &[0.8, 0.99, 1e-4] },
];

/// The rule of `setting` in f64: the new parameter, then the new state.
fn reference(setting: &Setting, t: i32, p: f32, g: f32, state: &[f32]) -> Vec<Bounded> {
    let [p, g] = [p, g].map(|x| exact(f64::from(x)));
    let s: Vec<Bounded> = state.iter().map(|&x| exact(f64::from(x))).collect();
    let (rate, own, flags) = (setting.rate, setting.own, setting.flags);
    match find(OPTIMIZERS, "optimizer", setting.name).unwrap().declaration.name {
        "SGD" | "Momentum" => {
            let step = coefficient(rate) * g;
            if s.is_empty() {
                return vec![p - step];
            }
            let u = coefficient(own[0]) * s[0] - step;
            vec![p + if flags[0] { coefficient(own[0]) * u - step } else { u }, u]
        }
        "RMSprop" => {
            let [centered, momentum] = [flags[0], flags[1]];
            let v = coefficient(own[0]) * s[0] + coefficient(1.0 - own[0]) * (g * g);
            let mut new = vec![v];
            let mut variance = v;
            if centered {
                let a = coefficient(own[0]) * s[1] + coefficient(1.0 - own[0]) * g;
                new.push(a);
                variance = (v - a * a).max(exact(0.0));
            }
            let mut step = coefficient(rate) * g / (variance + coefficient(own[2])).sqrt();
            if momentum {
                step = step + coefficient(own[1]) * s[s.len() - 1];
                new.push(step);
            }
            new.insert(0, p - step);
            new
        }
        "Adam" | "AdamW" => {
            let m = s[0] + coefficient(1.0 - own[0]) * (g - s[0]);
            let v = s[1] + coefficient(1.0 - own[1]) * (g * g - s[1]);
            let mut new = vec![m, v];
            if flags[0] {
                new.push(s[2].max(v));
            }
            let rate = rate * (1.0 - own[1].powi(t)).sqrt() / (1.0 - own[0].powi(t));
            let root = new[new.len() - 1].sqrt() + coefficient(own[2]);
            new.insert(0, p - coefficient(rate) * m / root);
            new
        }
        name => panic!("{name} is registered but has no reference here"),
    }
}

/// Numbers of very different sizes, the same ones every time; zero now and then.
fn gradient(step: u64, index: usize) -> f32 {
    let bits = (step as u32).wrapping_mul(2_654_435_761) ^ (index as u32).wrapping_mul(40_503);
    let bits = bits.wrapping_mul(2_246_822_519);
    let unit = (bits >> 8) as f32 / (1 << 23) as f32 - 1.0;
    match bits % 16 {
        0 => 0.0,
        1 => unit * 1e-6,
        2 => unit * 1e3,
        _ => unit,
    }
}

fn build(setting: &Setting) -> Box<dyn Optimizer> {
    (find(OPTIMIZERS, "optimizer", setting.name).unwrap().build)(setting.flags)
}

fn hypers(setting: &Setting) -> Vec<f64> {
    let mut hypers = vec![ABSENT; SHARED.len()];
    hypers[0] = setting.rate;
    hypers.extend(setting.own);
    hypers
}

/// Parameters and state of one run.
#[derive(Clone)]
struct Memory {
    p: Vec<f32>,
    states: Vec<Vec<f32>>,
}

impl Memory {
    fn new(setting: &Setting, len: usize) -> Self {
        let entry = find(OPTIMIZERS, "optimizer", setting.name).unwrap();
        let states = entry.declaration.states(setting.flags);
        let p = (0..len).map(|i| (i as f32 * 0.37).sin() * 2.0).collect();
        Self { p, states: states.iter().map(|state| vec![state.initial; len]).collect() }
    }

    /// The memory as one segment, or as several of these lengths and the rest.
    fn segments<'a>(&'a mut self, g: &'a [f32], lens: &[usize]) -> Vec<Segment<'a>> {
        let (mut p, mut g) = (self.p.as_mut_slice(), g);
        let mut states: Vec<&mut [f32]> = self.states.iter_mut().map(Vec::as_mut_slice).collect();
        let mut segments = Vec::new();
        for len in lens.iter().copied().chain([usize::MAX]) {
            let len = len.min(p.len());
            let take = |rest: &mut &'a mut [f32]| {
                let (head, tail) = std::mem::take(rest).split_at_mut(len);
                *rest = tail;
                head
            };
            let heads = states.iter_mut().map(take).collect();
            let (g_head, g_tail) = g.split_at(len);
            g = g_tail;
            segments.push(Segment::new(take(&mut p), g_head, heads));
        }
        segments
    }

    fn bits(&self) -> Vec<u32> {
        self.states.iter().chain([&self.p]).flatten().map(|x| x.to_bits()).collect()
    }
}

fn step_once(setting: &Setting, hyper: &[f64], t: u64, memory: &mut Memory, g: &[f32], lens: &[usize]) {
    let mut step = Step::new(OnNonFinite::Throw, false, vec!["w".into(); lens.len() + 1]);
    step.apply(&*build(setting), hyper, t, &mut memory.segments(g, lens)).unwrap();
}

#[test]
fn every_optimizer_has_settings_here() {
    for entry in OPTIMIZERS {
        let name = entry.declaration.name;
        let mut names = SETTINGS.iter().map(|setting| find(OPTIMIZERS, "", setting.name).unwrap().declaration.name);
        assert!(names.any(|known| known == name), "{name} has no setting");
    }
}

#[test]
fn one_step_is_within_the_rounding_of_its_rule() {
    for setting in SETTINGS {
        let mut memory = Memory::new(setting, 33);
        for t in 1..=100 {
            let g: Vec<f32> = (0..33).map(|i| gradient(t, i)).collect();
            let before = memory.clone();
            step_once(setting, &hypers(setting), t, &mut memory, &g, &[]);
            for i in 0..33 {
                let state: Vec<f32> = before.states.iter().map(|state| state[i]).collect();
                let expected = reference(setting, t as i32, before.p[i], g[i], &state);
                let got: Vec<f32> = [&memory.p].into_iter().chain(&memory.states).map(|values| values[i]).collect();
                assert_eq!(got.len(), expected.len());
                for (slot, (expected, &got)) in expected.iter().zip(&got).enumerate() {
                    let error = (f64::from(got) - expected.value).abs();
                    let context = format!("{} {:?} t={t} i={i} slot={slot}", setting.name, setting.flags);
                    assert!(error <= expected.error, "{context}: {got} {expected:?}");
                }
            }
        }
    }
}

#[test]
fn splits_threads_and_levels_change_no_bit() {
    for setting in SETTINGS {
        for len in [0, 1, 15, 16, 17, 31, 33, 63, 1003, 70_001] {
            let mut seen: Option<Vec<u32>> = None;
            for level in levels() {
                force_level(Some(level));
                for (threads, lens) in [(1, &[][..]), (2, &[]), (3, &[7, 0, 16, 33]), (2, &[1, 40_000])] {
                    set_threads(threads).unwrap();
                    let mut memory = Memory::new(setting, len);
                    let mut hyper = hypers(setting);
                    (hyper[WEIGHT_DECAY], hyper[CLIPVALUE]) = (0.1, 0.7);
                    for t in 1..=3 {
                        let g: Vec<f32> = (0..len).map(|i| gradient(t, i)).collect();
                        step_once(setting, &hyper, t, &mut memory, &g, lens);
                    }
                    let bits = memory.bits();
                    assert!(*seen.get_or_insert_with(|| bits.clone()) == bits, "{} {len} {level:?}", setting.name);
                }
            }
        }
    }
}

#[test]
fn turns_change_no_bit() {
    for setting in SETTINGS {
        let lens = [7, 0, 16, 33];
        let (mut whole, mut cut) = (Memory::new(setting, 1000), Memory::new(setting, 1000));
        for (t, parts) in [(1, 1), (2, 3), (3, usize::MAX)] {
            let g: Vec<f32> = (0..1000).map(|i| gradient(t, i)).collect();
            step_once(setting, &hypers(setting), t, &mut whole, &g, &lens);
            let mut step = Step::new(OnNonFinite::Throw, false, vec!["w".into(); lens.len() + 1]);
            let (optimizer, mut segments, mut turn) = (build(setting), cut.segments(&g, &lens), Turn::first(parts));
            step.decide(&hypers(setting), t, None, &mut segments).unwrap();
            while turn.take(|| step.commit(&*optimizer, &hypers(setting), t, &mut segments)).1 {}
        }
        assert!(whole.bits() == cut.bits(), "{}", setting.name);
    }
}

/// Parameters (a pair and a single one) after one plain step at rate 1, under changed shared numbers.
fn after(p: [f32; 3], g: [f32; 3], shared: &[(usize, f64)]) -> Vec<f32> {
    let mut hyper = hypers(SGD);
    hyper[0] = 1.0;
    shared.iter().for_each(|&(position, value)| hyper[position] = value);
    let mut memory = Memory { p: p.to_vec(), states: vec![] };
    step_once(SGD, &hyper, 1, &mut memory, &g, &[2]);
    memory.p
}

#[test]
fn clips_as_keras_does() {
    let g = [3.0, 4.0, 12.0];
    assert_eq!(after([0.0; 3], g, &[(CLIPVALUE, 3.5)]), [-3.0, -3.5, -3.5]);
    assert_eq!(after([0.0; 3], g, &[(CLIPNORM, 5.0)]), [-3.0, -4.0, -5.0]);
    assert_eq!(after([0.0; 3], g, &[(CLIPNORM, 2.5)]), [-1.5, -2.0, -2.5]);
    assert_eq!(after([0.0; 3], g, &[(GLOBAL_CLIPNORM, 13.0)]), [-3.0, -4.0, -12.0]);
    assert_eq!(after([0.0; 3], g, &[(GLOBAL_CLIPNORM, 6.5)]), [-1.5, -2.0, -6.0]);
    assert_eq!(after([1.0; 3], [0.0; 3], &[(GLOBAL_CLIPNORM, 1.0)]), [1.0; 3]);
    assert_eq!(after([1.0; 3], [0.0; 3], &[(CLIPNORM, 1.0)]), [1.0; 3]);
}

#[test]
fn decays_before_the_rule_and_only_where_asked() {
    assert_eq!(after([1.0, 2.0, -4.0], [0.5, 0.0, 0.0], &[(WEIGHT_DECAY, 0.25)]), [0.25, 1.5, -3.0]);
    let kept = [f32::INFINITY, f32::MAX, 1.0];
    assert_eq!(after(kept, [0.0; 3], &[]), kept, "without decay nothing is multiplied by zero");

    let (mut p, mut q) = ([1.0f32], [1.0f32]);
    let mut segments = [Segment::new(&mut p, &[0.0], vec![]), Segment::new(&mut q, &[0.0], vec![])];
    segments[1].decay = false;
    let mut hyper = hypers(SGD);
    (hyper[0], hyper[WEIGHT_DECAY]) = (1.0, 0.5);
    Step::new(OnNonFinite::Throw, false, vec![]).apply(&*build(SGD), &hyper, 1, &mut segments).unwrap();
    assert_eq!((p, q), ([0.5], [1.0]));
}

#[test]
fn denormals_become_plus_zero() {
    let tiny = f32::MIN_POSITIVE;
    let flushed = after([-1.5 * tiny, 1.5 * tiny, tiny], [-tiny, tiny, 0.0], &[]);
    assert_eq!(flushed.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), [0, 0, tiny.to_bits()]);
    let mut memory = Memory::new(ADAM, 17);
    memory.states[0].fill(-tiny);
    memory.states[1].fill(tiny);
    step_once(ADAM, &hypers(ADAM), 1, &mut memory, &[0.0; 17], &[]);
    assert!(memory.states.iter().flatten().all(|x| x.to_bits() == 0));
}

#[test]
fn what_is_not_finite_is_refused_skipped_or_spread() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for setting in SETTINGS {
            let g: Vec<f32> = (0..40).map(|i| if i == 39 { bad } else { 1.0 }).collect();
            let run = |policy| {
                let mut memory = Memory::new(setting, 40);
                let mut step = Step::new(policy, false, vec!["kernel".into(), "bias".into()]);
                let result = step.apply(&*build(setting), &hypers(setting), 7, &mut memory.segments(&g, &[32]));
                (result, memory.bits() == Memory::new(setting, 40).bits(), memory)
            };
            let (result, untouched, _) = run(OnNonFinite::Throw);
            let message = result.unwrap_err().to_string();
            assert!(untouched && message.starts_with("NON_FINITE: step 7") && message.contains("'bias'"), "{message}");
            let (result, untouched, _) = run(OnNonFinite::Skip);
            assert!(untouched && result.unwrap().skipped);
            let (result, untouched, memory) = run(OnNonFinite::Propagate);
            assert!(!untouched && !result.unwrap().skipped);
            let last: Vec<f32> = memory.states.iter().chain([&memory.p]).map(|values| values[39]).collect();
            assert!(last.iter().any(|x| !x.is_finite()), "{} {last:?}", setting.name);
            assert!(memory.p[..39].iter().all(|x| x.is_finite()));
        }
    }
}

#[test]
fn numbers_of_a_step_must_be_finite() {
    let bad = [(0, f64::NAN), (0, f64::INFINITY), (0, 1e39), (5, f64::NAN), (WEIGHT_DECAY, f64::INFINITY)];
    for (position, value) in bad {
        let mut hyper = hypers(SGD);
        hyper[position] = value;
        let mut memory = Memory::new(SGD, 3);
        let mut step = Step::new(OnNonFinite::Propagate, false, vec![]);
        let result = step.apply(&*build(SGD), &hyper, 2, &mut memory.segments(&[1.0; 3], &[]));
        assert!(result.unwrap_err().to_string().starts_with("NON_FINITE: step 2"));
        assert_eq!(memory.bits(), Memory::new(SGD, 3).bits());
    }
}

#[test]
fn the_report_tells_norm_and_rate() {
    let mut memory = Memory::new(SGD, 3);
    let mut step = Step::new(OnNonFinite::Throw, true, vec![]);
    let report = step.apply(&*build(SGD), &hypers(SGD), 1, &mut memory.segments(&[3.0, 4.0, 12.0], &[1])).unwrap();
    assert_eq!((report.gradient_norm, report.learning_rate, report.skipped), (13.0, 0.01, false));
}
