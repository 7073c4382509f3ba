//! The mathematics of descend: kernels, ops, autodiff, plans and optimizers.
//! std only; no JavaScript, no files, no network. Both bindings wrap [`engine::Engine`].
#![deny(unsafe_code)]

pub mod error;
#[allow(unsafe_code)]
pub mod kernel;
