//! `scan` on a small recurrence, `h' = tanh(x·W + h·U)`: against the same recurrence written out step by step (same
//! bits), its gradients against central differences in f64, and its second derivative against differences of the first.

mod plans;

use descend_core::engine::Engine;
use plans::*;

const T: usize = 5;
const N: usize = 3;
const H: usize = 4;

fn cell(g: &mut GraphBytes, x: u64, h: u64, w: u64, u: u64) -> u64 {
    let from_x = g.op("matmul", &[x, w], &[("ta", Attr::Int(0)), ("tb", Attr::Int(0))]);
    let from_h = g.op("matmul", &[h, u], &[("ta", Attr::Int(0)), ("tb", Attr::Int(0))]);
    let sum = g.op("add", &[from_x, from_h], &[]);
    g.op("tanh", &[sum], &[])
}

/// Sources: x [T, 2, N], h0 [2, H], W [N, H], U [H, H]; the loss is the sum of squares of all states.
fn sources(g: &mut GraphBytes) -> [u64; 4] {
    [g.source(0, 0, 0, &[T, 2, N]), g.source(0, 1, 0, &[2, H]), g.source(0, 2, 0, &[N, H]), g.source(0, 3, 0, &[H, H])]
}

fn looped(g: &mut GraphBytes, [x, h, w, u]: [u64; 4], reverse: bool) -> u64 {
    let mut body = GraphBytes::default();
    let (bh, bx) = (body.source(3, 0, 0, &[2, H]), body.source(3, 1, 0, &[2, N]));
    let (bw, bu) = (body.source(3, 2, 0, &[N, H]), body.source(3, 3, 0, &[H, H]));
    let next = cell(&mut body, bx, bh, bw, bu);
    body.results(&[next, next]);
    let attrs = [
        ("body", Attr::Graph(body)),
        ("carries", Attr::Int(1)),
        ("sequences", Attr::Int(1)),
        ("reverse", Attr::Int(reverse.into())),
    ];
    g.op_n("scan", &[h, x, w, u], &attrs, 3) + 1
}

fn unrolled(g: &mut GraphBytes, [x, mut h, w, u]: [u64; 4], reverse: bool) -> u64 {
    let mut states = vec![0; T];
    for i in 0..T {
        let t = if reverse { T - 1 - i } else { i };
        let at = [("axis", Attr::Int(0)), ("start", Attr::Int(t as i64)), ("length", Attr::Int(1))];
        let entry = g.op("slice", &[x], &at);
        let entry = g.op("reshape", &[entry], &[("dims", Attr::Dims(vec![2, N]))]);
        h = cell(g, entry, h, w, u);
        states[t] = g.op("reshape", &[h], &[("dims", Attr::Dims(vec![1, 2, H]))]);
    }
    g.op("concat", &states, &[("axis", Attr::Int(0))])
}

fn loss_of(g: &mut GraphBytes, states: u64) -> u64 {
    let square = g.op("square", &[states], &[]);
    g.op("sum", &[square], &[("axes", Attr::Ints(vec![0, 1, 2])), ("keep", Attr::Int(0))])
}

/// Loss and the gradients of W, U, h0 and x, as one array each.
fn run(plan: &[u8], sizes: &[usize]) -> Vec<Vec<f32>> {
    let mut engine = Engine::new();
    let variables: Vec<u32> = [T * 2 * N, 2 * H, N * H, H * H]
        .iter()
        .enumerate()
        .map(|(i, &n)| floats(&mut engine, &wave(n, i as f32)))
        .collect();
    let outputs: Vec<u32> = sizes.iter().map(|&n| floats(&mut engine, &vec![0.0; n])).collect();
    let id = engine.compile(plan, 1).unwrap();
    let call = CallBytes { variables: &variables, data: &[], outputs: &outputs, batch: 1, rows: 0 }.bytes();
    let run = engine.start(id, &call).unwrap();
    let (status, _, text) = advance(&engine, run, 1, &[]);
    assert_eq!(status, 0, "{text}");
    outputs.iter().map(|&id| read(&engine, id)).collect()
}

