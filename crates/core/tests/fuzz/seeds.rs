//! What the fuzz starts from: plans that TypeScript made (a model with dropout and Adam, `minimize`, scans), and one plan
//! with the other ops, their gradients and gradients of gradients.

use crate::plans::*;

/// A plan that runs, and how.
#[derive(Clone)]
pub struct Seed {
    pub max_batch: usize,
    pub plan: Vec<u8>,
    pub call: Vec<u8>,
    pub hyper: Vec<u8>,
    /// Id and length of each buffer of the call.
    pub buffers: Vec<(u32, usize)>,
}

/// Largest batch, plan, call, hyper-parameters, buffers as `id:bytes`: a line each, `-` for nothing.
const RECORDED: &str = include_str!("../plans/recorded.txt");

pub fn all() -> Vec<Seed> {
    let mut seeds: Vec<Seed> = RECORDED.lines().map(recorded).collect();
    seeds.extend([ops(), losses(), parts(), windows(), images(), rows([0, 0]), rows([2, 1])]);
    seeds
}

fn recorded(line: &str) -> Seed {
    let [max_batch, plan, call, hyper, buffers] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("five words") };
    let hex = |text: &str| {
        let digits = text.as_bytes().chunks(2).filter(|pair| pair.len() == 2);
        digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect::<Vec<u8>>()
    };
    let buffers = buffers.split(',').filter_map(|entry| entry.split_once(':'));
    Seed {
        max_batch: max_batch.parse().unwrap(),
        plan: hex(plan),
        call: hex(call),
        hyper: hex(hyper),
        buffers: buffers.map(|(id, bytes)| (id.parse().unwrap(), bytes.parse().unwrap())).collect(),
    }
}

/// A seed over data (with their dtypes and elements per row) and variables (bytes); `writes`: values with elements.
pub fn seed(
    graph: &GraphBytes,
    reports: &[u64],
    writes: &[(u64, usize)],
    data: &[(u8, usize)],
    sizes: &[usize],
) -> Seed {
    let (batch, rows) = (3, 7);
    let mut buffers = Vec::new();
    let mut add = |bytes: usize| {
        buffers.push((buffers.len() as u32 + 1, bytes));
        buffers.len() as u32
    };
    let variables: Vec<u32> = sizes.iter().map(|&bytes| add(bytes)).collect();
    let data: Vec<(u32, u8)> =
        data.iter().map(|&(dtype, row)| (add(rows * row * if dtype < 2 { 4 } else { 1 }), dtype)).collect();
    let outputs: Vec<u32> = writes.iter().map(|(_, size)| add(size * 4)).collect();
    let call = CallBytes { variables: &variables, data: &data, outputs: &outputs, batch, rows }.bytes();
    let ids: Vec<u64> = writes.iter().map(|(id, _)| *id).collect();
    Seed { max_batch: batch, plan: graph.plan(reports, &ids, &[]), call, hyper: Vec::new(), buffers }
}

