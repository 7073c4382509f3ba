//! The table: cases of every op. Elementwise ops get theirs by their signature, so that a new one is covered as soon as
//! it is registered; `domain` says where one differs.

use super::case::{Bound, Case, Values};
use super::products::{attention, attention_lines, batch_matmul_lines, matmul_lines};
use super::run::{B, shape};
use super::windows;
use Bound::{All, Each};
use Values::{Bytes, Flags, Index, Range, Signed, Ties};
use descend_core::graph::types::{DType, Dim};
use descend_core::graph::{Attr, Attrs};
use descend_core::op::{Entry, OPS, Signature};

pub const NASTY: [usize; 8] = [0, 1, 15, 16, 17, 31, 33, 63];
/// Covered elsewhere: a loop by `tests/scan.rs`; a rule of the user's by `test/functions`; what only fails, by `refusals`.
pub const EXEMPT: [&str; 3] = ["scan", "custom_gradient", "fault"];

/// All cases of small sizes.
pub fn all() -> impl Iterator<Item = (&'static str, Case)> {
    OPS.iter().flat_map(|entry| cases(entry).into_iter().map(|case| (entry.name, case)))
}

pub type Shapes = Vec<Vec<usize>>;
pub type Options = Vec<(&'static str, Attr)>;

/// A line of the table: options, shapes of the inputs.
pub type Line = (Options, Shapes);

fn dims(dims: &[usize]) -> Attr {
    Attr::Dims(shape(dims).dims().to_vec())
}

pub fn ints(list: &[i64]) -> Attr {
    Attr::Ints(list.to_vec())
}

fn flags(name: &'static str) -> [Options; 2] {
    [0, 1].map(|flag| vec![(name, Attr::Int(flag))])
}

/// Where an elementwise op is tried, how far it may be off, and whether it has a gradient.
fn domain(name: &str) -> (Values, Bound, bool) {
    match name {
        "log" | "sqrt" => (Range(0.1, 3.0), Each(2.0), true),
        "rsqrt" => (Range(0.1, 3.0), Each(4.0), true),
        "log1p" => (Range(-0.7, 3.0), Each(5.2), true),
        "sin" | "cos" => (Signed(0.1, 30.0), Each(1.1), true),
        "pow" => (Range(0.2, 2.0), Each(1.1), true),
        "gelu" => (Signed(0.1, 3.0), Each(18.0), true),
        "neg" | "relu" | "abs" | "sign" | "floor" | "round" => (Signed(0.1, 3.0), Each(0.0), true),
        "add" | "sub" | "mul" | "div" | "square" => (Signed(0.5, 2.0), Each(1.0), true),
        "equal" | "not_equal" | "greater" | "greater_equal" | "less" | "less_equal" => {
            (Ties(DType::F32), Each(0.0), false)
        }
        _ => (Signed(0.1, 3.0), Each(4.0), true),
    }
}

/// The cases of one op.
pub fn cases(entry: &Entry) -> Vec<Case> {
    let lines = lines(entry);
    lines.into_iter().map(|(options, shapes)| case(entry, options, shapes)).collect()
}

/// Ops of two values given the same value twice.
pub fn twice() -> impl Iterator<Item = (&'static str, Case)> {
    let alike = |case: &Case| case.smooth && case.inputs.len() == 2 && case.inputs[0].0 == case.inputs[1].0;
    let alike = all().filter(move |(_, case)| alike(case) && case.inputs[0].0.iter().all(|&dim| dim < 63));
    alike.map(|(name, case)| (name, Case { twice: true, ..case }))
}

/// One case of each op that is large enough to be shared among threads.
pub fn large() -> impl Iterator<Item = (&'static str, Case)> {
    OPS.iter().flat_map(|entry| {
        large_lines(entry).into_iter().map(|(options, shapes)| (entry.name, case(entry, options, shapes)))
    })
}

fn case(entry: &Entry, options: Options, shapes: Shapes) -> Case {
    let (mut values, bound, mut smooth) = numbers(entry, &shapes);
    if options.iter().any(|(name, attr)| *name == "bilinear" && matches!(attr, Attr::Int(1))) {
        // Differences would see the maps, which have no gradient.
        (values[1], smooth) = (Signed(0.2, 2.0), false);
    }
    let attrs = Attrs::new(options.into_iter().map(|(name, attr)| (name.to_string(), attr)).collect());
    let op = (entry.make)(&attrs).unwrap_or_else(|error| panic!("{}: {error}", entry.name));
    Case { op, inputs: shapes.into_iter().zip(values).collect(), bound, smooth, twice: false }
}

/// What the inputs are, the bound, and whether there is a gradient to check.
fn numbers(entry: &Entry, shapes: &Shapes) -> (Vec<Values>, Bound, bool) {
    let size = |shape: &[usize]| shape.iter().map(|&dim| if dim == B { 3 } else { dim }).product::<usize>() as f64;
    let width = shapes.first().and_then(|shape| shape.last()).copied().unwrap_or(1);
    let plain = Signed(0.2, 2.0);
    match (entry.signature, entry.name) {
        // No two of them too near each other for differences.
        (_, "maximum" | "minimum") => (vec![Signed(0.5, 2.0), Signed(0.45, 2.1)], Each(0.0), true),
        (Signature::Unary | Signature::Binary, name) => {
            let (values, bound, smooth) = domain(name);
            (vec![values; 2], bound, smooth)
        }
        (_, "sum") => (vec![Signed(0.0, 1.0)], All(size(&shapes[0]) * (6.0 + size(&shapes[0]) / 16.0)), true),
        (
            _,
            "max" | "clip" | "reshape" | "transpose" | "broadcast_to" | "slice" | "concat" | "flip" | "stop_gradient",
        ) => (vec![plain; 3], Each(0.0), entry.name != "stop_gradient"),
        (_, "cumsum") => (vec![plain], All(1.0 + width as f64), true),
        (_, "argsort") => (vec![Ties(DType::F32)], Each(0.0), false),
        (_, "argmax") => (vec![Ties(DType::F32)], Each(0.0), false),
        (_, "leaky_relu") => (vec![plain], Each(3.0), true),
        (_, "elu") => (vec![plain], Each(5.0), true),
        // The argument of the sigmoid is rounded thrice, and its error grows with it.
        (_, "swish") => (vec![plain], Each(40.0), true),
        (_, "where") => (vec![Flags, plain, plain], Each(0.0), true),
        (_, "size" | "fill" | "random_uniform") => (vec![], Each(0.0), false),
        (_, "cast") => match shapes[0][..] {
            [17] => (vec![Signed(0.6, 9.0)], Each(0.0), false),
            [16] => (vec![Ties(DType::I32)], Each(0.0), false),
            _ => (vec![Bytes], Each(0.0), false),
        },
        (_, "gather") => (vec![plain, Index(shapes[0][0])], Each(0.0), true),
        (_, "scatter_rows") => (vec![plain, plain, Index(shapes[0][0])], All(32.0), true),
        (_, "pick") => (vec![plain, Index(width)], Each(0.0), true),
        (_, "matmul" | "batch_matmul") => {
            // k roundings of a sum of k products below 4.
            let k = (size(&shapes[0]) * size(&shapes[1])).sqrt();
            (vec![plain; 2], All(8.0 + 4.0 * k * k), true)
        }
        // Sums of as many products below 4 as the kernel has numbers, at most.
        (_, "conv" | "conv_transpose") => (vec![plain; 2], All(8.0 + 8.0 * size(&shapes[1])), true),
        (_, "max_pool") => (vec![plain], Each(0.0), true),
        // Whole places: the nearest pixel is the same in float32, and a little beside. Errors of coordinates up to 200.
        (_, "affine_transform") => (vec![plain, Ties(DType::F32)], All(2000.0), true),
        (_, "average_pool") => (vec![plain], All(64.0), true),
        // Scores to 2⁻²⁴ times k products below 4, which the exponential makes relative errors of weights.
        (_, "attention") => (vec![plain, plain, plain, Flags], All(100.0 + 20.0 * width as f64), true),
        (_, "softmax") => (vec![Signed(0.0, 4.0)], Each(32.0), true),
        (_, "log_softmax") => (vec![Signed(0.0, 4.0)], All(8.0), true),
        (_, "sparse_cross_entropy") => (vec![Range(0.1, 1.0), Index(width)], All(16.0), true),
        (_, "categorical_cross_entropy") => (vec![Range(0.1, 1.0); 2], All(16.0 + 8.0 * width as f64), true),
        (_, "binary_cross_entropy") => (vec![Range(0.1, 0.9); 2], All(16.0), true),
        (_, "dropout") => (vec![plain], Each(2.0), true),
        (_, name) => panic!("{name}: an op without numbers in the table"),
    }
}

fn lines(entry: &Entry) -> Vec<Line> {
    let one = |shapes: &[&[usize]]| (Options::new(), shapes.iter().map(|shape| shape.to_vec()).collect::<Shapes>());
    let with = |options: &Options, shapes: &[&[usize]]| (options.clone(), one(shapes).1);
    let each = |options: &[Options], f: &dyn Fn(usize) -> Shapes| -> Vec<Line> {
        options.iter().flat_map(|options| NASTY.iter().map(|&n| (options.clone(), f(n)))).collect()
    };
    let plain = [Options::new()];
    match (entry.signature, entry.name) {
        (Signature::Unary, _) => {
            let mut lines = each(&plain, &|n| vec![vec![n]]);
            lines.extend([one(&[&[]]), one(&[&[B, 17]]), one(&[&[2, 0, 3]]), one(&[&[B]])]);
            lines
        }
        (Signature::Binary, _) => {
            let mut lines = each(&plain, &|n| vec![vec![n], vec![n]]);
            lines.extend(each(&plain, &|n| vec![vec![3, n], vec![n]]));
            lines.extend(each(&plain, &|n| vec![vec![n], vec![3, 1]]));
            lines.extend([one(&[&[], &[5]]), one(&[&[B, 17], &[1, 17]]), one(&[&[B, 4], &[B, 1]]), one(&[&[B], &[]])]);
            lines.extend([one(&[&[2, 1, 15], &[5, 1]]), one(&[&[1, 3, 1, 5], &[4, 1, 2, 1]]), one(&[&[0, 3], &[3]])]);
            lines.extend([one(&[&[], &[]]), one(&[&[1, 16], &[B, 16]]), one(&[&[2, 0], &[1, 1]])]);
            lines
        }
        (_, "sum" | "max") => {
            let list = |axes: &[i64], keep: i64| vec![("axes", ints(axes)), ("keep", Attr::Int(keep))];
            let mut lines = each(&[list(&[0], 0), list(&[-1], 1)], &|n| vec![vec![n]]);
            lines.extend(each(&[list(&[1], 0), list(&[0], 1), list(&[0, 1], 0), list(&[], 0)], &|n| vec![vec![3, n]]));
            lines.extend([with(&list(&[0, 2], 0), &[&[3, 5, 4]]), with(&list(&[0, 2, 4], 1), &[&[2, 3, 2, 3, 2]])]);
            lines.extend([
                with(&list(&[0], 0), &[&[B]]),
                with(&list(&[0], 0), &[&[B, 17]]),
                with(&list(&[1], 0), &[&[B, 17]]),
            ]);
            lines.extend([with(&list(&[1, 3], 0), &[&[B, 2, 3, 0]]), with(&list(&[0, 2], 0), &[&[2, B, 3]])]);
            lines
        }
        (_, "argmax") => {
            let rows = [1, 2, 15, 16, 17, 63].map(|n| one(&[&[4, n]]));
            rows.into_iter().chain([one(&[&[5]]), one(&[&[B, 3]]), one(&[&[0, 3]])]).collect()
        }
        (_, "size") => vec![(vec![("dims", dims(&[B, 3]))], vec![]), (vec![("dims", dims(&[]))], vec![])],
        (_, "fill") => {
            let fill = |shape: &[usize]| (vec![("dims", dims(shape)), ("value", Attr::Float(0.5))], vec![]);
            vec![fill(&[]), fill(&[0]), fill(&[B, 17])]
        }
        (_, "reshape") => {
            let to = |shape: &[usize], from: &[usize]| (vec![("dims", dims(shape))], vec![from.to_vec()]);
            let batches = vec![("dims", Attr::Dims(vec![Dim { coef: 6, power: 1 }]))];
            vec![
                to(&[6], &[2, 3]),
                to(&[0, 5], &[0]),
                to(&[1], &[]),
                to(&[B, 2, 3], &[B, 6]),
                (batches, vec![vec![B, 6]]),
            ]
        }
        (_, "broadcast_to") => {
            let to = |shape: &[usize], from: &[usize]| (vec![("dims", dims(shape))], vec![from.to_vec()]);
            let lines =
                [to(&[3], &[]), to(&[4, 1, 5], &[1, 5]), to(&[2, 3, 4], &[3, 1]), to(&[B, 5], &[5]), to(&[0, 2], &[2])];
            lines.into_iter().chain([to(&[B, 3], &[B, 1]), to(&[2, 2], &[2, 2]), to(&[63, 33], &[33])]).collect()
        }
        (_, "transpose") => {
            let perm = |axes: &[i64], from: &[usize]| (vec![("perm", ints(axes))], vec![from.to_vec()]);
            let lines = [perm(&[1, 0], &[17, 33]), perm(&[2, 0, 1], &[2, 3, 5]), perm(&[0], &[4]), perm(&[], &[])];
            lines
                .into_iter()
                .chain([perm(&[1, 0], &[B, 3]), perm(&[1, 0, 2], &[2, B, 3]), perm(&[1, 0], &[0, 3])])
                .collect()
        }
        (_, "gather") => {
            let lines = NASTY[1..].iter().map(|&n| one(&[&[n, 3], &[7]]));
            lines
                .chain([one(&[&[5], &[2, 3]]), one(&[&[5, 2], &[0]]), one(&[&[4, 2, 2], &[B]]), one(&[&[3, 0], &[4]])])
                .collect()
        }
        (_, "scatter_rows") => {
            let lines = NASTY[1..].iter().map(|&n| one(&[&[n, 3], &[7, 3], &[7]]));
            let others = [one(&[&[5, 2], &[0, 2], &[0]]), one(&[&[4, 2], &[B, 3, 2], &[B, 3]])];
            lines.chain(others).collect()
        }
        (_, "pick") => {
            let lines = NASTY[1..].iter().map(|&n| one(&[&[5, n], &[5]]));
            lines
                .chain([one(&[&[3], &[]]), one(&[&[2, 3, 4], &[2, 3]]), one(&[&[B, 10], &[B]]), one(&[&[0, 4], &[0]])])
                .collect()
        }
        (_, "slice") => {
            let part = |axis, start, length, from: &[usize]| {
                let options = [("axis", axis), ("start", start), ("length", length)];
                (options.map(|(name, x)| (name, Attr::Int(x))).to_vec(), vec![from.to_vec()])
            };
            let lines =
                [part(0, 1, 2, &[4, 3]), part(1, 0, 3, &[4, 3]), part(1, 2, 15, &[2, 17, 3]), part(0, 0, 0, &[3])];
            lines.into_iter().chain([part(1, 1, 1, &[B, 3]), part(0, 2, 0, &[2, 0])]).collect()
        }
        (_, "concat") => {
            let along = |axis, shapes: &[&[usize]]| with(&vec![("axis", Attr::Int(axis))], shapes);
            let lines = [along(0, &[&[3], &[1], &[0]]), along(1, &[&[2, 3], &[2, 17]]), along(1, &[&[B, 2], &[B, 3]])];
            lines
                .into_iter()
                .chain([along(0, &[&[B, 2], &[B, 2]]), along(1, &[&[0, 2], &[0, 1]]), along(2, &[&[2, 3, 4]])])
                .collect()
        }
        (_, "cast") => {
            let to = |dtype: &str| vec![("dtype", Attr::Str(dtype.to_string()))];
            let from = |dtype: &str| [&[17][..], &[16], &[B]].map(|shape| with(&to(dtype), &[shape]));
            ["float32", "int32", "uint8", "bool"].into_iter().flat_map(from).collect()
        }
        (_, "leaky_relu") => each(&[vec![("slope", Attr::Float(0.2))]], &|n| vec![vec![n]]),
        (_, "elu") => each(&[vec![("alpha", Attr::Float(0.7))]], &|n| vec![vec![n]]),
        (_, "swish") => {
            let swish = |a: f64, b: f64| vec![("a", Attr::Float(a)), ("b", Attr::Float(b))];
            each(&[swish(1.0, 0.0), swish(1.6, 0.07)], &|n| vec![vec![n]])
        }
        (_, "where") => {
            let mut lines = each(&plain, &|n| vec![vec![n]; 3]);
            lines.extend(each(&plain, &|n| vec![vec![3, n], vec![n], vec![3, 1]]));
            lines.extend([one(&[&[], &[5], &[]]), one(&[&[B, 1], &[B, 17], &[]]), one(&[&[2, 1, 15], &[5, 1], &[1]])]);
            lines
        }
        (_, "clip") => each(&[vec![("low", Attr::Float(-0.5)), ("high", Attr::Float(1.25))]], &|n| vec![vec![n]]),
        (_, "flip") => {
            let flip = |axis, from: &[usize]| (vec![("axis", Attr::Int(axis))], vec![from.to_vec()]);
            let lines = NASTY.iter().flat_map(|&n| [flip(0, &[n]), flip(1, &[2, n, 3])]);
            lines.chain([flip(0, &[B, 2]), flip(1, &[B, 17]), flip(0, &[3, 0])]).collect()
        }
        (_, "cumsum") => {
            let sum = |axis, exclusive, reverse| {
                [("axis", axis), ("exclusive", exclusive), ("reverse", reverse)]
                    .map(|(name, x)| (name, Attr::Int(x)))
                    .to_vec()
            };
            let mut lines = each(&[sum(0, 0, 0), sum(0, 1, 0), sum(0, 0, 1), sum(0, 1, 1)], &|n| vec![vec![n]]);
            lines.extend(each(&[sum(1, 0, 0), sum(0, 1, 1)], &|n| vec![vec![3, n, 2]]));
            lines.extend([with(&sum(0, 0, 0), &[&[B, 2]]), with(&sum(1, 0, 1), &[&[B, 5]])]);
            lines
        }
        (_, "argsort") => {
            let sort = |k, descending, from: &[usize]| {
                (vec![("k", Attr::Int(k)), ("descending", Attr::Int(descending))], vec![from.to_vec()])
            };
            let lines = NASTY.iter().flat_map(|&n| [0, 1].map(|down| sort(n as i64, down, &[3, n])));
            lines.chain([sort(1, 0, &[63]), sort(5, 1, &[2, 3, 33]), sort(0, 1, &[4]), sort(2, 0, &[B, 17])]).collect()
        }
        (_, "matmul") => matmul_lines(),
        (_, "conv" | "conv_transpose" | "max_pool" | "average_pool" | "affine_transform") => windows::lines(entry.name),
        (_, "batch_matmul") => batch_matmul_lines(),
        (_, "attention") => attention_lines(),
        (_, "softmax" | "log_softmax") => {
            let mut lines = each(&plain, &|n| vec![vec![3, n]]);
            lines.extend([one(&[&[7]]), one(&[&[B, 10]]), one(&[&[2, 2, 3]]), one(&[&[0, 3]])]);
            lines
        }
        (_, "sparse_cross_entropy") => {
            let mut lines: Vec<Line> = Vec::new();
            for options in flags("from_logits") {
                lines.extend(NASTY[1..].iter().map(|&n| with(&options, &[&[3, n], &[3]])));
                lines.extend([
                    with(&options, &[&[B, 10], &[B]]),
                    with(&options, &[&[4], &[]]),
                    with(&options, &[&[2, 3, 4], &[2, 3]]),
                ]);
                lines.push(with(&options, &[&[0, 3], &[0]]));
            }
            lines
        }
        (_, "categorical_cross_entropy" | "binary_cross_entropy") => {
            let mut lines = each(&flags("from_logits"), &|n| vec![vec![3, n]; 2]);
            for options in flags("from_logits") {
                lines.extend([
                    with(&options, &[&[B, 10], &[B, 10]]),
                    with(&options, &[&[4], &[4]]),
                    with(&options, &[&[2, 3, 4], &[2, 3, 4]]),
                ]);
            }
            lines
        }
        (_, "dropout") => {
            let rate = |rate: f64| vec![("rate", Attr::Float(rate)), ("stream", Attr::Int(0xffff_ffff))];
            let mut lines = each(&[rate(0.3), rate(0.0)], &|n| vec![vec![3, n]]);
            lines.extend([with(&rate(0.5), &[&[B, 130]]), with(&rate(0.5), &[&[]]), with(&rate(0.5), &[&[B]])]);
            lines
        }
        (_, "random_uniform") => {
            let draw = |shape: &[usize]| {
                let range = [("low", Attr::Float(-1.0)), ("high", Attr::Float(2.0)), ("stream", Attr::Int(9))];
                (range.into_iter().chain([("dims", dims(shape))]).collect(), vec![])
            };
            vec![draw(&[]), draw(&[0, 3]), draw(&[B, 17]), draw(&[3, 130])]
        }
        (_, "stop_gradient") => vec![one(&[&[17]]), one(&[&[B]])],
        _ => vec![],
    }
}

fn large_lines(entry: &Entry) -> Vec<Line> {
    let (rows, wide) = (vec![300, 257], vec![257]);
    let lines: Vec<Line> = match (entry.signature, entry.name) {
        (Signature::Unary, _) | (_, "softmax" | "log_softmax" | "stop_gradient") => vec![(vec![], vec![rows])],
        (Signature::Binary, _) => vec![(vec![], vec![rows.clone(), rows.clone()]), (vec![], vec![rows, wide])],
        (_, "where") => vec![(vec![], vec![rows.clone(), rows, wide])],
        (_, "elu") => vec![(vec![("alpha", Attr::Float(0.7))], vec![rows])],
        (_, "sum" | "max") => [&[0][..], &[1], &[0, 1]]
            .map(|axes| (vec![("axes", ints(axes)), ("keep", Attr::Int(0))], vec![rows.clone()]))
            .to_vec(),
        (_, "sparse_cross_entropy") => {
            flags("from_logits").map(|options| (options, vec![rows.clone(), vec![300]])).to_vec()
        }
        (_, "categorical_cross_entropy" | "binary_cross_entropy") => {
            flags("from_logits").map(|options| (options, vec![rows.clone(), rows.clone()])).to_vec()
        }
        (_, "matmul") => vec![(vec![("ta", Attr::Int(0)), ("tb", Attr::Int(0))], vec![rows, vec![257, 130]])],
        (_, "conv" | "conv_transpose" | "max_pool" | "average_pool" | "affine_transform") => {
            windows::large_lines(entry.name)
        }
        (_, "batch_matmul") => {
            let flags = || vec![("ta", Attr::Int(0)), ("tb", Attr::Int(1))];
            vec![
                (flags(), vec![vec![50, 33, 17], vec![50, 31, 17]]),
                (flags(), vec![vec![2, 170, 300], vec![2, 90, 300]]),
            ]
        }
        (_, "dropout") => vec![(vec![("rate", Attr::Float(0.4)), ("stream", Attr::Int(3))], vec![rows])],
        // More than one block of queries and of keys.
        (_, "attention") => [(0, 0.0), (1, 0.2)]
            .map(|(causal, rate)| {
                (attention(2, causal, rate), vec![vec![3, 150, 34], vec![3, 290, 34], vec![3, 290, 6]])
            })
            .to_vec(),
        _ => vec![],
    };
    lines
}