const SIZES: [usize; 5] = [1, N * H, H * H, 2 * H, T * 2 * N];

fn plan(states: fn(&mut GraphBytes, [u64; 4], bool) -> u64, reverse: bool) -> Vec<u8> {
    let mut g = GraphBytes::default();
    let s = sources(&mut g);
    let states = states(&mut g, s, reverse);
    let loss = loss_of(&mut g, states);
    let mut writes = vec![loss];
    writes.extend(g.gradients(loss, &[s[2], s[3], s[1], s[0]]));
    g.plan(&[], &writes, &[])
}

#[test]
fn a_scan_is_its_steps_written_out() {
    for reverse in [false, true] {
        let (a, b) = (run(&plan(looped, reverse), &SIZES), run(&plan(unrolled, reverse), &SIZES));
        for (i, (a, b)) in a.iter().zip(&b).enumerate() {
            assert!(
                a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 2e-6 * (1.0 + b.abs())),
                "{i} {reverse}: {a:?} {b:?}"
            );
        }
        assert_eq!(a[0], b[0], "the forward pass has the same bits");
    }
}

fn oracle(plan: &[u8], arrays: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut engine = Engine::new();
    let id = engine.compile(plan, 1).unwrap();
    let mut call = Bytes::default();
    call.uint(1).uint(7).uint(0).uint(arrays.len() as u64);
    for (i, array) in arrays.iter().enumerate() {
        call.u8(0).uint(i as u64).uint(array.len() as u64);
        array.iter().for_each(|&x| {
            call.f64(x);
        });
    }
    let bytes = engine.oracle(id, &call.0).unwrap();
    let (mut at, mut out) = (4, Vec::new());
    while at < bytes.len() {
        let n = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        out.push(bytes[at + 4..at + 4 + 8 * n].chunks(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect());
        at += 4 + 8 * n;
    }
    out
}

fn arrays() -> Vec<Vec<f64>> {
    let sizes = [T * 2 * N, 2 * H, N * H, H * H];
    sizes.iter().enumerate().map(|(i, &n)| wave(n, i as f32).iter().map(|&x| f64::from(x)).collect()).collect()
}

/// Holds `analytic[k]` against central differences of the first result by source `of[k]`.
fn assert_gradients(plan: &[u8], of: &[usize], analytic: &[Vec<f64>]) {
    for (&source, gradient) in of.iter().zip(analytic) {
        for i in 0..gradient.len() {
            let at = |e: f64| {
                let mut arrays = arrays();
                arrays[source][i] += e;
                oracle(plan, &arrays)[0][0]
            };
            let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!(
                (numeric - gradient[i]).abs() <= 1e-7 * (1.0 + numeric.abs()),
                "{source}[{i}]: {numeric} {}",
                gradient[i]
            );
        }
    }
}

#[test]
fn its_gradients_are_central_differences() {
    for reverse in [false, true] {
        let plan = plan(looped, reverse);
        let exact = oracle(&plan, &arrays());
        assert_gradients(&plan, &[2, 3, 1, 0], &exact[1..]);
        let kernels = run(&plan, &SIZES);
        for (f, d) in kernels.iter().flatten().zip(exact.iter().flatten()) {
            assert!((f64::from(*f) - d).abs() <= 1e-5 * (1.0 + d.abs()), "f32 kernels follow the oracle: {f} {d}");
        }
    }
}

#[test]
fn its_gradients_nest() {
    let mut g = GraphBytes::default();
    let s = sources(&mut g);
    let states = looped(&mut g, s, false);
    let loss = loss_of(&mut g, states);
    let first = g.gradients(loss, &[s[3]])[0];
    let square = g.op("square", &[first], &[]);
    let norm = g.op("sum", &[square], &[("axes", Attr::Ints(vec![0, 1])), ("keep", Attr::Int(0))]);
    let mut writes = vec![norm];
    writes.extend(g.gradients(norm, &[s[2], s[3], s[1], s[0]]));
    let plan = g.plan(&[], &writes, &[]);
    let exact = oracle(&plan, &arrays());
    assert_gradients(&plan, &[2, 3, 1, 0], &exact[1..]);
}
