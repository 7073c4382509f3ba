//! Everything that touches the machine: CPU features, threads, raw memory. The only home of `unsafe` in this crate.

pub mod coded;
mod cut;
pub mod elementwise;
pub mod gather;
pub mod gemm;
pub mod io;
pub mod lane;
pub mod math;
pub mod math64;
pub mod measure;
pub mod memory;
pub mod place;
pub mod pool;
pub mod random;
pub mod reduce;
pub mod rows;
pub mod segment;
pub mod simd;
pub mod special;
pub mod sweep;
mod tree;
pub mod trig;
pub mod turn;
pub mod vector;
