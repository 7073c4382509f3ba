// The README's kind of application, whose size is measured once it is bundled: a network, compiled and fitted.

import { Adam, Dense, Sequential } from 'descend';

const model = new Sequential(
  [new Dense({ units: 64, activation: 'relu', inputShape: [64] }), new Dense({ units: 10, activation: 'softmax' })],
  { seed: 42 },
);
model.compile({
  optimizer: new Adam({ learningRate: 0.003 }),
  loss: 'sparseCategoricalCrossentropy',
  metrics: ['accuracy'],
});
const x = { data: new Float32Array(64 * 64), shape: [64, 64] };
await model.fit(x, new Uint8Array(64), { epochs: 30, batchSize: 32 });
console.log(await model.predict(x));
