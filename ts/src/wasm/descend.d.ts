/* tslint:disable */
/* eslint-disable */

export function __wbg_reset_state(): void;

/**
 * Where a buffer lies in the exported memory. It stays there until it is released.
 */
export function address(id: number): number;

export function advance(run: number, max_steps: number, budget: number, hyper: Uint8Array | number[]): Uint8Array;

export function alloc(bytes: number): number;

export function apply(run: number, mail: Uint8Array): void;

/**
 * Says that the second part of the module was instantiated.
 */
export function arrived(): void;

export function compile(plan: Uint8Array | number[], max_batch: number): number;

export function info(): string;

export function measure(plan: Uint8Array | number[], max_batch: number): number;

export function oracle(plan: number, call: Uint8Array | number[]): Uint8Array;

export function release(kind: number, id: number): void;

export function setLimit(bytes: number): void;

export function setThreads(n: number): number;

export function start(plan: number, call: Uint8Array | number[]): number;

/**
 * After a trap: whether it hit a step while that was writing variables. Plain memory, so it can be asked of a dead
 * instance.
 */
export function torn(): boolean;

/**
 * The version of the core.
 */
export function version(): string;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly address: (a: number) => [number, number, number];
    readonly advance: (a: number, b: number, c: number, d: number, e: number) => [number, number, number, number];
    readonly alloc: (a: number) => [number, number, number];
    readonly apply: (a: number, b: number, c: number, d: any) => [number, number];
    readonly arrived: () => void;
    readonly compile: (a: number, b: number, c: number) => [number, number, number];
    readonly info: () => [number, number, number, number];
    readonly measure: (a: number, b: number, c: number) => [number, number, number];
    readonly oracle: (a: number, b: number, c: number) => [number, number, number, number];
    readonly release: (a: number, b: number) => [number, number];
    readonly setLimit: (a: number) => [number, number];
    readonly setThreads: (a: number) => [number, number, number];
    readonly start: (a: number, b: number, c: number) => [number, number, number];
    readonly torn: () => number;
    readonly version: () => [number, number];
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
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
