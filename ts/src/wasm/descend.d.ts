/* tslint:disable */
/* eslint-disable */

export function __wbg_reset_state(): void;

/**
 * Where a buffer lies in the exported memory. It stays there until it is released.
 */
export function address(id: number): number;

export function advance(run: number, max_steps: number, budget: number, length: number): number;

export function alloc(bytes: number): number;

/**
 * Where the last answer lies.
 */
export function answer(): number;

/**
 * The answer stands at the beginning of the message.
 */
export function apply(run: number, length: number): number;

/**
 * Says that the second part of the module was instantiated.
 */
export function arrived(): void;

export function compile(length: number, max_batch: number): number;

export function info(): number;

export function measure(length: number, max_batch: number): number;

export function oracle(plan: number, length: number): number;

export function release(kind: number, id: number): number;

/**
 * Where a message of so many bytes has room; what is there stays, if it has.
 */
export function room(length: number): number;

export function setLimit(bytes: number): number;

export function setThreads(n: number): number;

export function start(plan: number, length: number): number;

/**
 * After a trap: whether it hit a step while that was writing variables. Plain memory, so it can be asked of a dead
 * instance.
 */
export function torn(): boolean;

/**
 * The length of the version of the core.
 */
export function version(): number;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly address: (a: number) => number;
    readonly advance: (a: number, b: number, c: number, d: number) => number;
    readonly alloc: (a: number) => number;
    readonly answer: () => number;
    readonly apply: (a: number, b: number) => number;
    readonly arrived: () => void;
    readonly compile: (a: number, b: number) => number;
    readonly info: () => number;
    readonly measure: (a: number, b: number) => number;
    readonly oracle: (a: number, b: number) => number;
    readonly release: (a: number, b: number) => number;
    readonly room: (a: number) => number;
    readonly setLimit: (a: number) => number;
    readonly setThreads: (a: number) => number;
    readonly start: (a: number, b: number) => number;
    readonly torn: () => number;
    readonly version: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
