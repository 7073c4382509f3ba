//! The schedules against their formulas in f64, written here a second time.

use descend_core::error::Code;
use descend_core::schedule::build;
use std::f64::consts::PI;

fn close(got: f64, expected: f64) {
    assert!((got - expected).abs() <= 4.0 * f64::EPSILON * expected.abs() + 1e-17, "{got} {expected}");
}

#[test]
fn exponential_decay() {
    let smooth = build("exponential_decay", &[0.1, 7.0, 0.7, 0.0]).unwrap();
    let stairs = build("ExponentialDecay", &[0.1, 7.0, 0.7, 1.0]).unwrap();
    for step in 0..200u32 {
        close(smooth.at(u64::from(step)), 0.1 * 0.7f64.powf(f64::from(step) / 7.0));
        close(stairs.at(u64::from(step)), 0.1 * 0.7f64.powi(step as i32 / 7));
    }
}

#[test]
fn cosine_decay() {
    let plain = build("cosineDecay", &[0.1, 40.0, 0.05, f64::NAN, 10.0]).unwrap();
    let warm = build("CosineDecay", &[0.01, 40.0, 0.05, 0.2, 10.0]).unwrap();
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
