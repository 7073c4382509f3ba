//! Cases of the ops that move a window: one to three axes, strides, dilation, uneven padding, groups, single channels and
//! many, kernels of one tap and of more than 256 products.

use super::run::B;
use super::table::{Line, Options, ints};
use descend_core::graph::Attr;

/// A window: strides, dilation, padding before and after.
type Slide<'a> = [&'a [i64]; 4];

fn slide([strides, dilation, low, high]: Slide<'_>) -> Options {
    vec![("strides", ints(strides)), ("dilation", ints(dilation)), ("low", ints(low)), ("high", ints(high))]
}

const ONE: Slide<'static> = [&[1], &[1], &[0], &[0]];
const TWO: Slide<'static> = [&[1, 1], &[1, 1], &[0, 0], &[0, 0]];

/// Input, kernel, groups, window.
type Convolution<'a> = (&'a [usize], &'a [usize], usize, Slide<'a>);

fn convolutions() -> Vec<Convolution<'static>> {
    vec![
        (&[B, 7, 3], &[3, 3, 4], 1, ONE),
        (&[2, 9, 1], &[4, 1, 17], 1, [&[2], &[1], &[1], &[2]]),
        (&[2, 17, 2], &[3, 2, 5], 1, [&[1], &[3], &[6], &[0]]),
        (&[1, 33, 16], &[17, 16, 3], 1, [&[3], &[1], &[8], &[9]]),
        (&[B, 5, 6, 3], &[3, 2, 3, 4], 1, TWO),
        (&[B, 6, 5, 8], &[3, 3, 8, 16], 1, [&[1, 1], &[1, 1], &[1, 1], &[1, 1]]),
        (&[2, 7, 8, 9], &[2, 3, 9, 7], 1, [&[2, 3], &[1, 1], &[0, 2], &[1, 1]]),
        (&[2, 9, 7, 10], &[3, 2, 10, 3], 1, [&[1, 2], &[2, 3], &[2, 1], &[2, 3]]),
        (&[2, 5, 5, 4], &[3, 3, 2, 6], 2, [&[1, 1], &[1, 1], &[1, 1], &[1, 1]]),
        (&[1, 4, 6, 27], &[2, 2, 9, 6], 3, [&[2, 2], &[1, 1], &[0, 1], &[0, 0]]),
        (&[B, 6, 5, 17], &[3, 2, 1, 17], 17, [&[2, 1], &[1, 2], &[1, 0], &[0, 2]]),
        (&[2, 3, 4, 3], &[2, 2, 1, 6], 3, TWO),
        (&[2, 4, 3, 15], &[1, 1, 15, 31], 1, TWO),
        (&[2, 5, 1, 2], &[5, 1, 2, 3], 1, [&[4, 1], &[1, 1], &[5, 0], &[7, 0]]),
        (&[1, 3, 4, 5, 2], &[2, 3, 2, 2, 3], 1, [&[1, 2, 1], &[1, 1, 2], &[0, 1, 1], &[1, 0, 1]]),
        (&[1, 3, 3, 4, 9], &[3, 2, 2, 3, 6], 3, [&[2, 1, 2], &[1, 1, 1], &[1, 0, 1], &[1, 0, 0]]),
        (&[0, 5, 5, 2], &[3, 3, 2, 4], 1, TWO),
        (&[2, 4, 4, 0], &[2, 2, 0, 3], 1, TWO),
        (&[2, 4, 4, 3], &[2, 2, 3, 0], 1, TWO),
    ]
}

fn convolution(name: &str, (x, w, groups, window): Convolution<'_>) -> Line {
    let mut options = slide(window);
    options.push(("groups", Attr::Int(groups as i64)));
    if name == "conv" {
        return (options, vec![x.to_vec(), w.to_vec()]);
    }
    let inner = &x[1..x.len() - 1];
    options.push(("size", ints(&inner.iter().map(|&size| size as i64).collect::<Vec<_>>())));
    let mut y = vec![x[0]];
    y.extend(positions(inner, w, window));
    y.push(w[w.len() - 1]);
    (options, vec![y, w.to_vec()])
}

/// Sizes of the output.
fn positions(x: &[usize], w: &[usize], [strides, dilation, low, high]: Slide<'_>) -> Vec<usize> {
    let along = |axis: usize| {
        let padded = x[axis] as i64 + low[axis] + high[axis] - (w[axis] as i64 - 1) * dilation[axis] - 1;
        (padded / strides[axis] + 1) as usize
    };
    (0..x.len()).map(along).collect()
}

pub fn lines(name: &str) -> Vec<Line> {
    match name {
        "conv" | "conv_transpose" => convolutions().into_iter().map(|line| convolution(name, line)).collect(),
        "affine_transform" => transforms(),
        _ => pools().into_iter().map(|line| pool(line)).collect(),
    }
}

