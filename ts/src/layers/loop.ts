// The loop of layers that go through sequences step by step: states, masks, directions, and what becomes of the outputs.

import type { Dim } from '../graph/dims.js';
import { flip, reshape, scan, transpose, where } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';

/** How a sequence is gone through, and what is wanted of it. */
export interface Way {
  readonly returnSequences: boolean;
  readonly goBackwards: boolean;
  readonly zeroOutputForMask: boolean;
}

/** What is gone through. */
export interface Steps {
  /** `[T, B, …]`. */
  readonly sequence: Tensor;
  /** The states to begin with. */
  readonly begin: readonly Tensor[];
  /** Which steps count: `[B, T]`. */
  readonly mask: Tensor | undefined;
  readonly training: boolean;
  /** The states after a step, the first of which is its output. What `keep` is given is not computed again for gradients. */
  step(entry: Tensor, states: readonly Tensor[], keep: (x: Tensor) => Tensor): readonly Tensor[];
}

/** The last output or, in the order they are made in, those of all steps `[B, T, …]`; and the last states. */
export function through(way: Way, steps: Steps): { outputs: Tensor; states: readonly Tensor[] } {
  const { sequence, begin, mask, training } = steps;
  const ones = (first: Tensor): Dim[] => first.shape.slice(1).map(() => 1);
  const [one] = begin as [Tensor];
  const counts = mask && reshape(transpose(mask, [1, 0]), [...([mask.shape[1], mask.shape[0]] as Dim[]), ...ones(one)]);
  const { carries, outputs } = scan(
    (states, [entry, now]) => {
      const stacked: Tensor[] = [];
      const keep = (x: Tensor): Tensor => {
        if (training) stacked.push(x);
        return x;
      };
      const next = steps.step(entry as Tensor, states, keep);
      const after = now ? next.map((state, i) => where(now, state, states[i] as Tensor)) : next;
      return { carries: after, outputs: [...(way.returnSequences ? after.slice(0, 1) : []), ...stacked] };
    },
    { carries: begin, sequences: [sequence, ...(counts ? [counts] : [])], reverse: way.goBackwards },
  );
  const [all] = outputs;
  if (!way.returnSequences || all === undefined) return { outputs: carries[0] as Tensor, states: carries };
  const rows = transpose(all, swapped(all));
  const counted = mask && way.zeroOutputForMask ? where(reshape(mask, [...mask.shape, ...ones(one)]), rows, 0) : rows;
  return { outputs: way.goBackwards ? flip(counted, { axis: 1 }) : counted, states: carries };
}

/** The axes with the first two in each other's place. */
export function swapped({ shape }: Tensor): number[] {
  return [1, 0, ...shape.slice(2).map((_, i) => i + 2)];
}

/** The mask of the outputs: that of the sequence, where every step has an output. */
export function maskThrough({ returnSequences, goBackwards }: Way, mask: Tensor | undefined): Tensor | undefined {
  if (mask === undefined || !returnSequences) return undefined;
  return goBackwards ? flip(mask, { axis: 1 }) : mask;
}
