//! The mathematics of descend: kernels, ops, autodiff, plans and optimizers.
//! std only; no JavaScript, no files, no network. Both bindings wrap [`engine::Engine`].
#![deny(unsafe_code)]

pub mod declare;
pub mod engine;
pub mod error;
pub mod graph;
#[allow(unsafe_code)]
pub mod kernel;
pub mod op;
pub mod optim;
pub mod part;
pub mod plan;
pub mod reader;
pub mod render;
pub mod schedule;
mod table;
pub mod wrap;
