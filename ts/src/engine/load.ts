// Which engine runs: tries in order what the entry for this runtime can load, keeps the first, and says why the others
// failed. Knows no runtime itself; an entry (index.node, index.browser …) brings the loaders.

import { DescendError, describeValue, fail, nearest, quote } from '../errors.js';
import type { Binding } from './binding.js';
import { type Engine, type EngineInfo, isLocal, type LocalEngine } from './engine.js';
import { Local } from './local.js';
import type { RemoteEngine } from './worker/remote.js';

/** Where a part of the WASM module comes from: its bytes, address, response, or the compiled module. */
export type WasmPart =
  | BufferSource
  | WebAssembly.Module
  | URL
  | string
  | Response
  | Promise<Response | BufferSource | WebAssembly.Module>;

/**
 * Where the WASM module comes from, where it is not found by itself: `descend.wasm`, which is what ordinary applications
 * run, and `descend.more.wasm`, which rarer layers, optimizers, wrappers and schedules need. Beside an address of the first,
 * the second is looked for under its own name.
 */
export type WasmSource = WasmPart | readonly [first: WasmPart, second: WasmPart];

/** A Worker of a browser, or of `node:worker_threads`. */
export interface WorkerLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  terminate(): unknown;
}

/** What an engine in a thread of its own begins with. */
export interface WorkerOptions {
  readonly wasm?: WasmSource | undefined;
  /** Makes the thread. */
  readonly make?: (() => WorkerLike) | undefined;
  readonly fallbackReason?: string | undefined;
}

/** How an entry loads engines. What is missing cannot be loaded in its runtime. */
export interface Loaders {
  native?: () => Binding;
  /** Without waiting, where files can be read. */
  wasmNow?: () => Binding;
  wasm: (source?: WasmSource) => Promise<Binding>;
  /** The WASM module in a thread of its own. */
  worker?: (options: WorkerOptions) => Promise<RemoteEngine>;
  /** Brings what else synchronous calls need, where that has to be fetched. */
  rest?: () => Promise<unknown>;
  /** The value of an environment variable. */
  env?: (name: string) => string | undefined;
}

/** Options of `ready`. */
export interface ReadyOptions {
  /** Which engine; the fastest there is by default, or what DESCEND_ENGINE says. */
  engine?: 'native' | 'wasm';
  /**
   * Run the WASM engine in a Worker, so that it takes no time of this thread. Default false. Everything asynchronous
   * stays as it is; what is synchronous (`variable.data`, `assign`, `applyGradients`) throws NEEDS_LOCAL_ENGINE, and
   * `await variable.read()` and `write()` stand in. The native engine has threads of its own and none of these limits:
   * with it the option means nothing, and `engineInfo().worker` stays false.
   *
   * Vite, webpack 5 and servers of plain files find the Worker's script by themselves. Where a bundler does not, make
   * the script an entry of its own, `import 'descend/worker'`, and give a function that starts it:
   * `worker: () => new Worker('/worker.js', { type: 'module' })`. If the Worker ends, whatever ended it, calls under way
   * reject with ENGINE_FAILED, variables that were in it answer STATE_LOST until they are written anew, and the next call
   * begins another Worker. Throws ENGINE_FAILED in runtimes without Workers, such as edge runtimes.
   */
  worker?: boolean | (() => WorkerLike);
  /** Threads of the native engine, 0 for one per core. Their number changes no bit of a result. */
  threads?: number;
  /**
   * 'reproducible', the default: the same bits on every engine. 'fast': matrix products and convolutions of the native
   * engine multiply and add in one instruction, with one rounding: up to twice as fast, as exact or more so, and the same
   * bits on any number of threads and on every processor that has the instruction, but not those of WASM. Where there is
   * none (WASM, processors without FMA), nothing changes, and `engineInfo().precision` stays 'reproducible'. As with
   * threads, it is for the whole process, and holds from the next step on until another is given.
   */
  precision?: 'reproducible' | 'fast';
  /** The WASM module's bytes, address, response or compiled module; or those of its two parts. */
  wasm?: WasmSource;
  /**
   * Most bytes of numbers that the engine may hold: variables, data and what plans work in (the module itself, 1 to 2 MB,
   * not counted). What would take more throws OUT_OF_MEMORY before it is taken, and nothing is lost; `model.memory()`
   * tells beforehand. It stays until another is given; Infinity, the default, for none. The native engine is one for the
   * whole process, and so is its limit.
   */
  memoryLimit?: number;
}

