// Every optimizer with every combination of its options: what the tests of one step, of bits and of memory go through.

import { type Optimizer, optimizers } from 'descend';

/** Those whose step looks at whole tensors: not a rule for one element. */
export const WHOLE: readonly string[] = 'Lamb LARS NovoGrad Fromage Adafactor SM3 Muon DoWG Prodigy DAdaptAdamW'.split(
  ' ',
);

/** An optimizer with options, under a name for tests. */
export interface Combination {
  readonly name: string;
  readonly className: string;
  readonly options: Readonly<Record<string, number | boolean | string>>;
  make(): Optimizer;
}

type Options = Record<string, number | boolean | string>;

/** The options that decide what each rule does. Numbers off their defaults, so that a mixed-up one shows. */
const OWN: Readonly<Record<string, readonly Options[]>> = {
  SGD: [{}, { momentum: 0.875 }, { momentum: 0.875, nesterov: true }],
  Momentum: [{}, { momentum: 0.8, nesterov: true }],
  RMSprop: [{}, { momentum: 0.7 }, { centered: true, epsilon: 1e-5 }, { centered: true, momentum: 0.7, rho: 0.95 }],
  Adam: [{}, { amsgrad: true }, { beta1: 0.8, beta2: 0.95, epsilon: 1e-5, amsgrad: true }],
  AdamW: [{}, { beta1: 0.8, amsgrad: true }],
};

/** The same for rules that need fewer of the shared options: what those do was seen above. */
const MORE: Readonly<Record<string, readonly Options[]>> = {
  SGD: [
    { parity: 'torch', momentum: 0.875, dampening: 0.25 },
    { parity: 'torch', momentum: 0.875, nesterov: true },
    { momentum: 0.5, dampening: 0.5 },
  ],
  RMSprop: [
    { parity: 'torch', centered: true, momentum: 0.7 },
    { momentum: 0.7, nesterov: true },
  ],
  Adam: [{ parity: 'torch' }, { parity: 'torch', amsgrad: true, epsilon: 1e-4 }],
  AdamW: [{ parity: 'torch' }],
  Adadelta: [{}, { parity: 'torch' }],
  Adagrad: [{}, { parity: 'torch', learningRateDecay: 0.1, initialAccumulatorValue: 0.25 }],
  Adamax: [{}, { parity: 'torch', beta1: 0.8 }],
  Nadam: [{}, { parity: 'torch', momentumDecay: 0.02 }],
  Ftrl: [
    {},
    { l1RegularizationStrength: 0.5, l2RegularizationStrength: 0.25, beta: 0.5 },
    { learningRatePower: -0.375, l2ShrinkageRegularizationStrength: 0.125, initialAccumulatorValue: 0.5 },
  ],
  Lion: [{}, { beta1: 0.75, beta2: 0.5 }],
  ScheduleFreeAdamW: [{}, { warmupSteps: 60, beta1: 0.8 }, { parity: 'optax', warmupSteps: 60 }],
  ScheduleFreeSGD: [{}, { warmupSteps: 60, beta1: 0.8 }],
  RAdam: [{}, { beta2: 0.95 }, { beta2: 0.98, parity: 'optax' }],
  ASGD: [{}, { lambd: 0.01, alpha: 0.5, t0: 8 }],
  Rprop: [{}, { etaMinus: 0.25, etaPlus: 1.5, stepSizeMin: 1e-3, stepSizeMax: 0.5 }],
  AdaBelief: [{}, { beta1: 0.8, epsilon: 1e-6, epsilonRoot: 1e-8 }],
  Yogi: [{}, { beta2: 0.9, initialAccumulatorValue: 1e-3 }],
  Adan: [{}, { beta1: 0.9, beta2: 0.8, beta3: 0.9 }],
  ADOPT: [{}, { useClipping: false, beta2: 0.9 }],
  AdEMAMix: [{}, { alpha: 2, beta3: 0.95 }],
  SimplifiedAdEMAMix: [{}, { alpha: 2, beta1: 0.9 }],
  SignSGD: [{}],
  Signum: [{}, { beta: 0.5 }],
  MADGRAD: [{}, { momentum: 0.5, epsilon: 1e-4 }],
  OptimisticGradientDescent: [{}, { alpha: 0.75, beta: 0.5 }],
  COCOB: [{}, { alpha: 2, epsilon: 0.125 }],
  Lamb: [{}, { parity: 'optax', beta1: 0.8 }],
  LARS: [{}, { nesterov: true, trustCoefficient: 0.02 }],
  NovoGrad: [{}, { beta1: 0.8, beta2: 0.5 }],
  Fromage: [{}],
  Adafactor: [{}, { parity: 'torch', clipThreshold: 0.5, beta2Decay: -0.5 }],
  SM3: [{}, { momentum: 0.5 }],
  Muon: [{}, { parity: 'torch' }, { nesterov: false, nsSteps: 3, adamLrRatio: 0.5 }],
  DoWG: [{}],
  Prodigy: [{}, { safeguardWarmup: true, estimLr0: 1e-3 }],
  DAdaptAdamW: [{}, { estimLr0: 1e-3 }],
};

const SHARED: readonly Options[] = [
  {},
  { weightDecay: 0.125 },
  { clipvalue: 0.5 },
  { clipnorm: 0.75 },
  { globalClipnorm: 1.5, weightDecay: 0.01 },
];

const FEWER: readonly Options[] = [
  {},
  { globalClipnorm: 1.5, weightDecay: 0.01 },
  { maximize: true, weightDecay: 0.125, weightDecayMode: 'coupled' },
  { clipvalue: 0.5, weightDecay: 0.125, weightDecayMode: 'independent' },
];

/** All of them. Throws where a built optimizer is missing from the table. */
export function combinations(): Combination[] {
  for (const { declaration } of optimizers.OPTIMIZERS as unknown as { declaration: { name: string } }[]) {
    if (!(declaration.name in OWN || declaration.name in MORE))
      throw new Error(`add ${declaration.name} to the combinations`);
  }
  return [...of(OWN, SHARED), ...of(MORE, FEWER)];
}

function of(all: Readonly<Record<string, readonly Options[]>>, common: readonly Options[]): Combination[] {
  return Object.entries(all).flatMap(([className, owns]) =>
    owns.flatMap((own) =>
      common.map((shared) => {
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
