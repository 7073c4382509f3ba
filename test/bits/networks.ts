// A convolutional, a recurrent and an attentive network on images that are changed at random, with every dropout on: what the
// tests of bits train, in Node and, served as it is, in a page.

import {
  Adam,
  Add,
  BatchNormalization,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  GlobalAveragePooling1D,
  Input,
  type Layer,
  LayerNormalization,
  LSTM,
  MaxPooling2D,
  Model,
  MultiHeadAttention,
  RandomBrightness,
  RandomContrast,
  RandomCrop,
  RandomFlip,
  RandomRotation,
  RandomTranslation,
  RandomZoom,
  Reshape,
  Sequential,
  type SymbolicTensor,
} from 'descend';
import { noise } from '../noise.ts';
import { sha256 } from './sha256.ts';

const [COUNT, HEIGHT, WIDTH] = [99, 11, 10];
const x = { data: noise(COUNT * HEIGHT * WIDTH, 1), shape: [COUNT, HEIGHT, WIDTH, 1] };
// In which of three bands the image is brightest on the whole.
const y = Uint8Array.from({ length: COUNT }, (_, i) => {
  const image = x.data.subarray(i * HEIGHT * WIDTH, (i + 1) * HEIGHT * WIDTH);
  const bands = [0, 1, 2].map((band) => image.filter((_, at) => at % 3 === band).reduce((a, b) => a + b));
  return bands.indexOf(Math.max(...bands));
});

/** Images of 9 by 8, changed. */
function changed(): Layer[] {
  const range = [-1, 1] as const;
  return [
    new RandomFlip({ mode: 'horizontal', inputShape: [HEIGHT, WIDTH, 1] }),
    new RandomTranslation({ heightFactor: 0.1, widthFactor: 0.1 }),
    new RandomRotation({ factor: 0.05, fillMode: 'constant' }),
    new RandomZoom({ heightFactor: 0.1, widthFactor: 0.2, fillMode: 'wrap' }),
    new RandomBrightness({ factor: 0.1, valueRange: range }),
    new RandomContrast({ factor: 0.2, valueRange: range }),
    new RandomCrop({ height: 9, width: 8 }),
  ];
}

const end = (): Layer[] => [new Dropout({ rate: 0.2 }), new Dense({ units: 3, activation: 'softmax' })];

function attentive(): Model {
  const through = (layers: readonly Layer[], value: SymbolicTensor): SymbolicTensor =>
    layers.reduce((value, layer) => layer.apply(value), value);
  const image = Input({ shape: [HEIGHT, WIDTH, 1] });
  const begun = through([...changed(), new Reshape({ targetShape: [9, 8] }), new Dense({ units: 16 })], image);
  const heads = new MultiHeadAttention({ numHeads: 4, keyDim: 5, dropout: 0.1 });
  const mixed = new Add().apply([begun, heads.apply(new LayerNormalization().apply(begun)) as SymbolicTensor]);
  const wide = [new LayerNormalization(), new Dense({ units: 33, activation: 'gelu' }), new Dense({ units: 16 })];
  const last = new Add().apply([mixed, through(wide, mixed)]);
  return new Model({ inputs: image, outputs: through([new GlobalAveragePooling1D(), ...end()], last), seed: 3 });
}

const NETWORKS: Readonly<Record<string, () => Sequential | Model>> = {
  convolutional: () =>
    new Sequential(
      [
        ...changed(),
        new Conv2D({ filters: 9, kernelSize: 3, activation: 'relu' }),
        new BatchNormalization(),
        new MaxPooling2D(),
        new Flatten(),
        ...end(),
      ],
      { seed: 1 },
    ),
  recurrent: () =>
    new Sequential(
      [
        ...changed(),
        new Reshape({ targetShape: [9, 8] }),
        new LSTM({ units: 15, returnSequences: true, dropout: 0.1, recurrentDropout: 0.1 }),
        new LSTM({ units: 17 }),
        ...end(),
      ],
      { seed: 2 },
    ),
  attentive,
};

/** Of each network the weights after four epochs, and the losses. */
export async function hashes(): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const [name, make] of Object.entries(NETWORKS)) {
    const model = make() as Sequential;
    model.compile({ optimizer: new Adam({ learningRate: 0.01 }), loss: 'sparseCategoricalCrossentropy' });
    const { history } = await model.fit(x, y, { epochs: 4, batchSize: 16, verbose: 0 });
    all[name] = `${await model.hash()} ${await sha256([Float32Array.from(history.loss ?? [])])}`;
    model.dispose();
  }
  return all;
}