const OPTIONS = ['engine', 'worker', 'threads', 'precision', 'wasm', 'memoryLimit'];
const NAMES = ['native', 'wasm'] as const;
const PRECISIONS = ['reproducible', 'fast'];
type Name = (typeof NAMES)[number];

let loaders: Loaders | undefined;
let current: Engine | undefined;
let loading: Promise<Engine> | undefined;
const loaded = new Map<Name, Local>();
let remote: Promise<RemoteEngine> | undefined;
let arriving: Promise<unknown> | undefined;

/** Says how engines are loaded in this runtime. @internal */
export function useLoaders(those: Loaders): void {
  loaders = those;
}

/** The same for the entry that a runtime has by default, which `descend/exchange` brings too: one chosen before stays. */
export function offerLoaders(those: Loaders): void {
  loaders ??= those;
}

/**
 * Loads an engine; what is created afterwards runs on it. Only needed before synchronous calls where files cannot be
 * read at once (browsers, edge runtimes), or to choose. Throws INVALID_VALUE, UNKNOWN_OPTION, ENGINE_FAILED.
 */
export async function ready(options: ReadyOptions = {}): Promise<EngineInfo> {
  checkOptions(options);
  const engine = await load(options.engine ?? forced(), options);
  if (options.threads !== undefined) await engine.setThreads(options.threads);
  if (options.precision && engine instanceof Local) engine.setFused(options.precision === 'fast');
  if (options.memoryLimit !== undefined) await engine.setLimit(options.memoryLimit);
  // Synchronous calls work from now on. Where there is no second part, what needs it will say so.
  if (engine instanceof Local && (options.wasm || !loaders?.wasmNow)) {
    await Promise.allSettled([engine.complete(), loaders?.rest?.()]);
  }
  current = engine;
  return engine.info;
}

/** The engine in use: which build, how many threads, and why not a faster one. */
export function engineInfo(): EngineInfo {
  return (current ?? localEngine()).info;
}

