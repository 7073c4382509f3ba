//! What a binding wraps: the store of buffers, the compiled plans and the runs under way, by number. About ten coarse
//! functions; knows nothing of JavaScript, layers or optimizers.

use crate::error::{Code, Error, Result};
use crate::graph::Source;
use crate::kernel::memory::{Buffer, Quota};
use crate::kernel::{pool, simd};
use crate::op::oracle::Array;
use crate::part;
use crate::plan::{Call, Outcome, Plan, Run, Status, Step};
use crate::reader::Reader;
use crate::table::Table;
use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything one engine owns. Numbers are never used twice.
#[derive(Debug, Default)]
pub struct Engine {
    next: u32,
    buffers: Table<Arc<Buffer>>,
    plans: Table<Arc<Plan>>,
    runs: Table<Arc<Mutex<Run>>>,
    /// Arenas of plans that no run uses at the moment, by the plan's number.
    idle: Table<Arc<Buffer>>,
    plan_of: Table<u32>,
    quota: Arc<Quota>,
    commit: Arc<Mutex<()>>,
}

/// A run that can advance without the engine: on another thread.
#[derive(Clone, Debug)]
pub struct Handle {
    run: Arc<Mutex<Run>>,
    commit: Arc<Mutex<()>>,
}

impl Handle {
    /// See [`Run::advance`]; the outcome as bytes.
    pub fn advance(&self, max_steps: usize, budget: f64, hyper: &[u8]) -> Result<Vec<u8>> {
        let Ok(mut run) = self.run.try_lock() else {
            return Err(Error::new(Code::Busy, "run: expected one call at a time, got a second one"));
        };
        Ok(encode(&run.advance(max_steps, budget, hyper, &self.commit)))
    }
}

