//! Memory is counted and can be limited: what is alive is what was asked for and not given back, a plan says beforehand
//! what it will take, and a limit refuses before it is passed, with everything as it was.

mod plans;

use descend_core::engine::Engine;
use descend_core::error::Code;
use plans::*;

fn bytes(engine: &Engine) -> usize {
    let info = engine.info();
    let (_, rest) = info.split_once(r#""bytes":"#).unwrap();
    rest[..rest.find(',').unwrap()].parse().unwrap()
}

/// exp over rows of 100 numbers, of which it keeps the mean: its output may lie in its input's place.
fn plan() -> Vec<u8> {
    let mut g = GraphBytes::default();
    let x = g.source(1, 0, 0, &[B, 100]);
    let y = g.op("exp", &[x], &[]);
    let sum = g.op("sum", &[y], &[("axes", Attr::Ints(vec![0, 1])), ("keep", Attr::Int(0))]);
    g.plan(&[sum], &[], &[])
}

fn call(data: u32, rows: usize) -> Vec<u8> {
    CallBytes { variables: &[], data: &[(data, 0)], outputs: &[], batch: rows, rows }.bytes()
}

#[test]
fn buffers_are_counted_until_nobody_uses_them() {
    let mut engine = Engine::new();
    assert_eq!(bytes(&engine), 0);
    let small = engine.alloc(1).unwrap();
    let data = engine.alloc(4 * 100 * 8).unwrap();
    assert_eq!(bytes(&engine), 3201);
    engine.release(0, small);
    assert_eq!(bytes(&engine), 3200);
    let plan = engine.compile(&plan(), 8).unwrap();
    assert_eq!(bytes(&engine), 3200, "a compiled plan takes no memory before it runs");
    let run = engine.start(plan, &call(data, 8)).unwrap();
    engine.release(0, data);
    assert!(bytes(&engine) > 3200, "the run still uses what was released");
    engine.release(2, run);
    engine.release(1, plan);
    assert_eq!(bytes(&engine), 0);
}

#[test]
fn a_plan_takes_what_was_measured() {
    let mut before = 0;
    for batch in [1, 2, 15, 16, 17, 64, 1000] {
        let mut engine = Engine::new();
        let data = engine.alloc(400 * batch).unwrap();
        let measured = engine.measure(&plan(), batch).unwrap();
        assert_eq!(bytes(&engine), 400 * batch, "measuring takes nothing");
        let id = engine.compile(&plan(), batch).unwrap();
        let run = engine.start(id, &call(data, batch)).unwrap();
        assert_eq!(bytes(&engine), 400 * batch + measured);
        // The values of one batch are in there at least, and grow with it.
        assert!(measured >= 400 * batch && measured >= before, "{measured} bytes for {batch} rows");
        before = measured;
        engine.release(2, run);
    }
}

#[test]
fn a_limit_refuses_before_it_is_passed() {
    let mut engine = Engine::new();
    engine.set_limit(1000);
    let first = engine.alloc(600).unwrap();
    let refused = engine.alloc(401).unwrap_err();
    assert_eq!(refused.code, Code::OutOfMemory);
    assert!(refused.message.contains("at most 1000 bytes, got 600 in use and 401 more"), "{refused}");
    assert_eq!(bytes(&engine), 600);
    let second = engine.alloc(400).unwrap();
    assert_eq!(engine.alloc(1).unwrap_err().code, Code::OutOfMemory);
    engine.release(0, second);
    engine.alloc(400).unwrap();
    // A lower limit takes nothing away; a higher one, or none, allows more.
    engine.set_limit(10);
    assert_eq!((bytes(&engine), read(&engine, first).len()), (1000, 150));
    assert_eq!(engine.alloc(0).unwrap_err().code, Code::OutOfMemory);
    engine.set_limit(usize::MAX);
    engine.alloc(1).unwrap();
}

#[test]
fn a_run_starts_within_the_limit_or_not_at_all() {
    let mut engine = Engine::new();
    let data = engine.alloc(4 * 100 * 64).unwrap();
    let arena = engine.measure(&plan(), 64).unwrap();
    let (small, large) = (engine.compile(&plan(), 8).unwrap(), engine.compile(&plan(), 64).unwrap());
    let all = bytes(&engine) + arena;
    engine.set_limit(all - 1);
    assert_eq!(engine.start(large, &call(data, 64)).unwrap_err().code, Code::OutOfMemory);
    assert_eq!(bytes(&engine), all - arena);
    let run = engine.start(small, &call(data, 8)).unwrap();
    assert_eq!(advance(&engine, run, 1, &[]).0, 1);
    engine.release(2, run);
    // What the small plan worked in is kept for its next run, until another needs the room.
    assert!(bytes(&engine) > all - arena);
    engine.set_limit(all);
    let run = engine.start(large, &call(data, 64)).unwrap();
    assert_eq!((advance(&engine, run, 1, &[]).0, bytes(&engine)), (1, all));
}

#[test]
fn values_beyond_any_memory_are_refused() {
    let engine = Engine::new();
    let mut g = GraphBytes::default();
    let shape = [("dims", Attr::Dims(vec![1 << 15, 1 << 15, B])), ("value", Attr::Float(1.0))];
    let x = g.op("fill", &[], &shape);
    let sum = g.op("sum", &[x], &[("axes", Attr::Ints(vec![0, 1, 2])), ("keep", Attr::Int(0))]);
    let error = engine.measure(&g.plan(&[sum], &[], &[]), 1 << 30).unwrap_err();
    assert!(matches!(error.code, Code::InvalidShape | Code::OutOfMemory), "{error}");
}
