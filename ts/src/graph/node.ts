// The entries of a traced graph and the options of ops, as plain data; `encode.ts` writes them.

import type { Dim, Shape } from './dims.js';
import type { DType } from './tensor.js';
import type { Tracer } from './trace.js';

/** An option of an op, tagged with how it is written. */
export type Attr =
  | { readonly tag: 'int'; readonly value: number }
  | { readonly tag: 'float'; readonly value: number }
  | { readonly tag: 'ints'; readonly value: readonly number[] }
  | { readonly tag: 'dims'; readonly value: readonly Dim[] }
  | { readonly tag: 'str'; readonly value: string }
  | { readonly tag: 'graph'; readonly value: Tracer };

/** Options by name, written in the order given. */
export type Attrs = Readonly<Record<string, Attr>>;

export const int = (value: number): Attr => ({ tag: 'int', value });
export const flag = (value: boolean): Attr => ({ tag: 'int', value: value ? 1 : 0 });
export const float = (value: number): Attr => ({ tag: 'float', value });
export const ints = (value: readonly number[]): Attr => ({ tag: 'ints', value });
export const dims = (value: readonly Dim[]): Attr => ({ tag: 'dims', value });
export const str = (value: string): Attr => ({ tag: 'str', value });
export const graph = (value: Tracer): Attr => ({ tag: 'graph', value });

/** Where a value that no op makes comes from. */
export type SourceKind = 'variable' | 'data' | 'scalar' | 'parameter';

/** What a value is. */
export interface Type {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** One entry of a graph; numbers in `inputs`, `ys` and `xs` are ids of values. */
export type Node =
  // What follows is to be computed again for gradients, or no longer.
  | { readonly kind: 'again'; readonly begins: boolean }
  | { readonly kind: SourceKind; readonly index: number; readonly type: Type }
  | { readonly kind: 'op'; readonly name: string; readonly inputs: readonly number[]; readonly attrs: Attrs }
  | {
      readonly kind: 'gradients';
      readonly ys: readonly { readonly id: number; readonly seed: number | undefined }[];
      readonly xs: readonly number[];
    };
