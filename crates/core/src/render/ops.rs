//! The wrappers of public elementwise ops, and the list of those of one operand.

use super::{HEADER, camel, comment, line};
use crate::graph::Attrs;
use crate::graph::types::{DType, Shape, Type};
use crate::op::{Entry, OPS, Signature};

pub fn ops() -> String {
    let mut out =
        format!("{HEADER}\nimport {{ type Binary, binary, type Unary, unary }} from '../graph/elementwise.js';\n\n");
    for op in OPS {
        let wrapper = match op.signature {
            Signature::Unary => format!("Unary = unary('{}')", op.name),
            Signature::Binary if result(op) == DType::F32 => format!("Binary = binary('{}')", op.name),
            Signature::Binary => format!("Binary = binary('{}', '{}')", op.name, result(op).name()),
            Signature::Internal => continue,
        };
        comment(&mut out, 0, op.doc);
        line(&mut out, 0, &format!("export const {}: {wrapper};", camel(op.name)));
    }
    out
}

/// Elementwise ops of one operand, which are activations by name: apart from the ops, which are all public.
pub fn unary() -> String {
    let names: Vec<_> = OPS.iter().filter(|op| op.signature == Signature::Unary).map(|op| op.name).collect();
    let mut out = format!("{HEADER}\nimport type {{ Unary }} from '../graph/elementwise.js';\nimport {{\n");
    names.iter().for_each(|name| line(&mut out, 2, &format!("{},", camel(name))));
    out += "} from './ops.js';\n\n/** Every elementwise op of one operand, by its registered name. */\n";
    out += "export const UNARY: Readonly<Record<string, Unary>> = {\n";
    for name in names {
        let value = camel(name);
        line(&mut out, 2, &if value == name { format!("{name},") } else { format!("{name}: {value},") });
    }
    out + "};\n"
}

/// The dtype of what a binary op makes of two float32 numbers.
fn result(op: &Entry) -> DType {
    let number = Type::f32(Shape::scalar());
    let types = (op.make)(&Attrs::default()).and_then(|op| op.infer(&[&number, &number]));
    types.expect("an elementwise op takes two numbers")[0].dtype
}
