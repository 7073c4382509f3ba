//! Plans, calls and hyper-parameters with bytes changed at random are refused or run: no panic, no write outside, no
//! memory or time without bound. `FUZZ_SECONDS=600 cargo test --release --test fuzz` for longer; `FUZZ_SEED` for others.

mod guard;
#[path = "../plans/mod.rs"]
mod plans;
mod random;
mod seeds;

use descend_core::error::{Code, Error, Result};
use descend_core::kernel::memory::Buffer;
use descend_core::op::oracle::Array;
use descend_core::plan::{Call, Plan, Run, Status, Step};
use random::{Random, mutated};
use seeds::Seed;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: guard::Guarded = guard::Guarded;

/// Plans with more memory or work are compiled but not run: they are in order, but take their time.
const ARENA: usize = 16 << 20;
const WORK: f64 = 1e7;
const ORACLE: usize = 1 << 20;
/// Longer than any of the others may take, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

fn array(dims: &[usize]) -> Result<Array> {
    let len: usize = dims.iter().product();
    let mut data = Vec::new();
    let refused = |_| Error::new(Code::OutOfMemory, "fuzz: expected memory, got none");
    data.try_reserve_exact(len).map_err(refused)?;
    data.extend((0..len).map(|i| (i % 3) as f64));
    Ok(Array::new(dims.to_vec(), data))
}

/// Compiles, and runs what compiles, in f32 and f64. Refusals go to `count` by their code.
fn attempt(seed: &Seed, hypers: &[Vec<u8>], random: &mut Random, count: &mut impl FnMut(&'static str)) -> Result<()> {
    let threads = 1 + random.below(2);
    let plan = Arc::new(Plan::compile(&seed.plan, seed.max_batch, threads)?);
    let work: f64 = (0..plan.program.len()).map(|pc| plan.program.cost(pc).0).sum();
    if plan.program.arena_len > ARENA || work > WORK {
        count("large");
        return Ok(());
    }
    let step = Step { seed: 1, iteration: 2, first_row: 0, scan_step: 0 };
    // The oracle keeps every value and copies all of them in every step of a scan: slow by design.
    if plan.program.arena_len <= ORACLE
        && let Err(error) = plan.oracle(seed.max_batch.clamp(1, 3), &step, |_, dims| array(dims))
    {
        count(error.code.name());
    }
    let mut buffers = BTreeMap::new();
    for &(id, len) in &seed.buffers {
        let buffer = Buffer::zeroed(len)?;
        let bytes = match len % 4 {
            0 => plans::wave(len / 4, 1.0).iter().flat_map(|x| x.to_le_bytes()).collect(),
            _ => (0..len).map(|i| (i % 3) as u8).collect::<Vec<u8>>(),
        };
        buffer.write(0, &bytes)?;
        buffers.insert(id, Arc::new(buffer));
    }
    let find = |id: u32| buffers.get(&id).cloned().ok_or_else(|| Error::new(Code::Disposed, "buffer: gone"));
    let arena = Arc::new(Buffer::zeroed(plan.program.arena_len)?);
    let mut run = Run::new(plan, arena, Call::decode(&seed.call)?, find)?;
    let commit = Mutex::new(());
    for hyper in hypers {
        match run.advance(2, random.one_of(&[1.0, 3e3, f64::INFINITY]), hyper, &commit).status {
            Status::Failed(error) => count(error.code.name()),
            _ => count("ran"),
        }
    }
    Ok(())
}

/// Bytes that are refused at once would be no start for changed ones.
#[test]
fn every_seed_runs() {
    for seed in seeds::all() {
        let (mut random, mut codes) = (Random(0), Vec::new());
        let done = attempt(&seed, std::slice::from_ref(&seed.hyper), &mut random, &mut |code| codes.push(code));
        assert!(done.is_ok() && codes == ["ran"], "{:?} {codes:?}", done.err().map(|error| error.to_string()));
    }
}

static PANIC: Mutex<String> = Mutex::new(String::new());

#[test]
fn changed_bytes_are_refused_or_run() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let limit = number("FUZZ_SECONDS").map_or(Duration::from_secs(3), Duration::from_secs);
    let (first, rounds) = (number("FUZZ_SEED").unwrap_or(0), number("FUZZ_SECONDS").map_or(20_000, |_| u64::MAX));
    std::panic::set_hook(Box::new(|info| {
        if std::env::var_os("FUZZ_TRACE").is_some() {
            eprintln!("{}", std::backtrace::Backtrace::force_capture());
        }
        *PANIC.lock().unwrap_or_else(PoisonError::into_inner) = info.to_string().replace('\n', " ");
    }));
    let seeds = seeds::all();
    let (started, mut codes) = (Instant::now(), BTreeMap::new());
    let mut bad: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for round in first..first.saturating_add(rounds) {
        if started.elapsed() > limit {
            break;
        }
        let mut random = Random(round);
        let mut seed = match random.below(3) {
            0 => random::plan(&mut random),
            _ => seeds[random.below(seeds.len())].clone(),
        };
        let other = &seeds[random.below(seeds.len())];
        let mut hypers = vec![seed.hyper.clone(); 3];
        let which = random.below(8);
        if which < 6 && random.below(4) > 0 {
            seed.plan = mutated(&seed.plan, &other.plan, &mut random);
        }
        if which >= 5 {
            seed.call = mutated(&seed.call, &[], &mut random);
        }
        if which.is_multiple_of(4) {
            seed.max_batch = random.one_of(&[0, 1, 2, 100, 1 << 31, usize::MAX]);
        }
        if random.below(4) == 0 {
            hypers[1] = mutated(&seed.hyper, &[], &mut random);
        }
        if std::env::var_os("FUZZ_TRACE").is_some() {
            eprintln!("{round}");
        }
        let (begun, before) = (Instant::now(), guard::damaged());
        let mut count = |code: &'static str| *codes.entry(code).or_insert(0) += 1;
        let done = catch_unwind(AssertUnwindSafe(|| attempt(&seed, &hypers, &mut random, &mut count)));
        let fault = match done {
            Err(_) => Some(PANIC.lock().unwrap_or_else(PoisonError::into_inner).clone()),
            Ok(Err(error)) => {
                count(error.code.name());
                None
            }
            Ok(Ok(())) => None,
        };
        let slow = (begun.elapsed() > PATIENCE).then(|| "took too long".to_string());
        let outside = (guard::damaged() > before).then(|| "wrote outside its memory".to_string());
        // `fault` is an op that panics when asked to.
        for fault in [fault, slow, outside].into_iter().flatten().filter(|fault| !fault.contains("as asked for")) {
            bad.entry(fault).or_insert((round, 0)).1 += 1;
        }
    }
    let _ = std::panic::take_hook();
    println!("{codes:?}");
    for (fault, (round, times)) in &bad {
        println!("round {round} and {} more: {fault}", times - 1);
    }
    assert!(bad.is_empty(), "{} faults (listed above)", bad.len());
    assert!(codes.contains_key("ran"), "some run");
}
