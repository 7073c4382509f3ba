//! Random numbers, bytes changed at random, and graphs of random ops.

use crate::plans::*;
use crate::seeds::{Seed, seed};

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % n.max(1) as u64) as usize
    }

    pub fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// `bytes` with one to three things changed; a piece of `other` may be put in.
pub fn mutated(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.one_of(&[1, 1, 2, 3]) {
        let len = bytes.len().max(1);
        bytes.resize(len, 0);
        let (at, from) = (random.below(len), random.below(len));
        match random.below(10) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.below(256) as u8,
            2 => bytes[at] = random.one_of(&[0, 1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 127]),
            3 => bytes[at] = bytes[at].wrapping_add(random.one_of(&[1, 255])),
            4 => drop(bytes.drain(at..(at + 1 + random.below(4)).min(len))),
            5 => bytes.truncate(at),
            6 => {
                // A number of several bytes, up to 2⁶⁴ − 1 and beyond.
                let mut number = vec![0xff; 1 + random.below(9)];
                number.push(random.one_of(&[0, 1, 3, 7, 15, 127]));
                bytes.splice(at..at + 1, number);
            }
            7 => {
                let piece = bytes[from..(from + random.below(24)).min(len)].to_vec();
                bytes.splice(at..at, piece);
            }
            8 if !other.is_empty() => {
                let from = random.below(other.len());
                let piece = other[from..(from + random.below(64)).min(other.len())].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => bytes.swap(at, from),
        }
    }
    bytes
}

const OPS: [&str; 39] = [
    "neg",
    "square",
    "sqrt",
    "exp",
    "log",
    "tanh",
    "sigmoid",
    "relu",
    "softplus",
    "add",
    "sub",
    "mul",
    "div",
    "equal",
    "greater",
    "sum",
    "max",
    "argmax",
    "size",
    "fill",
    "reshape",
    "broadcast_to",
    "transpose",
    "gather",
    "scatter_rows",
    "pick",
    "slice",
    "concat",
    "cast",
    "clip",
    "matmul",
    "softmax",
    "log_softmax",
    "sparse_cross_entropy",
    "categorical_cross_entropy",
    "binary_cross_entropy",
    "dropout",
    "random_uniform",
    "scan",
];
const SIZES: [usize; 9] = [B, B, 0, 1, 2, 3, 3, 4, 17];

fn shape(random: &mut Random) -> Vec<usize> {
    (0..random.one_of(&[0, 1, 1, 2, 2, 2, 3])).map(|_| random.one_of(&SIZES)).collect()
}

fn attr(name: &str, random: &mut Random, depth: usize) -> Attr {
    match name {
        "axes" | "perm" => {
            let count = random.below(4);
            Attr::Ints((0..count).map(|_| random.below(5) as i64 - 1).collect())
        }
        "dims" => Attr::Dims(shape(random)),
        "value" | "low" => Attr::Float(-0.5),
        "high" => Attr::Float(0.75),
        "rate" => Attr::Float(random.one_of(&[0.0, 0.5, 1.0])),
        "dtype" => Attr::Str(random.one_of(&["float32", "int32", "uint8", "bool"])),
        "body" => Attr::Graph(graph(random, depth + 1).graph),
        _ => Attr::Int(random.below(4) as i64 - random.below(8) as i64 / 7),
    }
}

fn attrs(op: &str) -> &'static [&'static str] {
    match op {
        "sum" | "max" => &["axes", "keep"],
        "size" | "reshape" | "broadcast_to" => &["dims"],
        "fill" => &["dims", "value"],
        "transpose" => &["perm"],
        "slice" => &["axis", "start", "length"],
        "concat" => &["axis"],
        "cast" => &["dtype"],
        "clip" => &["low", "high"],
        "matmul" => &["ta", "tb"],
        "sparse_cross_entropy" | "categorical_cross_entropy" | "binary_cross_entropy" => &["from_logits"],
        "dropout" => &["rate", "stream"],
        "random_uniform" => &["dims", "low", "high", "stream"],
        "scan" => &["body", "carries", "sequences", "reverse"],
        _ => &[],
    }
}

