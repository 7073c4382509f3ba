//! Writes plan and call bytes as TypeScript does, so that tests go through the same door.
#![allow(dead_code)]

use descend_core::engine::Engine;
use descend_core::plan::VERSION;

/// Bytes under construction.
#[derive(Clone, Default)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    pub fn uint(&mut self, mut x: u64) -> &mut Self {
        while x > 0x7f {
            self.0.push(x as u8 | 0x80);
            x >>= 7;
        }
        self.0.push(x as u8);
        self
    }

    pub fn u8(&mut self, x: u8) -> &mut Self {
        self.0.push(x);
        self
    }

    pub fn f64(&mut self, x: f64) -> &mut Self {
        self.0.extend(x.to_le_bytes());
        self
    }

    pub fn str(&mut self, text: &str) -> &mut Self {
        self.uint(text.len() as u64);
        self.0.extend(text.as_bytes());
        self
    }
}

/// A dimension: a fixed size, or the batch.
pub const B: usize = usize::MAX;

pub fn dims(out: &mut Bytes, dims: &[usize]) {
    out.uint(dims.len() as u64);
    for &dim in dims {
        if dim == B {
            out.uint(1).u8(1)
        } else {
            out.uint(dim as u64).u8(0)
        };
    }
}

/// An attribute's payload.
pub enum Attr {
    Int(i64),
    Float(f64),
    Ints(Vec<i64>),
    Dims(Vec<usize>),
    Str(&'static str),
    Graph(GraphBytes),
}

/// A graph under construction: nodes and the next value's id.
#[derive(Clone, Default)]
pub struct GraphBytes {
    nodes: Vec<Bytes>,
    next: u64,
    results: Vec<u64>,
}

impl GraphBytes {
    fn values(&mut self, node: Bytes, outputs: u64) -> u64 {
        self.nodes.push(node);
        self.next += outputs;
        self.next - outputs
    }

    /// kind 0 variable, 1 data, 2 scalar, 3 parameter; dtype 0 f32, 1 i32, 2 u8.
    pub fn source(&mut self, kind: u8, index: u64, dtype: u8, shape: &[usize]) -> u64 {
        let mut node = Bytes::default();
        node.u8(kind).uint(index).u8(dtype);
        dims(&mut node, shape);
        self.values(node, 1)
    }

    pub fn op_n(&mut self, name: &str, inputs: &[u64], attrs: &[(&str, Attr)], outputs: u64) -> u64 {
        let mut node = Bytes::default();
        node.u8(4).str(name).uint(inputs.len() as u64);
        inputs.iter().for_each(|&id| {
            node.uint(id);
        });
        node.uint(attrs.len() as u64);
        for (name, attr) in attrs {
            node.str(name);
            let zigzag = |x: i64| ((x << 1) ^ (x >> 63)) as u64;
            match attr {
                Attr::Int(x) => {
                    node.u8(0).uint(zigzag(*x));
                }
                Attr::Float(x) => {
                    node.u8(1).f64(*x);
                }
                Attr::Ints(list) => {
                    node.u8(2).uint(list.len() as u64);
                    list.iter().for_each(|&x| {
                        node.uint(zigzag(x));
                    });
                }
                Attr::Dims(shape) => {
                    node.u8(3);
                    dims(&mut node, shape);
                }
                Attr::Str(text) => {
                    node.u8(4).str(text);
                }
                Attr::Graph(graph) => {
                    node.u8(5);
                    graph.write(&mut node);
                }
            }
        }
        self.values(node, outputs)
    }

    pub fn op(&mut self, name: &str, inputs: &[u64], attrs: &[(&str, Attr)]) -> u64 {
        self.op_n(name, inputs, attrs, 1)
    }

    pub fn gradients(&mut self, y: u64, xs: &[u64]) -> Vec<u64> {
        let mut node = Bytes::default();
        node.u8(5).uint(1).uint(y).uint(0).uint(xs.len() as u64);
        xs.iter().for_each(|&x| {
            node.uint(x);
        });
        let first = self.values(node, xs.len() as u64);
        (first..first + xs.len() as u64).collect()
    }

    /// Number of values.
    pub fn len(&self) -> u64 {
        self.next
    }

    pub fn results(&mut self, results: &[u64]) {
        self.results = results.to_vec();
    }

    pub fn write(&self, out: &mut Bytes) {
        out.uint(self.nodes.len() as u64);
        self.nodes.iter().for_each(|node| out.0.extend(&node.0));
        out.uint(self.results.len() as u64);
        self.results.iter().for_each(|&id| {
            out.uint(id);
        });
    }

