//! Plan bytes to graph. Trusts nothing: every index, tag and count is checked, and no count is allocated for before the
//! bytes that must follow it are there.

use super::types::{DType, Dim, Shape, Type};
use super::{Attr, Attrs, DERIVED, Graph, KEPT, Source, Value};
use crate::error::{Code, Error, Result};
use crate::op;
use crate::reader::Reader;

/// Deepest nesting of sub-graphs.
const MAX_DEPTH: usize = 8;

/// Reads a graph. The second result maps the ids of the bytes (outputs numbered in the order written) to values: the
/// two differ once a `gradients` entry has put nodes in between.
pub fn decode(reader: &mut Reader<'_>) -> Result<(Graph, Vec<Value>)> {
    decode_at(reader, 0, 0)
}

/// The same of a graph that has its sources' numbers, below `sources`, from another.
pub fn decode_beside(reader: &mut Reader<'_>, sources: usize) -> Result<(Graph, Vec<Value>)> {
    decode_at(reader, 0, sources)
}

fn decode_at(reader: &mut Reader<'_>, depth: usize, sources: usize) -> Result<(Graph, Vec<Value>)> {
    if depth > MAX_DEPTH {
        return Err(invalid(|| format!("sub-graphs: expected at most {MAX_DEPTH} levels, got more")));
    }
    let (mut graph, mut ids, mut parts) = (Graph::new(), Vec::new(), KEPT);
    let count = reader.count(1)?;
    for _ in 0..count {
        match reader.u8()? {
            kind @ 0..=3 => {
                // Tables are made as long as the largest index says.
                let index = reader.size()?;
                let end = count.max(sources);
                if index >= end {
                    return Err(invalid(|| format!("source: expected an index below {end}, the nodes, got {index}")));
                }
                let source = match kind {
                    0 => Source::Variable(index),
                    1 => Source::Data(index),
                    2 => Source::Scalar(index),
                    _ => Source::Parameter(index),
                };
                let ty = decode_type(reader)?;
                ids.push(graph.source(source, ty));
            }
            4 => {
                let name = reader.str()?;
                let inputs = decode_values(reader, &ids)?;
                let attrs = decode_attrs(reader, depth)?;
                let op = op::find(name)?(&attrs)?;
                ids.extend(graph.push_arc(op, &inputs)?);
            }
            5 => {
                let part = std::mem::replace(&mut graph.part, DERIVED);
                decode_gradients(reader, &mut graph, &mut ids)?;
                graph.part = part;
            }
            // What follows, up to an entry of kind 7, is to be computed again for gradients.
            6 => {
                parts += 1;
                graph.part = parts;
            }
            7 => graph.part = KEPT,
            tag => return Err(invalid(|| format!("node: expected a kind below 8, got {tag}"))),
        }
    }
    graph.results = decode_values(reader, &ids)?;
    Ok((graph, ids))
}

/// `gradients`: outputs to differentiate with optional seeds, and what to differentiate by.
fn decode_gradients(reader: &mut Reader<'_>, graph: &mut Graph, ids: &mut Vec<Value>) -> Result<()> {
    let mut ys = Vec::new();
    for _ in 0..reader.count(1)? {
        let y = lookup(ids, reader.varuint()?)?;
        let seed = match reader.varuint()? {
            0 => None,
            id => Some(lookup(ids, id - 1)?),
        };
        if graph.ty(y).dtype != DType::F32 {
            let message = || format!("gradients: expected float32 outputs, got {}", graph.ty(y));
            return Err(Error::of(Code::NotDifferentiable, message));
        }
        ys.push((y, seed));
    }
    let xs = decode_values(reader, ids)?;
    for (x, grad) in xs.iter().zip(graph.gradients(&ys, &xs)?) {
        ids.push(match grad {
            // An update must not read a variable while it writes another: what is one becomes a value of its own.
            Some(grad) if graph.is_source(grad) => graph.copied(grad)?,
            Some(grad) => grad,
            None => graph.fill_like(*x, 0.0)?,
        });
    }
    Ok(())
}

/// A list of values by their ids.
pub fn decode_values(reader: &mut Reader<'_>, ids: &[Value]) -> Result<Vec<Value>> {
    (0..reader.count(1)?).map(|_| lookup(ids, reader.varuint()?)).collect()
}

/// The value an id of the bytes stands for.
pub fn lookup(ids: &[Value], id: u64) -> Result<Value> {
    ids.get(id as usize)
        .copied()
        .ok_or_else(|| invalid(|| format!("value: expected an id below {}, got {id}", ids.len())))
}

/// A dtype and a shape.
pub fn decode_type(reader: &mut Reader<'_>) -> Result<Type> {
    let dtype = DType::from_tag(reader.u8()?)?;
    Ok(Type { dtype, shape: Shape::new(decode_dims(reader)?)? })
}

fn decode_dims(reader: &mut Reader<'_>) -> Result<Vec<Dim>> {
    (0..reader.count(1)?).map(|_| Ok(Dim { coef: reader.size()?, power: reader.u8()?.min(64) })).collect()
}

fn decode_attrs(reader: &mut Reader<'_>, depth: usize) -> Result<Attrs> {
    let mut entries = Vec::new();
    for _ in 0..reader.count(1)? {
        let name = reader.str()?.to_string();
        let attr = match reader.u8()? {
            0 => Attr::Int(zigzag(reader.varuint()?)),
            1 => Attr::Float(reader.f64()?),
            2 => Attr::Ints((0..reader.count(1)?).map(|_| Ok(zigzag(reader.varuint()?))).collect::<Result<_>>()?),
            3 => Attr::Dims(decode_dims(reader)?),
            4 => Attr::Str(reader.str()?.to_string()),
            5 => Attr::Graph(Box::new(decode_at(reader, depth + 1, 0)?.0)),
            tag => return Err(invalid(|| format!("attribute {name}: expected a tag below 6, got {tag}"))),
        };
        entries.push((name, attr));
    }
    Ok(Attrs::new(entries))
}

fn zigzag(x: u64) -> i64 {
    (x >> 1) as i64 ^ -((x & 1) as i64)
}

fn invalid(message: impl FnOnce() -> String) -> Error {
    Error::of(Code::PlanInvalid, message)
}
