//! The schedules against their formulas in f64, written here a second time.

use descend_core::error::Code;
use descend_core::reader::Reader;
use descend_core::schedule::{Source, build};
use std::f64::consts::PI;

fn close(got: f64, expected: f64) {
    assert!((got - expected).abs() <= 4.0 * f64::EPSILON * expected.abs() + 1e-17, "{got} {expected}");
}

#[test]
fn exponential_decay() {
    let smooth = build("exponential_decay", &[0.1, 7.0, 0.7, f64::NAN, 0.0]).unwrap();
    let stairs = build("ExponentialDecay", &[0.1, 7.0, 0.7, f64::NAN, 1.0]).unwrap();
    for step in 0..200u32 {
        close(smooth.at(u64::from(step)), 0.1 * 0.7f64.powf(f64::from(step) / 7.0));
        close(stairs.at(u64::from(step)), 0.1 * 0.7f64.powi(step as i32 / 7));
    }
}

#[test]
fn cosine_decay() {
    let plain = build("cosineDecay", &[0.1, 40.0, 0.05, f64::NAN, 10.0, 1.0]).unwrap();
    let warm = build("CosineDecay", &[0.01, 40.0, 0.05, 0.2, 10.0, 1.0]).unwrap();
    let cosine = |x: f64| 0.95 * 0.5 * (1.0 + (PI * x.min(1.0)).cos()) + 0.05;
    for step in 0..100u32 {
        let s = f64::from(step);
        close(plain.at(u64::from(step)), 0.1 * cosine(s / 40.0));
        let expected = if step < 10 { 0.01 + 0.19 * s / 10.0 } else { 0.2 * cosine((s - 10.0) / 40.0) };
        close(warm.at(u64::from(step)), expected);
    }
    assert_eq!(warm.at(10), 0.2);
    close(warm.at(u64::MAX), 0.01);
}

#[test]
fn a_wrong_name_or_count_is_refused() {
    assert_eq!(build("cosine", &[]).err().unwrap().code, Code::UnknownName);
    assert_eq!(build("CosineDecay", &[1.0; 4]).err().unwrap().code, Code::PlanInvalid);
}

fn decode(bytes: &[u8]) -> Result<Source, Code> {
    Source::decode(&mut Reader::new(bytes)).map_err(|error| error.code)
}

fn number(value: f64) -> Vec<u8> {
    [&[0][..], &value.to_le_bytes()].concat()
}

#[test]
fn parts_nest() {
    // A join of 2 and, from step 3, of the product of 5 and a line from (0, 1) to (2, 3).
    let points = [&[5, 0, 2][..], &[0.0f64, 1.0, 2.0, 3.0].map(f64::to_le_bytes).concat()].concat();
    let product = [&[4, 2][..], &number(5.0), &points].concat();
    let join = decode(&[&[3, 2, 0][..], &number(2.0), &[3], &product].concat()).unwrap();
    assert_eq!([0, 2, 3, 4, 5, 6, 900].map(|step| join.at(step)), [2.0, 2.0, 5.0, 10.0, 15.0, 15.0, 15.0]);
}

#[test]
fn false_parts_are_refused() {
    let false_bytes: [&[u8]; 6] = [&[3, 0], &[4, 200], &[5, 0, 0], &[5, 0, 1, 1], &[3, 1, 1], &[7]];
    for bytes in false_bytes {
        assert_eq!(decode(bytes).err(), Some(Code::PlanInvalid), "{bytes:?}");
    }
    let late = [&[3, 1, 1][..], &number(1.0)].concat();
    let twice = [&[3, 2, 0][..], &number(1.0), &[0], &number(1.0)].concat();
    let still = [&[5, 1, 2][..], &[1.0f64, 1.0, 1.0, 2.0].map(f64::to_le_bytes).concat()].concat();
    let nowhere = [&[5, 1, 1][..], &[f64::NAN, 1.0].map(f64::to_le_bytes).concat()].concat();
    for bytes in [late, twice, still, nowhere] {
        assert_eq!(decode(&bytes).err(), Some(Code::PlanInvalid), "{bytes:?}");
    }
    let deep = |depth: usize| decode(&[[4u8, 1].repeat(depth), number(1.0)].concat());
    assert_eq!(deep(8).unwrap().at(0), 1.0);
    assert_eq!(deep(9).err(), Some(Code::PlanInvalid));
    assert_eq!(deep(100_000).err(), Some(Code::PlanInvalid));
}
