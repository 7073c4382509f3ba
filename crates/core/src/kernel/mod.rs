//! Everything that touches the machine: CPU features, threads, raw memory. The only home of `unsafe` in this crate.
