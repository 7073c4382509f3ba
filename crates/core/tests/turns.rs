//! A run that pauses wherever it may: the same bits and numbers as one that does not, and variables that others see at
//! step boundaries only.

mod plans;

use descend_core::error::Result;
use descend_core::kernel::memory::Buffer;
use descend_core::plan::{Call, Outcome, Plan, Run, Status};
use plans::*;
use std::sync::{Arc, Mutex};

const BATCH: usize = 170;
const ROWS: usize = 500;
const SIZES: [&[usize]; 4] = [&[600, 1500], &[1500], &[1500, 3], &[3]];

/// Two layers with dropout and Adam, large enough that gathering, products, elementwise ops and the update take turns.
fn plan() -> Vec<u8> {
    let mut g = GraphBytes::default();
    let (x, y) = (g.source(1, 0, 0, &[B, 600]), g.source(1, 1, 1, &[B]));
    let w: Vec<u64> = (0..4).map(|i| g.source(0, i, 0, SIZES[i as usize])).collect();
    let plain = || [("ta", Attr::Int(0)), ("tb", Attr::Int(0))];
    let h = g.op("matmul", &[x, w[0]], &plain());
    let h = g.op("add", &[h, w[1]], &[]);
    let h = g.op("tanh", &[h], &[]);
    let h = g.op("dropout", &[h], &[("rate", Attr::Float(0.2)), ("stream", Attr::Int(5))]);
    let z = g.op("matmul", &[h, w[2]], &plain());
    let z = g.op("add", &[z, w[3]], &[]);
    let each = g.op("sparse_cross_entropy", &[z, y], &[("from_logits", Attr::Int(1))]);
    let loss = g.op("sum", &[each], &[("axes", Attr::Ints(vec![0])), ("keep", Attr::Int(0))]);
    let gradients = g.gradients(loss, &w);
    let update: Vec<_> = (0..4).map(|i| (i as u64, gradients[i], [4 + i as u64, 8 + i as u64])).collect();
    g.plan(&[loss], &[h], &update)
}

struct Training {
    run: Run,
    variables: Vec<Arc<Buffer>>,
    output: Arc<Buffer>,
    commit: Mutex<()>,
}

impl Training {
    fn new(gives_way: bool) -> Result<Self> {
        let plan = Plan::compile(&plan(), BATCH, 1)?;
        let floats = |values: Vec<f32>| -> Result<Arc<Buffer>> {
            let buffer = Buffer::zeroed(values.len() * 4)?;
            buffer.write(0, &values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())?;
            Ok(Arc::new(buffer))
        };
        let weights = |(i, size): (usize, &&[usize])| {
            let len = size.iter().product();
            floats(wave(len, i as f32).iter().map(|x| x * 0.02).collect())
        };
        let mut variables = SIZES.iter().enumerate().map(weights).collect::<Result<Vec<_>>>()?;
        for size in SIZES.iter().chain(&SIZES) {
            variables.push(Arc::new(Buffer::zeroed(size.iter().product::<usize>() * 4)?));
        }
        let (data, labels) = (floats(wave(ROWS * 600, 3.0))?, Buffer::zeroed(ROWS)?);
        labels.write(0, &(0..ROWS).map(|i| (i % 3) as u8).collect::<Vec<u8>>())?;
        let output = Arc::new(Buffer::zeroed(ROWS * 1500 * 4)?);
        let mut buffers = variables.clone();
        buffers.extend([data, Arc::new(labels), output.clone()]);
        let ids: Vec<u32> = (0..12).collect();
        let call =
            CallBytes { variables: &ids, data: &[(12, 0), (13, 2)], outputs: &[14], batch: BATCH, rows: ROWS }.bytes();
        let arena = Arc::new(Buffer::zeroed(plan.program.arena_len)?);
        let find = |id: u32| Ok(buffers[id as usize].clone());
        let mut run = Run::new(Arc::new(plan), arena, Call::decode(&call)?, find)?;
        run.gives_way = gives_way;
        Ok(Training { run, variables, output, commit: Mutex::new(()) })
    }

    fn advance(&mut self, steps: usize, budget: f64) -> Outcome {
        self.run.advance(steps, budget, &adam_hyper(1e-2), &self.commit)
    }

    /// Until a step is decided, and then the first turn of its update.
    fn until_committing(&mut self) {
        assert!((0..10_000).any(|_| self.advance(1, 1.0).committing), "an update that pauses");
        assert!(self.advance(1, 1.0).committing, "in the middle of its update");
    }

    fn bytes(buffer: &Buffer) -> Vec<u8> {
        let mut bytes = vec![0; buffer.len()];
        buffer.read(0, &mut bytes).unwrap();
        bytes
    }

    fn state(&self) -> Vec<Vec<u8>> {
        self.variables.iter().map(|buffer| Self::bytes(buffer)).collect()
    }
}

fn bits(reports: &[f64]) -> Vec<u64> {
    reports.iter().map(|x| x.to_bits()).collect()
}

/// The state before each step and at the end, the reports, and the output.
fn whole() -> (Vec<Vec<Vec<u8>>>, Vec<f64>, Vec<u8>) {
    let mut training = Training::new(false).unwrap();
    let (mut states, mut reports) = (vec![training.state()], Vec::new());
    for _ in 0..3 {
        reports.extend(training.advance(1, f64::INFINITY).reports);
        states.push(training.state());
    }
    assert_eq!(reports.len(), 3 * 6);
    let output = Training::bytes(&training.output);
    (states, reports, output)
}

#[test]
fn pauses_change_no_bit_and_show_step_boundaries() {
    let (states, expected, output) = whole();
    for (budget, gives_way) in [(1.0, true), (1.0, false), (2.5e6, true)] {
        let mut training = Training::new(gives_way).unwrap();
        let (mut reports, mut calls, mut pauses) = (Vec::new(), 0, 0);
        loop {
            let outcome = training.advance(100, budget);
            (calls, pauses) = (calls + 1, pauses + usize::from(outcome.committing));
            reports.extend(&outcome.reports);
            if outcome.committing {
                assert_eq!(training.run.committing(), gives_way, "only a run that gives way pauses its update");
            } else if calls % 16 == 1 || !outcome.reports.is_empty() {
                let steps = reports.len() / 6;
                assert!(training.state() == states[steps], "budget {budget}: not the state after {steps} steps");
            }
            match outcome.status {
                Status::More => {}
                Status::Done => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(bits(&reports), bits(&expected));
        assert!(Training::bytes(&training.output) == output);
        assert!(calls > if budget > 1.0 { 3 } else { 60 }, "{calls} calls with budget {budget}");
        assert!(budget > 1.0 || (pauses > 0) == gives_way, "{pauses} pauses of the update");
    }
}

#[test]
fn an_update_that_was_begun_is_finished() {
    let (states, expected, _) = whole();
    let mut training = Training::new(true).unwrap();
    training.until_committing();
    assert!(training.state() != states[0] && training.state() != states[1]);
    assert_eq!(bits(&training.advance(0, 1.0).reports), [0u64; 0], "settling reports nothing");
    assert!(training.state() == states[1], "what was begun is done");
    let outcome = training.advance(1, f64::INFINITY);
    assert_eq!(bits(&outcome.reports), bits(&expected[..6]), "the step counts once, when it is reported");
    assert!(training.state() == states[1]);
    training.until_committing();
    let refused = training.run.advance(1, 1.0, &[9], &training.commit);
    assert!(matches!(refused.status, Status::Failed(_)), "false hyper-parameters");
    assert!(training.state() == states[2], "a refusal leaves a whole step");
}
