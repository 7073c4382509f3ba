// Written by the build: both parts of the module.

/** One of them: raw DEFLATE in base64, and how many bytes it unpacks to. */
export interface Packed {
  readonly size: number;
  readonly packed: string;
}

/** descend.wasm. */
export const WASM: Packed;
/** descend.more.wasm. */
export const MORE: Packed;
