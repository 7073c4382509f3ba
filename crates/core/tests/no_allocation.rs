//! After the first step, a step allocates nothing: norms, clips, decay, rule, on one thread and on several.

use descend_core::declare::find;
use descend_core::kernel::pool::set_threads;
use descend_core::kernel::sweep::Segment;
use descend_core::optim::OPTIMIZERS;
use descend_core::optim::step::{OnNonFinite, Step};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn a_step_allocates_nothing() {
    let optimizer = (find(OPTIMIZERS, "optimizer", "adam").unwrap().build)(&[false]);
    let lens = [3, 0, 100_000, 17];
    let mut memory: Vec<[Vec<f32>; 4]> = lens.iter().map(|&len| std::array::from_fn(|_| vec![0.5; len])).collect();
    let mut segments: Vec<Segment> =
        memory.iter_mut().map(|[p, g, m, v]| Segment::new(p, g, vec![m.as_mut_slice(), v.as_mut_slice()])).collect();
    let hyper = [1e-3, 0.1, f64::NAN, f64::NAN, 1.0, 0.9, 0.999, 1e-7];
    let mut step = Step::new(OnNonFinite::Throw, true, vec!["w".into(); lens.len()]);
    for threads in [1, 2] {
        set_threads(threads).unwrap();
        step.apply(&*optimizer, &hyper, 1, &mut segments).unwrap();
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        for t in 2..10 {
            step.apply(&*optimizer, &hyper, t, &mut segments).unwrap();
        }
        assert_eq!(ALLOCATIONS.load(Ordering::Relaxed), before, "{threads} threads");
    }
}