fn axes(list: &[i64]) -> [(&'static str, Attr); 2] {
    [("axes", Attr::Ints(list.to_vec())), ("keep", Attr::Int(0))]
}

/// Elementwise ops, products, reductions, dtypes; differentiated twice.
fn ops() -> Seed {
    let mut g = GraphBytes::default();
    let (x, w, v) = (g.source(1, 0, 0, &[B, 6]), g.source(0, 0, 0, &[6, 5]), g.source(0, 1, 0, &[5]));
    let bytes = g.source(1, 1, 2, &[B, 5]);
    let h = g.op("matmul", &[x, w], &[("ta", Attr::Int(0)), ("tb", Attr::Int(0))]);
    let h = g.op("add", &[h, v], &[]);
    let mut y = g.op("tanh", &[h], &[]);
    for name in ["sigmoid", "relu", "softplus", "square", "exp", "neg"] {
        y = g.op(name, &[y], &[]);
    }
    let cast = g.op("cast", &[bytes], &[("dtype", Attr::Str("float32"))]);
    let larger = g.op("greater", &[y, cast], &[]);
    let mask = g.op("cast", &[larger], &[("dtype", Attr::Str("float32"))]);
    let y = g.op("mul", &[y, mask], &[]);
    let y = g.op("clip", &[y], &[("low", Attr::Float(-9.0)), ("high", Attr::Float(9.0))]);
    let y = g.op("dropout", &[y], &[("rate", Attr::Float(0.25)), ("stream", Attr::Int(7))]);
    let most = g.op("max", &[y], &axes(&[1]));
    let sum = g.op("sum", &[y], &axes(&[0, 1]));
    let wide = g.op("broadcast_to", &[sum], &[("dims", Attr::Dims(vec![B]))]);
    let part = g.op("div", &[most, wide], &[]);
    let loss = g.op("sum", &[part], &axes(&[0]));
    let first = g.gradients(loss, &[w, v]);
    let square = g.op("square", &[first[0]], &[]);
    let sum = g.op("sum", &[square], &axes(&[0, 1]));
    let second = g.gradients(sum, &[w]);
    let best = g.op("argmax", &[h], &[]);
    seed(&g, &[loss, sum], &[(first[1], 5), (second[0], 30), (best, 7)], &[(0, 6), (2, 5)], &[120, 20])
}

/// Probabilities and cross-entropies, from logits and not.
fn losses() -> Seed {
    let mut g = GraphBytes::default();
    let (x, labels, w) = (g.source(1, 0, 0, &[B, 4]), g.source(1, 1, 1, &[B]), g.source(0, 0, 0, &[4]));
    let z = g.op("mul", &[x, w], &[]);
    let (p, log) = (g.op("softmax", &[z], &[]), g.op("log_softmax", &[z], &[]));
    let mut total = g.op("pick", &[log, labels], &[]);
    for (input, from_logits) in [(p, 0), (z, 1)] {
        let options = || [("from_logits", Attr::Int(from_logits))];
        let sparse = g.op("sparse_cross_entropy", &[input, labels], &options());
        let dense = g.op("categorical_cross_entropy", &[input, p], &options());
        let each = g.op("binary_cross_entropy", &[input, p], &options());
        let each = g.op("sum", &[each], &axes(&[1]));
        for part in [sparse, dense, each] {
            total = g.op("add", &[total, part], &[]);
        }
    }
    let size = g.op("size", &[], &[("dims", Attr::Dims(vec![B]))]);
    let sum = g.op("sum", &[total], &axes(&[0]));
    let loss = g.op("div", &[sum, size], &[]);
    let gradient = g.gradients(loss, &[w]);
    seed(&g, &[loss], &[(gradient[0], 4), (p, 28)], &[(0, 4), (2, 1)], &[16])
}

/// Ops that move data.
fn parts() -> Seed {
    let mut g = GraphBytes::default();
    let (w, index) = (g.source(0, 0, 0, &[4, 3, 2]), g.source(0, 1, 1, &[5]));
    let t = g.op("transpose", &[w], &[("perm", Attr::Ints(vec![2, 0, 1]))]);
    let flat = g.op("reshape", &[t], &[("dims", Attr::Dims(vec![4, 6]))]);
    let rows = g.op("gather", &[flat, index], &[]);
    let slice = [("axis", Attr::Int(0)), ("start", Attr::Int(1)), ("length", Attr::Int(3))];
    let middle = g.op("slice", &[rows], &slice);
    let both = g.op("concat", &[middle, flat], &[("axis", Attr::Int(0))]);
    let fill = g.op("fill", &[], &[("dims", Attr::Dims(vec![7, 1])), ("value", Attr::Float(0.5))]);
    let range = [("low", Attr::Float(-1.0)), ("high", Attr::Float(2.0)), ("stream", Attr::Int(9))];
    let noise = range.into_iter().chain([("dims", Attr::Dims(vec![7, 6]))]).collect::<Vec<_>>();
    let noise = g.op("random_uniform", &[], &noise);
    let y = g.op("mul", &[both, fill], &[]);
    let y = g.op("sub", &[y, noise], &[]);
    let y = g.op("sqrt", &[y], &[]);
    let y = g.op("log", &[y], &[]);
    let y = g.op("stop_gradient", &[y], &[]);
    let y = g.op("mul", &[y, both], &[]);
    let equal = g.op("equal", &[y, both], &[]);
    let count = g.op("cast", &[equal], &[("dtype", Attr::Str("int32"))]);
    let loss = g.op("sum", &[y], &axes(&[0, 1]));
    let gradient = g.gradients(loss, &[w]);
    seed(&g, &[loss], &[(gradient[0], 24), (count, 42)], &[], &[96, 20])
}

/// Convolutions, their transposes and pooling; differentiated twice.
fn windows() -> Seed {
    let mut g = GraphBytes::default();
    let (x, w) = (g.source(1, 0, 0, &[B, 6, 5, 2]), g.source(0, 0, 0, &[3, 2, 2, 4]));
    let window = |stride: i64, more: (&'static str, Attr)| {
        let each = [("strides", stride), ("dilation", 1), ("low", 1), ("high", 0)];
        each.into_iter().map(|(name, x)| (name, Attr::Ints(vec![x; 2]))).chain([more]).collect::<Vec<_>>()
    };
    let groups = || ("groups", Attr::Int(1));
    let y = g.op("conv", &[x, w], &window(1, groups()));
    let mut size = window(1, ("size", Attr::Ints(vec![6, 5])));
    size.push(groups());
    let back = g.op("conv_transpose", &[y, w], &size);
    let pool = |name: &str, g: &mut GraphBytes, x| g.op(name, &[x], &window(2, ("size", Attr::Ints(vec![2, 2]))));
    let (most, mean) = (pool("max_pool", &mut g, back), pool("average_pool", &mut g, back));
    let product = g.op("mul", &[most, mean], &[]);
    let loss = g.op("sum", &[product], &axes(&[0, 1, 2, 3]));
    let first = g.gradients(loss, &[w]);
    let square = g.op("square", &[first[0]], &[]);
    let sum = g.op("sum", &[square], &axes(&[0, 1, 2, 3]));
    let second = g.gradients(sum, &[w]);
    seed(&g, &[loss, sum], &[(first[0], 48), (second[0], 48)], &[(0, 60)], &[192])
}

/// Images through maps, and a gradient by a rule of its own; differentiated twice.
fn images() -> Seed {
    let mut g = GraphBytes::default();
    let (x, maps, w) = (g.source(1, 0, 0, &[B, 4, 3, 2]), g.source(1, 1, 0, &[B, 6]), g.source(0, 0, 0, &[2]));
    let scaled = g.op("mul", &[x, w], &[]);
    let mut y = scaled;
    for (edge, bilinear) in [("reflect", 1), ("wrap", 0), ("constant", 1), ("nearest", 1)] {
        let sizes = [("height", 4), ("width", 3), ("bilinear", bilinear)];
        let mut attrs: Vec<_> = sizes.into_iter().map(|(name, x)| (name, Attr::Int(x))).collect();
        attrs.extend([("edge", Attr::Str(edge)), ("fill", Attr::Float(0.5))]);
        y = g.op("affine_transform", &[y, maps], &attrs);
    }
    let mut rule = GraphBytes::default();
    let shape = [B, 4, 3, 2];
    let (dy, own) = (rule.source(3, 0, 0, &shape), rule.source(3, 1, 0, &shape));
    let product = rule.op("mul", &[dy, own], &[]);
    rule.results(&[product]);
    let attrs = [("body", Attr::Graph(rule)), ("count", Attr::Int(1)), ("of", Attr::Ints(vec![0]))];
    let z = g.op("custom_gradient", &[y, scaled], &attrs);
    let square = g.op("square", &[z], &[]);
    let loss = g.op("sum", &[square], &axes(&[0, 1, 2, 3]));
    let first = g.gradients(loss, &[w]);
    let sum = g.op("sum", &[first[0]], &axes(&[0]));
    let second = g.gradients(sum, &[w]);
    seed(&g, &[loss, sum], &[(first[0], 2), (second[0], 2)], &[(0, 24), (0, 6)], &[8])
}

/// A table whose rows Adam changes, with how it keeps them.
fn rows(keeping: [u8; 2]) -> Seed {
    let mut g = GraphBytes::default();
    let (table, index) = (g.source(0, 0, 0, &[20, 3]), g.source(1, 0, 1, &[B]));
    let rows = g.op("gather", &[table, index], &[]);
    let square = g.op("square", &[rows], &[]);
    let loss = g.op("sum", &[square], &axes(&[0, 1]));
    let gradient = g.gradients(loss, &[table]);
    let state = if keeping[0] == 2 { 60 + 2 } else { 240 };
    let plan = g.plan_keeping(&[loss], &[], &[(0, gradient[0], [1, 2])], keeping);
    Seed { plan, hyper: adam_hyper(0.01), ..seed(&g, &[loss], &[], &[(1, 1)], &[240, state, state]) }
}
