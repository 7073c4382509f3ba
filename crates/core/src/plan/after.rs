//! What follows the update of a step: variables set to functions of what they have become, such as weights held within
//! bounds. Part of the commit, so nobody sees them in between.

use super::call::Call;
use super::program::{Bound, Program, Step};
use super::{check_assigns, decode_pairs, merge_types, variable_types};
use crate::error::{Code, Error, Result};
use crate::graph::types::Type;
use crate::graph::{self, Source};
use crate::kernel::memory::Buffer;
use crate::reader::Reader;
use std::sync::Arc;

/// A graph of variables and numbers, and what it sets.
#[derive(Debug)]
pub struct After {
    pub(super) program: Program,
    pub(super) assigns: Vec<(Type, usize)>,
}

impl After {
    /// Decodes and compiles the rest of a plan; `variables` are the types of those it knows, which learn more,
    /// `slots` is
    /// more than there are slots and numbers.
    pub(super) fn decode(
        reader: &mut Reader<'_>,
        variables: &mut Vec<Option<Type>>,
        slots: usize,
        threads: usize,
    ) -> Result<After> {
        let (graph, ids) = graph::decode_beside(reader, slots)?;
        let assigns = decode_pairs(reader, &ids)?;
        merge_types(variables, variable_types(&graph, slots)?)?;
        check_assigns(&graph, &assigns, variables)?;
        let roots: Vec<_> = assigns.iter().map(|(v, _)| *v).collect();
        let program = Program::compile(&graph, &roots, 1, threads)?;
        if program.sources.iter().any(|(source, ..)| matches!(source, Source::Data(_) | Source::Parameter(_))) {
            return Err(Error::new(Code::PlanInvalid, "after: expected variables and numbers, got other sources"));
        }
        let assigns = assigns.into_iter().map(|(v, slot)| (graph.ty(v).clone(), slot)).collect();
        Ok(After { program, assigns })
    }

    /// Binds it to `variables`, to work in `arena` from `at` on.
    pub(super) fn bind(&self, arena: &Buffer, at: usize, variables: &[Arc<Buffer>], call: &Call) -> Result<Bound> {
        let bound = self.program.bind(arena, at, variables, 1)?;
        for ((source, ..), into) in self.program.sources.iter().zip(&bound.sources) {
            if let Source::Scalar(i) = *source {
                into.set_number(call.scalar(i)?);
            }
        }
        Ok(bound)
    }

    /// Sets the variables.
    pub(super) fn run(&self, bound: &Bound, variables: &[Arc<Buffer>], step: &Step) -> Result<()> {
        self.program.run_from(0, bound, 1, step)?;
        for ((_, slot), root) in self.assigns.iter().zip(&bound.roots) {
            root.write_to(&variables[*slot], 0, 1);
        }
        Ok(())
    }
}