/// A scan over rows of three in good order but for a fault here and there. Returns its first output.
fn scan(g: &mut GraphBytes, random: &mut Random) -> u64 {
    let (steps, constants) = (random.below(4), random.below(2) as u64);
    let mut inputs = Vec::new();
    for dims in [vec![3], vec![steps, 3], vec![3]].into_iter().take(2 + constants as usize) {
        inputs.push(g.op("fill", &[], &[("dims", Attr::Dims(dims)), ("value", Attr::Float(0.25))]));
    }
    let mut body = GraphBytes::default();
    let mut values = Vec::new();
    for index in 0..2 + constants {
        let index = if random.below(12) == 0 { 0 } else { index };
        let (kind, size) = (random.one_of(&[3, 3, 3, 3, 3, 3, 3, 0, 1, 2]), random.one_of(&[3, 3, 3, 3, 3, 1]));
        if random.below(8) > 0 {
            values.push(body.source(kind, index, 0, &[size]));
        }
    }
    values.push(body.op("fill", &[], &[("dims", Attr::Dims(vec![3])), ("value", Attr::Float(1.5))]));
    for _ in 0..random.below(4) {
        let inputs = [0, 1].map(|_| values[random.below(values.len())]);
        values.push(body.op(random.one_of(&["add", "mul", "div"]), &inputs, &[]));
    }
    let results = [0, 1].map(|_| values[random.below(values.len())]);
    body.results(&results[..1 + random.below(2)]);
    let int = |n: usize| Attr::Int(n as i64);
    let options =
        [("body", Attr::Graph(body)), ("carries", int(1)), ("sequences", int(1)), ("reverse", int(random.below(2)))];
    g.op_n("scan", &inputs, &options, 2)
}

/// A graph, its float sources and the bytes of each source, where a batch counts as 3.
struct Drawn {
    graph: GraphBytes,
    floats: Vec<u64>,
    bytes: Vec<usize>,
}

/// A few ops on a few sources, many of one shape so that they fit together.
fn graph(random: &mut Random, depth: usize) -> Drawn {
    let mut drawn = Drawn { graph: GraphBytes::default(), floats: Vec::new(), bytes: Vec::new() };
    let Drawn { graph: g, floats, bytes } = &mut drawn;
    let mut values = Vec::new();
    let favourite = [3, random.one_of(&SIZES)];
    for index in 0..1 + random.below(4) as u64 {
        let dims = if random.below(3) > 0 { favourite[random.below(2)..].to_vec() } else { shape(random) };
        let dims: Vec<usize> = dims.into_iter().map(|dim| if depth == 0 && dim == B { 3 } else { dim }).collect();
        let dtype = random.one_of(&[0, 0, 0, 1, 2]);
        let kind = if depth == 0 { 0 } else { random.one_of(&[3, 3, 3, 3, 3, 0]) };
        let size: usize = dims.iter().map(|&dim| if dim == B { 3 } else { dim }).product();
        bytes.push(size * if dtype < 2 { 4 } else { 1 });
        values.push(g.source(kind, index, dtype, &dims));
        if dtype == 0 {
            floats.push(values[values.len() - 1]);
        }
    }
    for _ in 0..1 + random.below(6) {
        let name = match random.below(8) {
            0 if depth == 0 => "scan",
            _ => OPS[random.below(OPS.len() - usize::from(depth > 1))],
        };
        if name == "scan" && random.below(4) > 0 {
            values.push(scan(g, random));
            continue;
        }
        let inputs = match name {
            "size" | "fill" | "random_uniform" => 0,
            "add" | "sub" | "mul" | "div" | "equal" | "greater" | "gather" | "pick" | "matmul" => 2,
            "sparse_cross_entropy" | "categorical_cross_entropy" | "binary_cross_entropy" => 2,
            "scatter_rows" => 3,
            "concat" | "scan" => 1 + random.below(3),
            _ => 1,
        };
        let inputs: Vec<u64> = (0..inputs).map(|_| values[random.below(values.len())]).collect();
        let attrs: Vec<(&str, Attr)> = attrs(name).iter().map(|&name| (name, attr(name, random, depth))).collect();
        let outputs = if name == "scan" { random.below(5) as u64 } else { 1 };
        let first = g.op_n(name, &inputs, &attrs, outputs);
        values.extend(first..first + outputs);
    }
    let results: Vec<u64> = (0..random.below(4)).map(|_| values[random.below(values.len())]).collect();
    g.results(&results);
    drawn
}

/// A plan of random ops that writes its last value, perhaps a gradient of its sum, and perhaps a gradient of that.
pub fn plan(random: &mut Random) -> Seed {
    let Drawn { graph: mut g, floats, bytes } = graph(random, 0);
    g.results(&[]);
    let mut last = g.len() - 1;
    let mut writes = vec![(last, 4000)];
    for _ in 0..if floats.is_empty() { 0 } else { random.below(3) } {
        let gradients = g.gradients(last, &floats);
        last = gradients[random.below(gradients.len())];
        writes.push((last, 4000));
    }
    seed(&g, &[], &writes, &[], &bytes)
}
