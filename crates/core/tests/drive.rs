//! Steps that evaluate the loss several times: what the first evaluation reports, writes and assigns is the step's, and
//! whoever looks in the middle of one sees the last completed step.

mod plans;

use descend_core::engine::Engine;
use descend_core::plan::VERSION;
use plans::*;

/// A way to make steps: the optimizer's bytes with its wrappers, its number of states, and its numbers.
struct Way {
    optimizer: Bytes,
    states: Vec<usize>,
    hyper: Vec<u8>,
}

const SIZE: usize = 33;

fn numbers(own: &[f64]) -> Vec<u8> {
    let mut out = Bytes::default();
    let shared = [0.01, f64::NAN, f64::NAN, f64::NAN, f64::NAN];
    shared.iter().chain(own).for_each(|&x| {
        out.u8(0).f64(x);
    });
    out.0
}

fn sam() -> Way {
    let mut optimizer = Bytes::default();
    optimizer.str("SGD").uint(3).u8(0).u8(0).u8(0).uint(1).str("SAM").uint(1).u8(0);
    // Momentum, dampening; rho.
    Way { optimizer, states: vec![], hyper: numbers(&[0.0, 0.0, 0.5]) }
}

fn lbfgs() -> Way {
    let mut optimizer = Bytes::default();
    optimizer.str("LBFGS").uint(1).u8(1).uint(0);
    Way { optimizer, states: vec![SIZE, SIZE, 3 * SIZE, 3 * SIZE, 8], hyper: numbers(&[4.0, 0.0, 0.0, 0.0, 3.0]) }
}

/// Loss Σ w⁴ with dropout, a second report Σ w, output w, and v assigned w. Buffers: w, v, output, states.
struct Steps {
    engine: Engine,
    run: u32,
    w: u32,
    v: u32,
    output: u32,
    states: Vec<u32>,
    hyper: Vec<u8>,
}

fn steps(way: &Way) -> Steps {
    let mut g = GraphBytes::default();
    let w = g.source(0, 0, 0, &[SIZE]);
    let twice = g.op("mul", &[w, w], &[]);
    let kept = g.op("dropout", &[twice], &[("rate", Attr::Float(0.25)), ("stream", Attr::Int(5))]);
    let fourth = g.op("mul", &[kept, kept], &[]);
    let sum = [("axes", Attr::Ints(vec![0])), ("keep", Attr::Int(0))];
    let loss = g.op("sum", &[fourth], &sum);
    let total = g.op("sum", &[w], &sum);
    let copy = g.op("neg", &[w], &[]);
    let copy = g.op("neg", &[copy], &[]);
    let gradient = g.gradients(loss, &[w])[0];
    let mut plan = Bytes([b"descend\0", &[VERSION][..]].concat());
    g.write(&mut plan);
    plan.uint(2).uint(loss).uint(total).uint(1).uint(copy).uint(0).uint(1).uint(copy).uint(1).uint(1);
    plan.0.extend(&way.optimizer.0);
    // Floats as state, no lazy rows; then the parameter.
    plan.u8(0).u8(0).uint(1).str("w").uint(0).uint(gradient).u8(0).uint(way.states.len() as u64);
    (0..way.states.len() as u64).for_each(|i| {
        plan.uint(2 + i);
    });
    plan.u8(0).u8(0).u8(0).uint(1).u8(0).u8(0).u8(0).u8(0);
    let mut engine = Engine::new();
    let plan = engine.compile(&plan.0, 1).unwrap();
    let w = floats(&mut engine, &wave(SIZE, 1.0));
    let v = floats(&mut engine, &[0.0; SIZE]);
    let states: Vec<u32> = way.states.iter().map(|&len| floats(&mut engine, &vec![0.0; len])).collect();
    let output = floats(&mut engine, &[0.0; SIZE]);
    let variables: Vec<u32> = [w, v].into_iter().chain(states.iter().copied()).collect();
    let call = CallBytes { variables: &variables, data: &[], outputs: &[output], batch: 1, rows: 0 }.bytes();
    let run = engine.start(plan, &call).unwrap();
    Steps { engine, run, w, v, output, states, hyper: way.hyper.clone() }
}

impl Steps {
    fn all(&self) -> Vec<Vec<f32>> {
        [self.w, self.v].iter().chain(&self.states).map(|&id| read(&self.engine, id)).collect()
    }

    /// Calls with the least budget until a step is complete; its reports, and how many calls it took.
    fn slowly(&self) -> (Vec<f64>, usize) {
        let before = self.all();
        for calls in 1..10_000 {
            let bytes = self.engine.run(self.run).unwrap().advance(1, 1.0, &self.hyper).unwrap();
            let n = f64::from_le_bytes(bytes[8..16].try_into().unwrap()) as usize;
            if n > 0 {
                return (
                    bytes[16..16 + n * 8].chunks(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
                    calls,
                );
            }
            assert_eq!(self.all(), before, "in the middle of a step all is as after the last one");
        }
        panic!("the step never ends");
    }
}

#[test]
fn the_first_evaluation_is_the_steps() {
    for way in [sam(), lbfgs()] {
        let steps = steps(&way);
        for _ in 0..3 {
            let before = read(&steps.engine, steps.w);
            let (status, reports, text) = advance(&steps.engine, steps.run, 1, &steps.hyper);
            assert_eq!((status, text.as_str()), (0, ""));
            let total: f32 = before.iter().sum();
            assert!((reports[6] - f64::from(total)).abs() < 1e-4, "{} and {total}", reports[6]);
            assert_eq!(read(&steps.engine, steps.v), before, "assigned what it was at the first evaluation");
            assert_eq!(read(&steps.engine, steps.output), before, "and written");
            assert_ne!(read(&steps.engine, steps.w), before);
        }
    }
}

#[test]
fn pauses_show_only_completed_steps_and_change_no_bit() {
    for way in [sam(), lbfgs()] {
        let (whole, pausing) = (steps(&way), steps(&way));
        let mut most = 0;
        for _ in 0..4 {
            let (_, reports, _) = advance(&whole.engine, whole.run, 1, &whole.hyper);
            let (slow, calls) = pausing.slowly();
            most = most.max(calls);
            let bits = |xs: &[f64]| xs.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&reports), bits(&slow));
            assert_eq!(whole.all(), pausing.all());
        }
        assert!(most > 10, "{most} calls for a step");
    }
}

#[test]
fn what_leaves_in_the_middle_leaves_the_last_step() {
    for way in [sam(), lbfgs()] {
        let mut steps = steps(&way);
        advance(&steps.engine, steps.run, 2, &steps.hyper);
        let before = steps.all();
        (0..15).for_each(|_| drop(steps.engine.run(steps.run).unwrap().advance(1, 1.0, &steps.hyper).unwrap()));
        steps.engine.release(2, steps.run);
        assert_eq!(steps.all(), before);
    }
}
