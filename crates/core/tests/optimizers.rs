//! What surrounds the rule in every step, and that neither splits, threads nor instruction sets change a bit of any rule.
//! That rules are right is proved in `test/optimizers`, on both engines.

use descend_core::declare::{ABSENT, Needs, StateShape, StateSpec, find};
use descend_core::kernel::pool::set_threads;
use descend_core::kernel::segment::Segment;
use descend_core::kernel::simd::{force_level, levels};
use descend_core::kernel::turn::Turn;
use descend_core::optim::step::{OnNonFinite, Step};
use descend_core::optim::{CLIPNORM, CLIPVALUE, GLOBAL_CLIPNORM, OPTIMIZERS, Optimizer, SHARED, WEIGHT_DECAY};

/// Most segments a test makes.
const SEGMENTS: usize = 8;

/// Those whose step depends on which elements are one tensor.
const WHOLE: &[&str] = &[
    "Lamb",
    "LARS",
    "NovoGrad",
    "Fromage",
    "Adafactor",
    "SM3",
    "StableAdamW",
    "DoG",
    "DoWG",
    "Prodigy",
    "DAdaptAdamW",
    "PolyakSGD",
    "MoMo",
    "MoMoAdam",
];

/// One way to use an optimizer: its name, its flags, learning rate and own numbers.
struct Setting {
    name: &'static str,
    flags: Vec<bool>,
    rate: f64,
    own: Vec<f64>,
}

/// An optimizer with its defaults and these flags; numbers that flags stand for are on with them.
fn setting(name: &str, flags: &[bool]) -> Setting {
    let declaration = &find(OPTIMIZERS, "optimizer", name).unwrap().declaration;
    let mut own: Vec<f64> = declaration.hypers.iter().map(|hyper| hyper.default).collect();
    for (flag, &on) in declaration.flags().zip(flags) {
        if let Some(position) = declaration.hypers.iter().position(|hyper| hyper.name == flag) {
            own[position] = if on { own[position].max(0.7) } else { 0.0 };
        }
    }
    Setting { name: declaration.name, flags: flags.to_vec(), rate: 0.02, own }
}

fn sgd() -> Setting {
    setting("sgd", &[false, false, false])
}

/// Every optimizer that makes its steps from gradients, with every combination of flags.
fn settings() -> Vec<Setting> {
    let all = |name, count: u32| {
        (0..1u32 << count).map(move |bits| setting(name, &(0..count).map(|i| bits >> i & 1 == 1).collect::<Vec<_>>()))
    };
    let from_gradients = OPTIMIZERS.iter().filter(|entry| entry.declaration.needs != Needs::Evaluations);
    from_gradients.flat_map(|entry| all(entry.declaration.name, entry.declaration.flags().count() as u32)).collect()
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

fn build(setting: &Setting) -> Optimizer {
    Optimizer::new(find(OPTIMIZERS, "optimizer", setting.name).unwrap(), &setting.flags)
}

fn hypers(setting: &Setting) -> Vec<f64> {
    let mut hypers = vec![ABSENT; SHARED.len()];
    hypers[0] = setting.rate;
    hypers.extend(&setting.own);
    hypers
}

/// Parameters and state of one run.
#[derive(Clone)]
struct Memory {
    p: Vec<f32>,
    states: Vec<Vec<f32>>,
    shapes: Vec<StateShape>,
}

impl Memory {
    fn new(setting: &Setting, len: usize) -> Self {
        let entry = find(OPTIMIZERS, "optimizer", setting.name).unwrap();
        let own = |name| entry.declaration.hypers.iter().position(|hyper| hyper.name == name).map(|i| setting.own[i]);
        let states = entry.declaration.states(&setting.flags);
        let shapes: Vec<StateShape> = states.iter().map(|state| state.shape).collect();
        let size = |shape: StateShape| match shape {
            StateShape::Numbers(_) => SEGMENTS * shape.len(&[len]),
            _ => shape.len(&[len]),
        };
        let filled = |state: &StateSpec| vec![own(state.from).unwrap_or(0.0) as f32; size(state.shape)];
        let p = (0..len).map(|i| (i as f32 * 0.37).sin() * 2.0).collect();
        Self { p, states: states.iter().map(filled).collect(), shapes }
    }

    /// The memory as one segment, or as several of these lengths and the rest.
    fn segments<'a>(&'a mut self, g: &'a [f32], lens: &[usize]) -> Vec<Segment<'a>> {
        let (mut p, mut g) = (self.p.as_mut_slice(), g);
        let mut states: Vec<&mut [f32]> = self.states.iter_mut().map(Vec::as_mut_slice).collect();
        let mut segments = Vec::new();
        for len in lens.iter().copied().chain([usize::MAX]) {
            let len = len.min(p.len());
            let take = |rest: &mut &'a mut [f32], len: usize| {
                let (head, tail) = std::mem::take(rest).split_at_mut(len);
                *rest = tail;
                head
            };
            let sizes = self.shapes.iter().map(|shape| shape.len(&[len]));
            let heads = states.iter_mut().zip(sizes).map(|(state, size)| take(state, size)).collect();
            let (g_head, g_tail) = g.split_at(len);
            g = g_tail;
            segments.push(Segment::new(take(&mut p, len), g_head, heads));
        }
        segments
    }

    fn bits(&self) -> Vec<u32> {
        let first = |(state, shape): (&Vec<f32>, &StateShape)| match shape {
            StateShape::Numbers(_) => state[..shape.len(&[])].to_vec(),
            _ => state.clone(),
        };
        let states = self.states.iter().zip(&self.shapes).flat_map(first);
        states.chain(self.p.iter().copied()).map(f32::to_bits).collect()
    }
}

