// States that outlive a batch: weights that are not trained, with a row for each place in a batch.

import { fail } from '../errors.js';
import type { Dim } from '../graph/dims.js';
import { add, cast, cumsum, fill, gather, matmul, mul, oneHot, reshape, stopGradient, sub, sum } from '../graph/ops.js';
import type { Tensor } from '../graph/tensor.js';
import { classNameOf } from '../units.js';
import type { Weight } from './weight.js';

/** What says whether states are kept. */
interface Stateful {
  readonly stateful: boolean;
  readonly batchSize: number | undefined;
}

/** Throws INVALID_VALUE unless the size of batches is known where states are kept. */
export function checkStateful(layer: Stateful): void {
  if (!layer.stateful || layer.batchSize !== undefined) return;
  const hint = 'states have a row for each sample: say how many a batch has, by the option batchSize';
  throw fail(
    'INVALID_VALUE',
    `${classNameOf(layer)} stateful`,
    'a layer that knows its batchSize',
    'one without',
    hint,
  );
}

/** The names of the weights that hold `count` states; none where states are not kept. */
export function stateNames({ stateful }: Stateful, count: number): string[] {
  return stateful ? Array.from({ length: count }, (_, i) => `state_${i}`) : [];
}

/** The numbers of the samples in a batch: 0, 1, … */
function places(batch: Dim): Tensor {
  return cast(sub(cumsum(fill([batch], 1)), 1), 'int32');
}

/** The first rows of a state, one for each sample. A batch of more samples than rows is refused when it comes. */
export function firstRows(state: Weight, batch: Dim): Tensor {
  return stopGradient(gather(state, places(batch)));
}

/** The state with these first rows; those behind stay. */
export function withFirstRows(state: Weight, rows: Tensor): Tensor {
  const [batch, ...sizes] = rows.shape as [Dim, ...number[]];
  const [count] = state.shape as [number];
  const size = sizes.reduce((product, n) => product * n, 1);
  const at = oneHot(places(batch), count);
  const moved = matmul(at, reshape(stopGradient(rows), [batch, size]), { transposeA: true });
  const others = reshape(sub(1, sum(at, { axis: 0 })), [count, 1]);
  return reshape(add(mul(reshape(state, [count, size]), others), moved), state.shape);
}
