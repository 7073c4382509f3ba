// A training loop written by hand, for what fit does not do: here a penalty on large weights is part of the loss, and the
// learning rate is halved whenever an epoch brings no progress.
import { Adam, Dense, datasets, losses, ops, Rescaling, Reshape, Sequential, valueAndGrad } from 'descend';

const PENALTY = 1e-3;
const BATCH = 64;
const { train, test } = await datasets.loadDigits({ seed: 0 });
const count = train.x.shape[0] as number;

const model = new Sequential(
  [
    new Rescaling({ scale: 1 / 16, inputShape: [8, 8] }),
    new Reshape({ targetShape: [-1] }),
    new Dense({ units: 64, activation: 'tanh' }),
    new Dense({ units: 10 }),
  ],
  { seed: 3 },
);
const crossentropy = new losses.SparseCategoricalCrossentropy({ fromLogits: true });
const optimizer = new Adam({ learningRate: 0.01 });
const weights = model.trainableWeights;
const kernels = weights.filter((weight) => weight.shape.length === 2);

let best = Number.POSITIVE_INFINITY;
for (let epoch = 1; epoch <= 25; epoch++) {
  let total = 0;
  let steepest = 0;
  for (let start = 0; start + BATCH <= count; start += BATCH) {
    const x = { data: train.x.data.subarray(64 * start, 64 * (start + BATCH)), shape: [BATCH, 8, 8] };
    const y = train.y.data.subarray(start, start + BATCH);
    // Traced anew for every batch, compiled once: the arrays are inputs of one and the same plan.
    const { value, grads } = await valueAndGrad(() => {
      const penalty = kernels.map((kernel) => ops.sum(ops.square(kernel))).reduce((a, b) => ops.add(a, b));
      return ops.add(crossentropy.apply(y, model.apply(x, { training: true })), ops.mul(penalty, PENALTY));
    }, weights);
    const { gradNorm } = optimizer.applyGradients(
      grads.map((gradient, i) => [gradient, weights[i] as (typeof weights)[0]]),
    );
    total += value;
    steepest = Math.max(steepest, gradNorm);
  }
  const loss = total / Math.floor(count / BATCH);
  if (loss > best - 1e-3) optimizer.learningRate = (optimizer.learningRate as number) / 2;
  best = Math.min(best, loss);
  const rate = optimizer.learningRate as number;
  if (epoch % 5 === 0) {
    console.log(`epoch ${epoch}: loss ${loss.toFixed(4)}, steepest gradient ${steepest.toFixed(3)}, rate ${rate}`);
  }
}

const { data } = await model.predict(test.x);
const right = Array.from(test.y.data).filter((label, i) => {
  const row = data.subarray(10 * i, 10 * (i + 1));
  return row.indexOf(Math.max(...row)) === label;
}).length;
const accuracy = right / test.y.data.length;
console.log(
  `\n${optimizer.iterations} updates; ${(100 * accuracy).toFixed(2)} % of the digits held back are recognised`,
);
if (!(accuracy >= 0.95)) {
  console.error('expected at least 95 %');
  process.exitCode = 1;
}