/** The engine in use, loaded if need be. */
export function defaultEngine(): Promise<Engine> {
  if (current) return Promise.resolve(current);
  loading ??= load(forced()).then(
    (engine) => {
      loading = undefined;
      current ??= engine;
      return current;
    },
    (error) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
}

/** Begins to load the engine where that takes time. If it fails, whoever needs it will be told. */
export function beginLoading(): void {
  if (!current && loaders && !loaders.wasmNow) defaultEngine().catch(() => {});
}

/** The engine in use for a synchronous call; where files can be read, loaded if need be. */
export function localEngine(): LocalEngine {
  current ??= loadNow(forced());
  if (isLocal(current)) return current;
  const hint = 'await what is asynchronous, such as read(), or call ready() without worker first';
  throw fail('NEEDS_LOCAL_ENGINE', 'synchronous call', 'an engine in this thread', 'one in a worker', hint);
}

/** The engine in use, if there is one or it can be loaded without waiting. */
export function engineAtHand(): Engine | undefined {
  try {
    return current ?? localEngine();
  } catch (error) {
    if (error instanceof DescendError && error.code === 'NOT_READY') return undefined;
    throw error;
  }
}

async function load(name: Name | undefined, options: ReadyOptions = {}): Promise<Engine> {
  const { native, wasm } = present();
  const { wasm: source, worker } = options;
  let reason: string | undefined;
  if (name !== 'wasm' && !source) {
    const found = loaded.get('native') ?? tryNative(native);
    if (found instanceof Local) return found;
    if (name === 'native') throw found;
    reason = found.message;
  }
  const fallbackReason = native ? reason : undefined;
  if (worker)
    return await inWorker({ wasm: source, make: worker === true ? undefined : checked(worker), fallbackReason });
  // One after the other: the glue has room for one module, and a load that fails must not fail another from elsewhere.
  const bring = async () => loaded.get('wasm') ?? keep('wasm', await wasm(source), fallbackReason);
  const engine = arriving ? arriving.then(bring) : bring();
  arriving = engine.catch(() => {});
  return await engine;
}

/** The one engine in a worker, which is there when this resolves: one that ended begins anew. */
async function inWorker(options: WorkerOptions): Promise<Engine> {
  const { worker } = present();
  if (!worker)
    throw fail('ENGINE_FAILED', 'worker', 'a runtime that has Workers', 'one without', 'leave out the option');
  remote ??= worker(options).catch((error) => {
    remote = undefined;
    throw error;
  });
  const engine = await remote;
  await engine.begin();
  return engine;
}

/** The same function, held to its word. */
function checked(make: () => WorkerLike): () => WorkerLike {
  return () => {
    const made = make();
    if (typeof made?.postMessage === 'function') return made;
    throw fail('INVALID_VALUE', 'ready: worker', 'a function that makes a Worker', describeValue(made));
  };
}

function loadNow(name: Name | undefined): Local {
  const { native, wasmNow } = present();
  const found = name === 'wasm' ? undefined : (loaded.get('native') ?? tryNative(native));
  if (found instanceof Local) return found;
  if (name === 'native') throw found;
  const known = loaded.get('wasm');
  if (known) return known;
  if (!wasmNow) {
    throw fail('NOT_READY', 'synchronous call', 'a loaded engine', 'none yet', 'await ready() first');
  }
  return keep('wasm', wasmNow(), native && found?.message);
}

function tryNative(native: Loaders['native']): Local | DescendError {
  if (!native) return fail('ENGINE_FAILED', 'native engine', 'a runtime that loads addons', 'another');
  try {
    return keep('native', native());
  } catch (error) {
    return error instanceof DescendError ? error : new DescendError('ENGINE_FAILED', String(error), { cause: error });
  }
}

function keep(name: Name, binding: Binding, reason?: string): Local {
  const engine = new Local(binding, reason);
  loaded.set(name, engine);
  return engine;
}

function present(): Loaders {
  if (loaders) return loaders;
  throw fail('ENGINE_FAILED', 'engine', 'an entry of the package that loads one', "none (import from 'descend')");
}

/** What DESCEND_ENGINE asks for. */
function forced(): Name | undefined {
  const name = present().env?.('DESCEND_ENGINE');
  if (name === undefined || name === '') return undefined;
  if (NAMES.includes(name as Name)) return name as Name;
  throw fail('INVALID_VALUE', 'DESCEND_ENGINE', "'native' or 'wasm'", quote(name));
}

function checkOptions(options: ReadyOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw fail('INVALID_VALUE', 'ready', 'an object of options', describeValue(options));
  }
  for (const name of Object.keys(options)) {
    if (OPTIONS.includes(name)) continue;
    const close = nearest(name, OPTIONS);
    throw fail(
      'UNKNOWN_OPTION',
      'ready',
      `one of ${OPTIONS.join(', ')}`,
      quote(name),
      close && `did you mean ${close}?`,
    );
  }
  const { engine, worker, threads, precision, wasm, memoryLimit } = options;
  const refuse = (option: string, expected: string, got: unknown, hint?: string): never => {
    throw fail('INVALID_VALUE', `ready: ${option}`, expected, describeValue(got), hint);
  };
  if (engine !== undefined && !NAMES.includes(engine)) refuse('engine', "'native' or 'wasm'", engine);
  if (engine === 'native' && wasm !== undefined) refuse('wasm', "nothing where engine is 'native'", wasm);
  if (worker !== undefined && typeof worker !== 'boolean' && typeof worker !== 'function') {
    refuse('worker', 'true, false or a function that makes a Worker', worker);
  }
  if (precision !== undefined && !PRECISIONS.includes(precision)) {
    refuse('precision', "'reproducible' or 'fast'", precision);
  }
  if (memoryLimit !== undefined && !(typeof memoryLimit === 'number' && memoryLimit >= 0)) {
    refuse('memoryLimit', 'a number of bytes, or Infinity', memoryLimit);
  }
  const whole = Number.isInteger(threads) && (threads as number) >= 0 && (threads as number) <= 256;
  if (threads !== undefined && !whole) refuse('threads', 'a whole number from 0 to 256', threads);
}
