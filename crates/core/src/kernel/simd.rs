//! Picks the widest instruction set of this machine at run time and runs whole kernels compiled for it.
//! Every level gives the same bits, without relaxed SIMD; products alone may fuse multiplication and addition, on demand.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// A kernel: one source, compiled once per instruction set by [`dispatch`]. Mark `run` `#[inline(always)]`,
/// or it will keep the baseline instruction set.
pub trait Kernel {
    /// What the kernel returns.
    type Out;
    /// Whether it is compiled for 512-bit vectors too: where arithmetic, not memory or the chain of a sum, is what takes
    /// the time. Formulas and sweeps in the cache become a third faster, and every copy is shipped.
    const WIDE: bool = false;
    /// The work.
    fn run(self) -> Self::Out;
    /// The same bits in few instructions, for x86-64 without AVX2: that is long ago, and its copy is shipped too.
    #[inline(always)]
    fn run_small(self) -> Self::Out
    where
        Self: Sized,
    {
        self.run()
    }
}

/// An instruction set that kernels are compiled for. `Baseline` is whatever the build target guarantees
/// (SSE2 on x86-64, simd128 or scalar on wasm32, NEON on aarch64).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Level {
    /// What the build target guarantees.
    Baseline = 1,
    /// 256-bit vectors (x86-64, AVX2 + FMA).
    Avx2 = 2,
    /// 512-bit vectors, 32 registers (x86-64, F + VL + BW + DQ).
    Avx512 = 3,
}

/// 0 = not looked yet, otherwise a [`Level`].
static LEVEL: AtomicU8 = AtomicU8::new(0);

/// Whether products round once for a multiplication and an addition.
static FUSED: AtomicBool = AtomicBool::new(false);

/// The level in use.
#[inline]
pub fn level() -> Level {
    match LEVEL.load(Ordering::Relaxed) {
        1 => Level::Baseline,
        2 => Level::Avx2,
        3 => Level::Avx512,
        _ => force_level(None),
    }
}

/// The best level of this machine.
fn best() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx2") && has!("fma") {
            let wide = has!("avx512f") && has!("avx512vl") && has!("avx512bw") && has!("avx512dq");
            return if wide { Level::Avx512 } else { Level::Avx2 };
        }
    }
    Level::Baseline
}

/// Uses `wanted` from now on in the whole process (for tests and benchmarks); `None` = the best there is.
/// A level this machine lacks is lowered to the best it has. Returns the level in use.
pub fn force_level(wanted: Option<Level>) -> Level {
    let best = best();
    let level = wanted.filter(|wanted| (*wanted as u8) < best as u8).unwrap_or(best);
    LEVEL.store(level as u8, Ordering::Relaxed);
    level
}

/// Whether products multiply and add in one instruction, with one rounding: twice as fast where arithmetic is the limit, and
/// other bits than those of engines that cannot. Their order stays, so levels and threads still change nothing.
#[inline]
pub fn fused() -> bool {
    FUSED.load(Ordering::Relaxed)
}

/// Asks for fused products, or none, from now on in the whole process. Returns whether there are: never on WASM, and on
/// x86-64 only above the baseline.
pub fn set_fused(wanted: bool) -> bool {
    let able = best() != Level::Baseline || cfg!(target_arch = "aarch64");
    FUSED.store(wanted && able, Ordering::Relaxed);
    wanted && able
}

/// The levels this machine can run, lowest first.
pub fn levels() -> impl Iterator<Item = Level> {
    let best = best() as u8;
    [Level::Baseline, Level::Avx2, Level::Avx512].into_iter().filter(move |level| *level as u8 <= best)
}

/// The level in use as users read it: `avx512`, `avx2`, `sse2`, `simd128`, `neon` or `scalar`.
pub fn level_name() -> &'static str {
    match level() {
        Level::Avx512 => "avx512",
        Level::Avx2 => "avx2",
        Level::Baseline if cfg!(target_arch = "x86_64") => "sse2",
        Level::Baseline if cfg!(target_arch = "aarch64") => "neon",
        Level::Baseline if cfg!(target_feature = "simd128") => "simd128",
        Level::Baseline => "scalar",
    }
}

/// Runs `kernel` compiled for the level in use. Call it outside the loops: it is a branch and a call.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Out {
    #[cfg(target_arch = "x86_64")]
    match level() {
        // SAFETY: `level` only names instruction sets that `best` has seen on this processor.
        Level::Avx512 if K::WIDE => unsafe { run_avx512(kernel) },
        // SAFETY: as above; what has AVX-512 has AVX2.
        Level::Avx512 | Level::Avx2 => unsafe { run_avx2(kernel) },
        Level::Baseline => kernel.run_small(),
    }
    #[cfg(not(target_arch = "x86_64"))]
    run_baseline(kernel)
}

/// Not inlined on WASM, where whoever calls a kernel twice would have its code twice.
#[cfg(not(target_arch = "x86_64"))]
#[cfg_attr(target_family = "wasm", inline(never))]
#[cfg_attr(not(target_family = "wasm"), inline(always))]
fn run_baseline<K: Kernel>(kernel: K) -> K::Out {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
fn run_avx512<K: Kernel>(kernel: K) -> K::Out {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Out {
    kernel.run()
}