fn step_once(setting: &Setting, hyper: &[f64], t: u64, memory: &mut Memory, g: &[f32], lens: &[usize]) {
    let mut step = Step::new(OnNonFinite::Throw, vec!["w".into(); lens.len() + 1]);
    step.loss = 1.5;
    step.apply(&mut build(setting), hyper, t, &mut memory.segments(g, lens)).unwrap();
}

#[test]
fn splits_threads_and_levels_change_no_bit() {
    for setting in &settings() {
        for len in [0, 1, 15, 16, 17, 31, 33, 63, 1003, 70_001] {
            let mut seen: Option<Vec<u32>> = None;
            for level in levels() {
                force_level(Some(level));
                for (threads, lens) in [(1, &[][..]), (2, &[]), (3, &[7, 0, 16, 33]), (2, &[1, 40_000])] {
                    set_threads(threads).unwrap();
                    let lens = if WHOLE.contains(&setting.name) { &[7, 9, 33] } else { lens };
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
    let in_turns: Vec<Setting> = settings().into_iter().filter(|setting| build(setting).sweeps()).collect();
    assert!(in_turns.iter().any(|setting| setting.name == "Adam"));
    for setting in &in_turns {
        let lens = [7, 0, 16, 33];
        let (mut whole, mut cut) = (Memory::new(setting, 1000), Memory::new(setting, 1000));
        for (t, parts) in [(1, 1), (2, 3), (3, usize::MAX)] {
            let g: Vec<f32> = (0..1000).map(|i| gradient(t, i)).collect();
            step_once(setting, &hypers(setting), t, &mut whole, &g, &lens);
            let step = Step::new(OnNonFinite::Throw, vec!["w".into(); lens.len() + 1]);
            let (mut optimizer, mut segments, mut turn) = (build(setting), cut.segments(&g, &lens), Turn::first(parts));
            let (hyper, mut made) = (hypers(setting), true);
            step.clip(&hyper, 1.0, f64::NAN, &mut segments);
            while made {
                made = turn.take(|| optimizer.step(&hyper, &step.tick(&hyper, t), &mut segments)).1;
            }
        }
        assert!(whole.bits() == cut.bits(), "{} {:?}", setting.name, setting.flags);
    }
}

/// Parameters (a pair and a single one) after one plain step at rate 1, under changed shared numbers.
fn after(p: [f32; 3], g: [f32; 3], shared: &[(usize, f64)]) -> Vec<f32> {
    let mut hyper = hypers(&sgd());
    hyper[0] = 1.0;
    shared.iter().for_each(|&(position, value)| hyper[position] = value);
    let mut memory = Memory { p: p.to_vec(), states: vec![], shapes: vec![] };
    step_once(&sgd(), &hyper, 1, &mut memory, &g, &[2]);
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
    let mut hyper = hypers(&sgd());
    (hyper[0], hyper[WEIGHT_DECAY]) = (1.0, 0.5);
    Step::new(OnNonFinite::Throw, vec![]).apply(&mut build(&sgd()), &hyper, 1, &mut segments).unwrap();
    assert_eq!((p, q), ([0.5], [1.0]));
}

#[test]
fn denormals_become_plus_zero() {
    let tiny = f32::MIN_POSITIVE;
    let flushed = after([-1.5 * tiny, 1.5 * tiny, tiny], [-tiny, tiny, 0.0], &[]);
    assert_eq!(flushed.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), [0, 0, tiny.to_bits()]);
    let adam = setting("adam", &[false, false]);
    let mut memory = Memory::new(&adam, 17);
    memory.states[0].fill(-tiny);
    memory.states[1].fill(tiny);
    step_once(&adam, &hypers(&adam), 1, &mut memory, &[0.0; 17], &[]);
    assert!(memory.states.iter().flatten().all(|x| x.to_bits() == 0));
}

#[test]
fn what_is_not_finite_is_refused_skipped_or_spread() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for setting in &settings() {
            let g: Vec<f32> = (0..40).map(|i| if i == 39 { bad } else { 1.0 }).collect();
            let run = |policy| {
                let mut memory = Memory::new(setting, 40);
                let mut step = Step::new(policy, vec!["kernel".into(), "bias".into()]);
                let result = step.apply(&mut build(setting), &hypers(setting), 7, &mut memory.segments(&g, &[32]));
                (result, memory.bits() == Memory::new(setting, 40).bits(), memory)
            };
            let (result, untouched, _) = run(OnNonFinite::Throw);
            let message = result.unwrap_err().to_string();
            assert!(untouched && message.starts_with("NON_FINITE: step 7") && message.contains("'bias'"), "{message}");
            let (result, untouched, _) = run(OnNonFinite::Skip);
            assert!(untouched && !result.unwrap());
            let (result, untouched, memory) = run(OnNonFinite::Propagate);
            assert!(!untouched && result.unwrap());
            let last = memory.states.iter().chain([&memory.p]).filter_map(|values| values.get(39));
            // Of a sign or a clipped quotient only NaN is not finite.
            let spread = last.clone().any(|x| !x.is_finite()) || !bad.is_nan() && setting.name == "SignSGD";
            assert!(spread, "{} {:?}", setting.name, last.collect::<Vec<_>>());
            // In a norm it reaches the whole tensor, or all of them.
            let others = memory.p[..39].iter().all(|x| x.is_finite());
            assert!(others || WHOLE.contains(&setting.name), "{}", setting.name);
        }
    }
}

#[test]
fn numbers_of_a_step_must_be_finite() {
    let bad = [(0, f64::NAN), (0, f64::INFINITY), (0, 1e39), (5, f64::NAN), (WEIGHT_DECAY, f64::INFINITY)];
    for (position, value) in bad {
        let mut hyper = hypers(&sgd());
        hyper[position] = value;
        let mut memory = Memory::new(&sgd(), 3);
        let mut step = Step::new(OnNonFinite::Propagate, vec![]);
        let result = step.apply(&mut build(&sgd()), &hyper, 2, &mut memory.segments(&[1.0; 3], &[]));
        assert!(result.unwrap_err().to_string().starts_with("NON_FINITE: step 2"));
        assert_eq!(memory.bits(), Memory::new(&sgd(), 3).bits());
    }
}