impl Engine {
    pub fn new() -> Self {
        Self::default()
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// What runs here and what is alive, as JSON.
    pub fn info(&self) -> String {
        let numbers = [
            ("threads", pool::threads()),
            ("buffers", self.buffers.len()),
            ("bytes", self.quota.used()),
            ("plans", self.plans.len()),
            ("runs", self.runs.len()),
            ("parts", 1 + usize::from(part::whole())),
            ("fused", usize::from(simd::fused())),
        ];
        let numbers = numbers.map(|(name, number)| [",\"", name, "\":", &number.to_string()].concat()).concat();
        [r#"{"simd":""#, simd::level_name(), "\"", &numbers, "}"].concat()
    }

    /// Sets the number of threads (0: all cores) and says how many there are now.
    pub fn set_threads(&self, n: usize) -> Result<usize> {
        pool::set_threads(n).map_err(|message| Error::new(Code::InvalidValue, message))
    }

    /// Asks for products that round once, or twice; says whether they do. See [`simd::set_fused`].
    pub fn set_fused(&self, wanted: bool) -> bool {
        simd::set_fused(wanted)
    }

    /// A zeroed buffer.
    pub fn alloc(&mut self, bytes: usize) -> Result<u32> {
        let buffer = self.memory(bytes)?;
        let id = self.number();
        self.buffers.insert(id, buffer);
        Ok(id)
    }

    /// Refuses from now on to hold more than this in buffers and arenas together.
    pub fn set_limit(&self, bytes: usize) {
        self.quota.set_limit(bytes);
    }

    /// Where there is no room, arenas of plans at rest make some.
    fn memory(&mut self, bytes: usize) -> Result<Arc<Buffer>> {
        let made = Buffer::within(&self.quota, bytes).or_else(|_| {
            self.idle.clear();
            Buffer::within(&self.quota, bytes)
        });
        made.map(Arc::new)
    }

    pub fn buffer(&self, id: u32) -> Result<Arc<Buffer>> {
        find(&self.buffers, id, "buffer")
    }

    pub fn write(&self, id: u32, offset: usize, bytes: &[u8]) -> Result<()> {
        self.buffer(id)?.write(offset, bytes)
    }

    /// Copies out; waits for a step that is committing on another thread.
    pub fn read(&self, id: u32, offset: usize, out: &mut [u8]) -> Result<()> {
        let _held = lock(&self.commit);
        self.buffer(id)?.read(offset, out)
    }

    /// Forgets a buffer (0), a plan (1) or a run (2). A buffer that a run uses stays alive until the run ends; an update
    /// that was begun is finished.
    pub fn release(&mut self, kind: u8, id: u32) {
        match kind {
            0 => drop(self.buffers.remove(&id)),
            1 => {
                self.plans.remove(&id);
                self.idle.remove(&id);
            }
            _ => {
                let plan = self.plan_of.remove(&id);
                let Some(run) = self.runs.remove(&id).and_then(Arc::into_inner) else { return };
                let run = match run.into_inner() {
                    Ok(mut run) => {
                        run.settle(&self.commit);
                        run
                    }
                    // It crashed: what it half wrote is lost already.
                    Err(poisoned) => poisoned.into_inner(),
                };
                if let Some(plan) = plan.filter(|plan| self.plans.get(plan).is_some_and(|plan| !plan.only_assigns())) {
                    self.idle.insert(plan, run.into_arena());
                }
            }
        }
    }

    /// Compiles a plan for batches of up to `max_batch` rows.
    pub fn compile(&mut self, plan: &[u8], max_batch: usize) -> Result<u32> {
        let plan = Plan::compile(plan, max_batch, pool::threads())?;
        let id = self.number();
        self.plans.insert(id, Arc::new(plan));
        Ok(id)
    }

    /// Bytes of the arena in which a plan would work, for batches of up to `max_batch` rows. Takes none of them.
    pub fn measure(&self, plan: &[u8], max_batch: usize) -> Result<usize> {
        let plan = Plan::compile(plan, max_batch, pool::threads())?;
        Ok(plan.arena_len().saturating_add(plan.beside()?))
    }

    /// Binds a plan to a call: a run at its first step.
    pub fn start(&mut self, plan: u32, call: &[u8]) -> Result<u32> {
        let compiled = find(&self.plans, plan, "plan")?;
        let call = Call::decode(call)?;
        let arena = match self.idle.remove(&plan) {
            Some(arena) => arena,
            None => self.memory(compiled.arena_len())?,
        };
        let run = match Run::new(compiled, arena.clone(), call, |id| self.buffer(id)) {
            Ok(run) => run,
            Err(error) => {
                self.idle.insert(plan, arena);
                return Err(error);
            }
        };
        let id = self.number();
        self.runs.insert(id, Arc::new(Mutex::new(run)));
        self.plan_of.insert(id, plan);
        Ok(id)
    }

    /// A run to advance, here or on another thread.
    pub fn run(&self, id: u32) -> Result<Handle> {
        Ok(Handle { run: find(&self.runs, id, "run")?, commit: self.commit.clone() })
    }

    /// See [`Run::step_by_mail`].
    pub fn apply(&self, run: u32, mail: &mut [u8]) -> Result<()> {
        let run = self.runs.get(&run).ok_or_else(|| missing(run, "run"))?;
        let Ok(mut run) = run.try_lock() else {
            return Err(Error::new(Code::Busy, "run: expected one call at a time, got a second one"));
        };
        run.step_by_mail(mail, &self.commit)
    }

    /// Whether a crash hit a step while it was writing variables: its lock was never given back.
    pub fn torn(&self) -> bool {
        self.commit.is_poisoned() || self.commit.try_lock().is_err()
    }

    /// The error for a panic that a binding caught.
    pub fn panicked(&self, payload: &(dyn Any + Send)) -> Error {
        let text = payload.downcast_ref::<&str>().copied().map(str::to_string);
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        if self.commit.is_poisoned() {
            self.commit.clear_poison();
            let message =
                format!("update: expected it to finish, got a crash ({text}); its variables are half written");
            return Error::new(Code::StateLost, message);
        }
        Error::new(Code::EnginePanic, format!("engine: expected an answer, got a crash ({text}); please report it"))
    }

    /// The plan in f64, naively, on arrays that the call brings: the results as bytes.
    pub fn oracle(&self, plan: u32, call: &[u8]) -> Result<Vec<u8>> {
        part::second(|| self.oracle_now(plan, call))
    }

    fn oracle_now(&self, plan: u32, call: &[u8]) -> Result<Vec<u8>> {
        let plan = find(&self.plans, plan, "plan")?;
        let mut reader = Reader::new(call);
        let batch = reader.size()?;
        let step = Step { seed: reader.varuint()?, iteration: reader.varuint()?, first_row: 0, scan_step: 0 };
        let mut arrays = Vec::new();
        for _ in 0..reader.count(1)? {
            let (kind, index) = (reader.u8()?, reader.size()?);
            let data = (0..reader.count(8)?).map(|_| reader.f64()).collect::<Result<Vec<f64>>>()?;
            arrays.push(((kind, index), data));
        }
        reader.end()?;
        let results = plan.oracle(batch, &step, |source, dims| {
            let key = match source {
                Source::Variable(i) => (0, i),
                Source::Data(i) => (1, i),
                Source::Scalar(i) | Source::Parameter(i) => (2, i),
            };
            let found = arrays.iter().find(|(k, data)| *k == key && data.len() == dims.iter().product::<usize>());
            let missing = || {
                Error::new(
                    Code::ShapeMismatch,
                    format!("oracle: expected array {} {} of its size, got none", key.0, key.1),
                )
            };
            Ok(Array::new(dims.to_vec(), found.ok_or_else(missing)?.1.clone()))
        })?;
        let mut bytes = (results.len() as u32).to_le_bytes().to_vec();
        for array in results {
            bytes.extend((array.data.len() as u32).to_le_bytes());
            bytes.extend(array.data.iter().flat_map(|x| x.to_le_bytes()));
        }
        Ok(bytes)
    }
}

fn find<T>(map: &Table<Arc<T>>, id: u32, what: &str) -> Result<Arc<T>> {
    map.get(&id).cloned().ok_or_else(|| missing(id, what))
}

fn missing(id: u32, what: &str) -> Error {
    Error::of(Code::Disposed, || format!("{what}: expected one that is alive, got {id}"))
}

/// A poisoned lock only says that a run panicked; what it guards is plain memory.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Status, whether an update is under way (0 or 1), six zero bytes, the count and the numbers as f64, then the stop rule or the error as text.
fn encode(outcome: &Outcome) -> Vec<u8> {
    let (status, text) = match &outcome.status {
        Status::More => (0, String::new()),
        Status::Done => (1, String::new()),
        Status::Stopped(rule) => (2, (*rule).to_string()),
        Status::Failed(error) => (3, error.text()),
    };
    let mut bytes = Vec::with_capacity(16 + outcome.reports.len() * 8 + text.len());
    bytes.extend([status, u8::from(outcome.committing), 0, 0, 0, 0, 0, 0]);
    bytes.extend((outcome.reports.len() as f64).to_le_bytes());
    outcome.reports.iter().for_each(|x| bytes.extend_from_slice(&x.to_le_bytes()));
    bytes.extend(text.as_bytes());
    bytes
}
