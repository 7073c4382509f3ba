// The CNN that benchmarks train on images of 28x28, as bench-peers has it.

import { Conv2D, Dense, Flatten, MaxPooling2D, Sequential } from 'descend';

/** Two convolutions, each pooled, and two dense layers: 15.4 million floating-point operations to train on one image. */
export function cnn(): Sequential {
  return new Sequential(
    [
      new Conv2D({ filters: 32, kernelSize: 3, activation: 'relu', inputShape: [28, 28, 1] }),
      new MaxPooling2D(),
      new Conv2D({ filters: 64, kernelSize: 3, activation: 'relu' }),
      new MaxPooling2D(),
      new Flatten(),
      new Dense({ units: 128, activation: 'relu' }),
      new Dense({ units: 10, activation: 'softmax' }),
    ],
    { seed: 42 },
  );
}
