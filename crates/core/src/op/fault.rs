//! `fault`: fails when it runs. For tests that a crash inside a step is contained; offered to nobody.

use super::oracle::Oracle;
use super::{Entry, Op, rules};
use crate::error::{Code, Error, Result};
use crate::graph::Attrs;
use crate::graph::types::Type;
use crate::kernel::io::Io;
use std::sync::Arc;

pub const ENTRY: Entry = Entry::internal("fault", "x, or rather a failure.", make);

#[derive(Clone, Copy, Debug)]
struct Fault {
    /// Panics (in WASM: traps) instead of returning an error.
    panics: bool,
}

fn make(attrs: &Attrs) -> Result<Arc<dyn Op>> {
    match attrs.string("kind")? {
        "panic" => Ok(Arc::new(Fault { panics: true })),
        "error" => Ok(Arc::new(Fault { panics: false })),
        kind => Err(Error::of(Code::InvalidValue, || format!("fault: expected panic or error, got '{kind}'"))),
    }
}

impl Fault {
    fn fail(&self) -> Result<()> {
        if self.panics {
            // Unlike `panic!` it prints nothing: who reads the log of the tests looks for what is wrong.
            std::panic::resume_unwind(Box::new("fault: a panic, as asked for"));
        }
        Err(Error::new(Code::EngineFailed, "fault: expected nothing else, got an error"))
    }
}

impl Op for Fault {
    fn name(&self) -> &'static str {
        "fault"
    }

    fn infer(&self, inputs: &[&Type]) -> Result<Vec<Type>> {
        rules::inputs(inputs, 1)?;
        Ok(vec![inputs[0].clone()])
    }

    fn forward(&self, _: &Io<'_>) -> Result<()> {
        self.fail()
    }

    fn oracle(&self, _: &mut Oracle<'_>) -> Result<()> {
        self.fail()
    }
}
