//! Every op of the registry, from one table of cases (`table`): kernels against the f64 oracle within a stated bound,
//! gradients and gradients of gradients against central differences of the oracle, and equal bits in place or not, fused
//! or not, with 1, 2 and 3 threads. Sizes are chosen to be nasty.

mod case;
mod fusion;
mod losses;
mod parts;
mod products;
mod refusals;
mod run;
mod table;
mod values;
mod windows;

use case::Checked;
use descend_core::kernel::pool::set_threads;
use descend_core::kernel::simd::{force_level, levels};
use descend_core::op::OPS;

#[test]
fn kernels_agree_with_the_oracle() {
    for (name, case) in table::all() {
        for batch in case.batches() {
            Checked::new(name, &case, batch).forward();
        }
    }
}

#[test]
fn gradients_agree_with_central_differences() {
    for (name, case) in table::all().filter(|(_, case)| case.smooth) {
        for batch in case.batches() {
            Checked::new(name, &case, batch).gradients();
        }
    }
}

#[test]
fn memory_and_fusion_change_no_bit() {
    for (name, case) in table::all() {
        for batch in case.batches() {
            Checked::new(name, &case, batch).same_bits_apart();
        }
    }
}

#[test]
fn turns_change_no_bit() {
    for (name, case) in table::all().chain(table::twice()) {
        for batch in case.batches() {
            Checked::new(name, &case, batch).same_bits_in_turns(1, &[1, 2, 3, usize::MAX]);
        }
    }
}

#[test]
fn a_value_given_twice_gets_both_gradients() {
    for (name, case) in table::twice() {
        for batch in case.batches() {
            let checked = Checked::new(name, &case, batch);
            checked.forward();
            checked.gradients();
            checked.same_bits_apart();
        }
    }
}

#[test]
fn instruction_sets_change_no_bit() {
    let run = |level| {
        force_level(Some(level));
        let cases = table::all().chain(table::large());
        cases.map(|(name, case)| (name, Checked::new(name, &case, 1).bits(1))).collect::<Vec<_>>()
    };
    let mut results = levels().map(run).collect::<Vec<_>>().into_iter();
    force_level(None);
    let first = results.next().unwrap();
    for other in results {
        for ((name, expected), (_, got)) in first.iter().zip(other) {
            assert!(*expected == got, "{name}: other bits with other instructions");
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let run = |threads: usize| {
        set_threads(threads).unwrap();
        let results = table::large().map(|(name, case)| (name, Checked::new(name, &case, 3).bits(threads)));
        results.collect::<Vec<_>>()
    };
    set_threads(2).unwrap();
    table::large().for_each(|(name, case)| Checked::new(name, &case, 3).same_bits_in_turns(2, &[3, 50]));
    let one = run(1);
    for threads in [2, 3] {
        for ((name, expected), (_, got)) in one.iter().zip(run(threads)) {
            assert!(*expected == got, "{name}: other bits with {threads} threads");
        }
    }
}

#[test]
fn every_op_has_cases_and_words() {
    for entry in OPS {
        assert!(!entry.doc.is_empty(), "{}: no documentation", entry.name);
        let covered = table::EXEMPT.contains(&entry.name) || !table::cases(entry).is_empty();
        assert!(covered, "{}: an op without a case", entry.name);
        assert_eq!(OPS.iter().filter(|other| other.name == entry.name).count(), 1, "{}: twice", entry.name);
    }
}