/// Large enough for several threads, turns and blocks of 256 rows.
pub fn large_lines(name: &str) -> Vec<Line> {
    match name {
        "conv" | "conv_transpose" => {
            let lines: [Convolution<'_>; 4] = [
                (&[3, 30, 31, 9], &[3, 3, 9, 33], 1, [&[1, 1], &[1, 1], &[1, 1], &[1, 1]]),
                (&[3, 40, 33, 1], &[5, 5, 1, 33], 1, [&[2, 1], &[1, 1], &[0, 0], &[0, 0]]),
                (&[3, 40, 33, 34], &[3, 3, 1, 34], 34, [&[1, 1], &[1, 1], &[1, 1], &[1, 1]]),
                (&[1, 2000, 20], &[3, 10, 34], 2, [&[1], &[2], &[4], &[0]]),
            ];
            lines.into_iter().map(|line| convolution(name, line)).collect()
        }
        "affine_transform" => {
            let shapes = [vec![5, 60, 61, 3], vec![5, 6]];
            vec![
                (transform("reflect", 1, [63, 57]), shapes.to_vec()),
                (transform("constant", 0, [63, 57]), shapes.to_vec()),
            ]
        }
        _ => vec![
            pool((&[3, 60, 61, 17], &[3, 2], [&[2, 2], &[1, 1], &[1, 0], &[0, 1]])),
            pool((&[5, 60, 61, 16], &[3, 2], [&[3, 2], &[1, 1], &[0, 0], &[0, 0]])),
        ],
    }
}

/// Input, window, its movement.
type Pool<'a> = (&'a [usize], &'a [i64], Slide<'a>);

fn pools() -> Vec<Pool<'static>> {
    vec![
        (&[B, 6, 5, 3], &[2, 2], [&[2, 2], &[1, 1], &[0, 0], &[0, 0]]),
        (&[2, 7, 8, 17], &[3, 2], [&[2, 1], &[1, 1], &[1, 0], &[1, 1]]),
        (&[B, 9, 1], &[3], [&[2], &[1], &[1], &[1]]),
        (&[2, 5, 33], &[5], [&[1], &[1], &[0], &[0]]),
        (&[1, 4, 3, 5, 2], &[2, 3, 2], [&[1, 1, 2], &[1, 1, 1], &[0, 1, 0], &[1, 1, 1]]),
        (&[2, 6, 6, 15], &[2, 2], [&[3, 3], &[1, 1], &[0, 0], &[0, 0]]),
        (&[B, 6, 7, 16], &[2, 2], [&[2, 2], &[1, 1], &[0, 0], &[0, 0]]),
        (&[2, 4, 6, 32], &[2, 2], [&[2, 2], &[1, 1], &[0, 0], &[0, 0]]),
        (&[1, 5, 4, 5, 16], &[2, 3, 1], [&[3, 3, 2], &[1, 1, 1], &[0, 0, 0], &[0, 0, 0]]),
        (&[0, 4, 4, 2], &[2, 2], [&[2, 2], &[1, 1], &[0, 0], &[0, 0]]),
        (&[2, 4, 4, 0], &[2, 2], [&[2, 2], &[1, 1], &[0, 0], &[0, 0]]),
    ]
}

fn pool((x, size, window): Pool<'_>) -> Line {
    let mut options = slide(window);
    options.push(("size", ints(size)));
    (options, vec![x.to_vec()])
}

fn transform(edge: &str, bilinear: i64, [height, width]: [i64; 2]) -> Options {
    let sizes = [("height", height), ("width", width), ("bilinear", bilinear)];
    let mut options: Options = sizes.map(|(name, x)| (name, Attr::Int(x))).to_vec();
    options.extend([("edge", Attr::Str(edge.to_string())), ("fill", Attr::Float(0.75))]);
    options
}

/// Every edge and interpolation over images that maps leave far behind; one map for all, no image, no channel, no output.
fn transforms() -> Vec<Line> {
    let edges = ["constant", "nearest", "reflect", "wrap"];
    let each = edges.iter().flat_map(|edge| [0, 1].map(|bilinear| transform(edge, bilinear, [4, 7])));
    let mut lines: Vec<Line> = each.map(|options| (options, vec![vec![B, 5, 6, 3], vec![B, 6]])).collect();
    let shapes: [[&[usize]; 2]; 6] = [
        [&[2, 1, 1, 1], &[1, 6]],
        [&[3, 17, 15, 1], &[3, 6]],
        [&[2, 1, 33, 2], &[1, 6]],
        [&[B, 3, 2, 17], &[1, 6]],
        [&[0, 3, 3, 1], &[0, 6]],
        [&[2, 3, 3, 0], &[2, 6]],
    ];
    lines.extend(shapes.map(|[x, maps]| (transform("reflect", 1, [15, 1]), vec![x.to_vec(), maps.to_vec()])));
    lines.push((transform("wrap", 1, [0, 3]), vec![vec![2, 3, 3, 1], vec![2, 6]]));
    lines
}
