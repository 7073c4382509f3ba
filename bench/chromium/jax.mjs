// jax-js in a page, on its backend wasm. It has neither layers nor, published, optimizers: the loss, Adam and the loop
// over batches, which are in its memory beforehand, are written by hand, gradient and step under one `jit`.

import * as jax from '@jax-js/jax';
import { BATCH, CLASSES, EPSILON, PIXELS, RATE, SAMPLES } from './task.ts';

const { numpy: np, nn } = jax;

async function start(backend) {
  await jax.init(backend);
  jax.defaultDevice(backend);
  return `${crossOriginIsolated ? navigator.hardwareConcurrency : 1} threads`;
}

/** New weights and moments from `rate` = η / (1 − β₁ᵗ) and `scale` = 1 / (1 − β₂ᵗ), which change with the step. */
function update(weights, gradients, ms, vs, rate, scale) {
  const [w2, m2, v2] = [[], [], []];
  for (let i = 0; i < weights.length; i++) {
    const m = ms[i].mul(0.9).add(gradients[i].ref.mul(0.1));
    const v = vs[i].mul(0.999).add(np.square(gradients[i]).mul(0.001));
    const root = np.sqrt(v.ref.mul(scale.ref)).add(EPSILON);
    w2.push(weights[i].sub(m.ref.mul(rate.ref).div(root)));
    m2.push(m);
    v2.push(v);
  }
  rate.dispose();
  scale.dispose();
  return [w2, m2, v2];
}

/** The two numbers of step t. */
const scalars = (t) => [np.array(RATE / (1 - 0.9 ** t)), np.array(1 / (1 - 0.999 ** t))];
const zerosLike = (arrays) => arrays.map(({ shape }) => np.zeros(shape));
const refs = (arrays) => arrays.map((array) => array.ref);

function loss([w1, b1, w2, b2], x, rows) {
  const hidden = nn.relu(np.matmul(x, w1).add(b1));
  const logits = np.matmul(hidden, w2).add(b2);
  return np.mean(np.sum(nn.logSoftmax(logits, -1).mul(rows), -1)).mul(-1);
}

async function mlp({ x, rows, weights }) {
  const step = jax.jit((w, m, v, rate, scale, inputs, target) => {
    const [value, gradients] = jax.valueAndGrad(loss)(refs(w), inputs, target);
    return [...update(w, gradients, m, v, rate, scale), value];
  });
  const batches = [];
  const part = (values, from, width) =>
    np.array(values.slice(from * width, (from + BATCH) * width)).reshape([BATCH, width]);
  for (let from = 0; from < SAMPLES; from += BATCH) batches.push([part(x, from, PIXELS), part(rows, from, CLASSES)]);
  let w = weights.map(([values, shape]) => np.array(values).reshape(shape));
  let [m, v, t] = [zerosLike(w), zerosLike(w), 0];
  const epoch = async (each) => {
    for (const [inputs, target] of batches) {
      const [rate, scale] = scalars(++t);
      let value;
      [w, m, v, value] = step(w, m, v, rate, scale, inputs.ref, target.ref);
      await each(value);
    }
    await jax.blockUntilReady(refs(w));
  };
  const losses = async (epochs) => {
    const means = [];
    for (let i = 0; i < epochs; i++) {
      let sum = 0;
      await epoch(async (value) => {
        sum += (await value.data())[0];
      });
      means.push(sum / batches.length);
    }
    return means;
  };
  return { losses, epoch: () => epoch((value) => value.dispose()) };
}

function adam(values) {
  const step = jax.jit(update);
  let w = [np.array(values)];
  let [m, v, t] = [zerosLike(w), zerosLike(w), 0];
  const gradient = np.array(new Float32Array(values.length).fill(1));
  const steps = async (count) => {
    for (let i = 0; i < count; i++) [w, m, v] = step(w, [gradient.ref], m, v, ...scalars(++t));
    await jax.blockUntilReady(refs(w));
  };
  return { steps, values: () => w[0].ref.data() };
}

export const contestant = { start, mlp, adam, stepsAtOnce: 3 };