    /// The whole plan: reports, writes (slots in order) and, if given, Adam over (slot, gradient, [m, v] slots).
    pub fn plan(&self, reports: &[u64], writes: &[u64], update: &[(u64, u64, [u64; 2])]) -> Vec<u8> {
        self.plan_keeping(reports, writes, update, [0, 0])
    }

    /// The same with the dtype of state and whether rows without a gradient stay.
    pub fn plan_keeping(
        &self,
        reports: &[u64],
        writes: &[u64],
        update: &[(u64, u64, [u64; 2])],
        [dtype, lazy]: [u8; 2],
    ) -> Vec<u8> {
        let mut out = Bytes([b"descend\0", &[VERSION][..]].concat());
        self.write(&mut out);
        out.uint(reports.len() as u64);
        reports.iter().for_each(|&id| {
            out.uint(id);
        });
        out.uint(writes.len() as u64);
        for (slot, &id) in writes.iter().enumerate() {
            out.uint(id).uint(slot as u64);
        }
        out.uint(0).uint(u64::from(!update.is_empty()));
        if !update.is_empty() {
            out.str("Adam").uint(2).u8(0).u8(0).uint(0).u8(dtype).u8(lazy).uint(update.len() as u64);
            for &(slot, gradient, [m, v]) in update {
                out.str(&format!("w{slot}")).uint(slot).uint(gradient).u8(0).uint(2).uint(m).uint(v);
            }
            // Policy, decay, maximize; one step an update, no loss scale, alone; no norm of updates.
            out.u8(0).u8(0).u8(0).uint(1).u8(0).u8(0).u8(0).u8(0);
        }
        out.0
    }
}

/// A call's bytes.
pub struct CallBytes<'a> {
    pub variables: &'a [u32],
    pub data: &'a [(u32, u8)],
    pub outputs: &'a [u32],
    pub batch: usize,
    pub rows: usize,
}

impl CallBytes<'_> {
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Bytes::default();
        out.uint(self.variables.len() as u64);
        self.variables.iter().for_each(|&id| {
            out.uint(id.into());
        });
        out.uint(self.data.len() as u64);
        self.data.iter().for_each(|&(id, dtype)| {
            out.uint(id.into()).u8(dtype);
        });
        out.uint(self.outputs.len() as u64);
        self.outputs.iter().for_each(|&id| {
            out.uint(id.into());
        });
        out.uint(0).uint(self.batch as u64).uint(0).uint(self.rows as u64);
        out.u8(0).uint(7).uint(0).uint(0).f64(f64::NAN).f64(f64::NAN).f64(f64::NAN).uint(1);
        out.0
    }
}

/// Adam's numbers, constant: no decay, no clipping.
pub fn adam_hyper(learning_rate: f64) -> Vec<u8> {
    let mut out = Bytes::default();
    for x in [learning_rate, f64::NAN, f64::NAN, f64::NAN, f64::NAN, 0.9, 0.999, 1e-7] {
        out.u8(0).f64(x);
    }
    out.0
}

/// A buffer with these floats.
pub fn floats(engine: &mut Engine, values: &[f32]) -> u32 {
    let id = engine.alloc(values.len() * 4).unwrap();
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    engine.write(id, 0, &bytes).unwrap();
    id
}

/// The floats of a buffer.
pub fn read(engine: &Engine, id: u32) -> Vec<f32> {
    let mut bytes = vec![0; engine.buffer(id).unwrap().len()];
    engine.read(id, 0, &mut bytes).unwrap();
    bytes.chunks(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

/// Evenly spread, irregular values in ±1.
pub fn wave(n: usize, phase: f32) -> Vec<f32> {
    (0..n).map(|i| ((i as f32 + phase) * 12.9898).sin()).collect()
}

/// Runs `steps` steps and returns the outcome's status, reports and text.
pub fn advance(engine: &Engine, run: u32, steps: usize, hyper: &[u8]) -> (u8, Vec<f64>, String) {
    let bytes = engine.run(run).unwrap().advance(steps, f64::INFINITY, hyper).unwrap();
    let n = f64::from_le_bytes(bytes[8..16].try_into().unwrap()) as usize;
    let reports = bytes[16..16 + n * 8].chunks(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
    (bytes[0], reports, String::from_utf8(bytes[16 + n * 8..].to_vec()).unwrap())
}
