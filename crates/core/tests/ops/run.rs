//! Runs a graph whose sources are data: compiled, in f32, and by the f64 oracle.

use descend_core::error::Result;
use descend_core::graph::types::{DType, Dim, Shape, Type};
use descend_core::graph::{Attr, Attrs, Graph, Source, Value};
use descend_core::kernel::memory::Buffer;
use descend_core::kernel::turn::Turn;
use descend_core::op::find;
use descend_core::op::oracle::Array;
use descend_core::plan::{Place, Program, Step, evaluate};

/// A dimension that is the batch.
pub const B: usize = usize::MAX;
pub const MAX_BATCH: usize = 3;
const STEP: Step = Step { seed: 7, iteration: 3, first_row: 5, scan_step: 1 };

pub fn shape(dims: &[usize]) -> Shape {
    let dim = |&dim: &usize| if dim == B { Dim { coef: 1, power: 1 } } else { Dim::fixed(dim) };
    Shape::new(dims.iter().map(dim).collect::<Vec<_>>()).unwrap()
}

/// Data source number `i` of a graph.
pub fn data(graph: &mut Graph, i: usize, dtype: DType, dims: &[usize]) -> Value {
    graph.source(Source::Data(i), Type { dtype, shape: shape(dims) })
}

/// Adds an op by its name.
pub fn op(graph: &mut Graph, name: &str, attrs: &[(&str, Attr)], inputs: &[Value]) -> Result<Value> {
    let attrs = Attrs::new(attrs.iter().map(|(name, attr)| (name.to_string(), attr.clone())).collect());
    Ok(graph.push_arc(find(name)?(&attrs)?, inputs)?[0])
}

/// The bytes of `roots`, and the names of the instructions that were run.
pub fn run(
    graph: &Graph,
    roots: &[Value],
    batch: usize,
    threads: usize,
    data: &[Array],
) -> Result<(Vec<Vec<u8>>, Vec<&'static str>)> {
    run_in_turns(graph, roots, batch, threads, data, 0)
}

/// As `run`, with every instruction in turns of which each does one of `parts` parts; 0: at once.
pub fn run_in_turns(
    graph: &Graph,
    roots: &[Value],
    batch: usize,
    threads: usize,
    data: &[Array],
    parts: usize,
) -> Result<(Vec<Vec<u8>>, Vec<&'static str>)> {
    let program = Program::compile(graph, roots, MAX_BATCH, threads)?;
    let arena = Buffer::zeroed(program.arena_len)?;
    // Whatever is read before it is written shows: NaN, or −1.
    arena.write(0, &vec![0xff; program.arena_len])?;
    for (source, ty, place) in &program.sources {
        let (Source::Data(i), Place::Arena(offset)) = (source, place) else { panic!("sources are data") };
        arena.write(*offset, &bytes(&data[*i], ty.dtype))?;
    }
    let bound = program.bind(&arena, 0, &[], batch)?;
    if parts == 0 {
        program.run_from(0, &bound, batch, &STEP)?;
    }
    for pc in (0..program.len()).filter(|_| parts > 0) {
        let mut turn = Turn::first(parts);
        loop {
            let (done, more) = turn.take(|| program.run(pc, &bound, batch, &STEP));
            done?;
            if !more {
                break;
            }
        }
    }
    let read = |(ty, place): &(Type, Place)| {
        let Place::Arena(offset) = place else { panic!("roots are in the arena") };
        let mut out = vec![0; ty.bytes(batch)?];
        arena.read(*offset, &mut out)?;
        Ok(out)
    };
    Ok((program.roots.iter().map(read).collect::<Result<_>>()?, program.op_names()))
}

/// Every value of the graph in f64.
pub fn oracle(graph: &Graph, batch: usize, data: &[Array]) -> Result<Vec<Array>> {
    let mut sources = |source: Source, _: &[usize]| match source {
        Source::Data(i) => Ok(data[i].clone()),
        _ => panic!("sources are data"),
    };
    evaluate(graph, batch, &STEP, &mut sources)
}

fn bytes(array: &Array, dtype: DType) -> Vec<u8> {
    let data = array.data.iter();
    match dtype {
        DType::F32 => data.flat_map(|&x| (x as f32).to_le_bytes()).collect(),
        DType::I32 => data.flat_map(|&x| (x as i32).to_le_bytes()).collect(),
        DType::U8 | DType::Bool => data.map(|&x| x as u8).collect(),
    }
}

pub fn numbers(bytes: &[u8], dtype: DType) -> Vec<f64> {
    let words = bytes.as_chunks::<4>().0.iter();
    match dtype {
        DType::F32 => words.map(|&word| f64::from(f32::from_le_bytes(word))).collect(),
        DType::I32 => words.map(|&word| f64::from(i32::from_le_bytes(word))).collect(),
        DType::U8 | DType::Bool => bytes.iter().map(|&x| f64::from(x)).collect(),
    }
}

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn uniform(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }
}
