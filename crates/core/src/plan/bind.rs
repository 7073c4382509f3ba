//! Binds a plan to the buffers of a call: a run at its first step. Everything that can be refused is refused here.

use super::Plan;
use super::call::{Call, Order};
use super::drive::Several;
use super::run::{DataSlot, Run};
use crate::error::{Code, Error, Result};
use crate::graph::Source;
use crate::graph::types::Type;
use crate::kernel::memory::Buffer;
use crate::kernel::place::Arg;
use crate::part;
use std::sync::Arc;

impl Run {
    /// Binds `plan`. `find` looks a buffer up in the store.
    pub fn new(
        plan: Arc<Plan>,
        arena: Arc<Buffer>,
        call: Call,
        find: impl Fn(u32) -> Result<Arc<Buffer>>,
    ) -> Result<Run> {
        let variables = call.variables.iter().map(|&id| find(id)).collect::<Result<Vec<_>>>()?;
        check_variables(&plan, &variables)?;
        let mut seen = variables.clone();
        let mut several = None;
        if let Some(update) = plan.update.as_ref().filter(|update| update.evaluates_again()) {
            several = Some(part::second(|| Several::beside(&plan, update, &arena, &mut seen))?);
        }
        let b = if call.data.is_empty() { 1 } else { call.batch.min(call.rows.len()) };
        let bound = plan.program.bind(&arena, 0, &seen, b)?;
        let mut data = Vec::new();
        for ((source, ty, _), &into) in plan.program.sources.iter().zip(&bound.sources) {
            match *source {
                Source::Data(slot) => data.push(data_slot(&call, slot, ty, into, &find)?),
                Source::Scalar(i) => into.set_number(call.scalar(i)?),
                _ => {}
            }
        }
        let after = match &plan.after {
            Some(after) => Some(after.bind(&arena, plan.program.arena_len, &variables, &call)?),
            None => None,
        };
        // Not before it is known that there are as many rows.
        let order = if data.is_empty() { None } else { call.permutation()? };
        let outputs = plan
            .writes()
            .map(|(ty, slot)| match call.outputs.get(slot) {
                Some(&id) => Ok((find(id)?, ty.clone())),
                None => Err(Error::of(Code::PlanInvalid, || format!("output {slot}: expected a buffer, got none"))),
            })
            .collect::<Result<Vec<_>>>()?;
        check_outputs(&call, !data.is_empty(), &outputs)?;
        if !data.is_empty() && call.batch > plan.program.max_batch {
            let (max, batch) = (plan.program.max_batch, call.batch);
            return Err(Error::of(Code::InvalidValue, || format!("batch: expected at most {max}, got {batch}")));
        }
        let sweep = match &plan.update {
            Some(update) => {
                let wants_norm = !call.stop.grad_norm_below.is_nan();
                let room = |len: usize| arena.beside(len).map(Arc::new);
                Some(update.bind(&bound.roots[plan.root_starts()[3]..], &variables, &seen, wants_norm, &room)?)
            }
            None => None,
        };
        Ok(Run {
            reports: Vec::new(),
            plan,
            arena,
            bound,
            variables,
            outputs,
            data,
            order,
            call,
            sweep,
            after,
            failed: None,
            several,
            kept_for: 0,
            kinds: 0,
            at: None,
            turn: None,
            update: None,
            gives_way: cfg!(target_family = "wasm"),
            best: f64::INFINITY,
            waited: 0,
        })
    }
}

fn data_slot(
    call: &Call,
    slot: usize,
    ty: &Type,
    into: Arg,
    find: &impl Fn(u32) -> Result<Arc<Buffer>>,
) -> Result<DataSlot> {
    let Some(&(id, dtype)) = call.data.get(slot) else {
        return Err(Error::of(Code::PlanInvalid, || format!("data {slot}: expected a buffer, got none")));
    };
    let (buffer, size) = (find(id)?, ty.size());
    let rows = match call.order {
        Order::Shuffled { n, .. } => n.max(call.rows.end),
        _ => call.rows.end,
    };
    // Rows without elements count as a byte, so that no number of them asks for more memory than the data has.
    let bytes = size.coef.checked_mul(dtype.bytes()).and_then(|row| row.max(1).checked_mul(rows));
    if size.power != 1 && size.coef > 0 || bytes.is_none_or(|bytes| bytes > buffer.len()) {
        let message = || format!("data {slot}: expected {rows} rows of {ty}, got {} bytes", buffer.len());
        return Err(Error::of(Code::ShapeMismatch, message));
    }
    Ok(DataSlot { buffer, dtype, into, row: size.coef })
}

fn check_variables(plan: &Plan, variables: &[Arc<Buffer>]) -> Result<()> {
    for (slot, ty) in plan.variables.iter().enumerate() {
        let Some(ty) = ty else { continue };
        check_variable("variable", slot, ty, variables)?;
    }
    for (ty, slot) in plan.assigns.iter().chain(plan.after.iter().flat_map(|after| &after.assigns)) {
        check_variable("assign to variable", *slot, ty, variables)?;
    }
    Ok(())
}

fn check_variable(what: &str, slot: usize, ty: &Type, variables: &[Arc<Buffer>]) -> Result<()> {
    let (expected, got) = (ty.bytes(1)?, variables.get(slot).map(|buffer| buffer.len()));
    if got == Some(expected) {
        return Ok(());
    }
    Err(Error::of(Code::ShapeMismatch, || {
        let got = got.map_or("none".to_string(), |bytes| bytes.to_string());
        format!("{what} {slot}: expected {ty}, {expected} bytes, got {got}")
    }))
}

fn check_outputs(call: &Call, has_rows: bool, outputs: &[(Arc<Buffer>, Type)]) -> Result<()> {
    for (buffer, ty) in outputs {
        let b = match has_rows {
            true if ty.size().power == 1 => call.rows.end,
            true => call.batch,
            false => 1,
        };
        if ty.size().at(b).checked_mul(ty.dtype.bytes()).is_none_or(|bytes| bytes > buffer.len()) {
            let message = || format!("output: expected room for {b} rows of {ty}, got {} bytes", buffer.len());
            return Err(Error::of(Code::ShapeMismatch, message));
        }
    }
    Ok(())
}
