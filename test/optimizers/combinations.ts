// Every optimizer with every combination of its options: what the tests of one step, of bits and of memory go through.

import { type Optimizer, optimizers } from 'descend';

/** An optimizer with options, under a name for tests. */
export interface Combination {
  readonly name: string;
  readonly className: string;
  readonly options: Readonly<Record<string, number | boolean>>;
  make(): Optimizer;
}

type Options = Record<string, number | boolean>;

/** The options that decide what each rule does. Numbers off their defaults, so that a mixed-up one shows. */
const OWN: Readonly<Record<string, readonly Options[]>> = {
  SGD: [{}, { momentum: 0.875 }, { momentum: 0.875, nesterov: true }],
  Momentum: [{}, { momentum: 0.8, nesterov: true }],
  RMSprop: [{}, { momentum: 0.7 }, { centered: true, epsilon: 1e-5 }, { centered: true, momentum: 0.7, rho: 0.95 }],
  Adam: [{}, { amsgrad: true }, { beta1: 0.8, beta2: 0.95, epsilon: 1e-5, amsgrad: true }],
  AdamW: [{}, { beta1: 0.8, amsgrad: true }],
};

const SHARED: readonly Options[] = [
  {},
  { weightDecay: 0.125 },
  { clipvalue: 0.5 },
  { clipnorm: 0.75 },
  { globalClipnorm: 1.5, weightDecay: 0.01 },
];

/** All of them. Throws where a built optimizer is missing from the table. */
export function combinations(): Combination[] {
  for (const { declaration } of optimizers.OPTIMIZERS as unknown as { declaration: { name: string } }[]) {
    if (!(declaration.name in OWN)) throw new Error(`add ${declaration.name} to the combinations`);
  }
  return Object.entries(OWN).flatMap(([className, owns]) =>
    owns.flatMap((own) =>
      SHARED.map((shared) => {
        const options: Options = { learningRate: 0.01, ...own, ...shared };
        const named = Object.entries({ ...own, ...shared }).map(([key, value]) => `${key} ${value}`);
        return {
          name: [className, ...named].join(', '),
          className,
          options,
          make: () => optimizers.get({ className, config: options }),
        };
      }),
    ),
  );
}
