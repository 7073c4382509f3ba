// TensorFlow.js in a page, on its backend wasm, webgl or cpu: model.fit, and its Adam on given gradients.

import * as tf from '@tensorflow/tfjs';
import { getThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { BATCH, CLASSES, EPSILON, HIDDEN, PIXELS, RATE, SAMPLES } from './task.ts';

const optimizerOf = () => tf.train.adam(RATE, 0.9, 0.999, EPSILON);

async function start(backend) {
  setWasmPaths(new URL('./', import.meta.url).href);
  if (!(await tf.setBackend(backend))) throw new Error(`no backend ${backend}`);
  await tf.ready();
  if (tf.getBackend() !== backend) throw new Error(`backend ${tf.getBackend()}, not ${backend}`);
  if (backend !== 'webgl') return `${backend === 'wasm' ? getThreadsCount() : 1} thread`;
  const { gl } = tf.backend().gpgpu;
  return gl.getParameter(gl.getExtension('WEBGL_debug_renderer_info').UNMASKED_RENDERER_WEBGL);
}

async function mlp({ x, rows, weights }) {
  const { dense } = tf.layers;
  const layers = [
    dense({ units: HIDDEN, activation: 'relu', inputShape: [PIXELS] }),
    dense({ units: CLASSES, activation: 'softmax' }),
  ];
  const model = tf.sequential({ layers });
  model.setWeights(weights.map(([values, shape]) => tf.tensor(values, shape)));
  model.compile({ optimizer: optimizerOf(), loss: 'categoricalCrossentropy' });
  const [input, target] = [tf.tensor2d(x, [SAMPLES, PIXELS]), tf.tensor2d(rows, [SAMPLES, CLASSES])];
  const train = (epochs, shuffle) => model.fit(input, target, { batchSize: BATCH, epochs, shuffle, verbose: 0 });
  return {
    losses: async (epochs) => (await train(epochs, false)).history.loss,
    epoch: () => train(1, true),
  };
}

function adam(values) {
  const optimizer = optimizerOf();
  const w = tf.variable(tf.tensor1d(values), true, 'w');
  const gradients = { w: tf.ones([values.length]) };
  const steps = async (count) => {
    for (let step = 0; step < count; step++) optimizer.applyGradients(gradients);
    // Reading one element waits for all that was asked for.
    const first = tf.slice(w, [0], [1]);
    await first.data();
    first.dispose();
  };
  return { steps, values: () => w.data() };
}

export const contestant = { start, mlp, adam, stepsAtOnce: 3 };
