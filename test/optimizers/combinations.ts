// Every optimizer with every combination of its options: what the tests of one step, of bits and of memory go through.

import { type ApplyOptions, type Optimizer, optimizers, type Variable } from 'descend';
import { noise } from '../noise.ts';

/** Those whose step looks at whole tensors: not a rule for one element. */
export const WHOLE: readonly string[] =
  'Lamb LARS NovoGrad Fromage Adafactor SM3 StableAdamW Muon SOAP DoG DoWG Prodigy DAdaptAdamW PolyakSGD MoMo MoMoAdam'.split(
    ' ',
  );

/** What `applyGradients` is to give these besides gradients, at step `t`. */
export function givenTo({ className }: Optimizer, t: number, variables: readonly Variable[]): ApplyOptions {
  if (className === 'Sophia') return { hessianDiagonals: variables.map(({ size }, i) => noise(size, 7 * t + i)) };
  return ['PolyakSGD', 'MoMo', 'MoMoAdam'].includes(className) ? { loss: 2 + Math.sin(t) } : {};
}

/** Those that evaluate the loss themselves: tests of their own. */
export const DRIVEN: readonly string[] = ['LBFGS'];

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
  SparseAdam: [{}, { lazy: false, beta1: 0.8 }],
  Adadelta: [{}, { parity: 'torch' }],
  Adagrad: [{}, { parity: 'torch', learningRateDecay: 0.1, initialAccumulatorValue: 0.25 }],
  Adamax: [{}, { parity: 'torch', beta1: 0.8 }],
  Nadam: [{}, { parity: 'torch', momentumDecay: 0.02 }, { parity: 'optax', beta1: 0.8 }],
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
  OptimisticAdam: [{}, { nesterov: false, alpha: 0.75, beta: 0.5, epsilonRoot: 1e-6 }],
  COCOB: [{}, { alpha: 2, epsilon: 0.125 }],
  Lamb: [{}, { parity: 'optax', beta1: 0.8 }],
  LARS: [{}, { nesterov: true, trustCoefficient: 0.02 }],
  NovoGrad: [{}, { beta1: 0.8, beta2: 0.5 }],
  Fromage: [{}],
  Adafactor: [{}, { parity: 'torch', clipThreshold: 0.5, beta2Decay: -0.5 }, { parity: 'optax' }],
  SM3: [{}, { momentum: 0.5 }],
  StableAdamW: [{}, { beta1: 0.8, beta2: 0.9 }],
  Muon: [
    {},
    { parity: 'torch' },
    { nesterov: false, nsSteps: 3, adamLrRatio: 0.5 },
    { parity: 'optax', adaptive: true },
    { spectralUnclamped: true, nesterov: false },
  ],
  SOAP: [{}, { preconditionFrequency: 3, beta1: 0.9, beta2: 0.9, shampooBeta: 0.8 }],
  DoG: [{}, { initStep: 1e-3 }],
  DoWG: [{}],
  Prodigy: [{}, { safeguardWarmup: true, estimLr0: 1e-3 }],
  DAdaptAdamW: [{}, { estimLr0: 1e-3 }],
  PolyakSGD: [{ learningRate: 1 }, { scaling: 0.5, fMin: 1.5, onlyDown: true, epsilon: 0.1, learningRate: 1 }],
  MoMo: [{ learningRate: 1 }, { beta: 0.5, lowerBound: 0.25, adaptLowerBound: true }],
  Sophia: [{ updateInterval: 3 }, { beta1: 0.5, beta2: 0.75, gamma: 0.25, clipThreshold: 0.5, updateInterval: 7 }],
  MoMoAdam: [{}, { beta1: 0.5, adaptLowerBound: true, epsilon: 1e-4 }],
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

/** What may be around any rule: wrappers with numbers that act within few steps, sums of gradients, a loss scale. */
const AROUND: readonly Record<string, unknown>[] = [
  { wrappers: [{ className: 'ExponentialMovingAverage', config: { momentum: 0.75, overwriteFrequency: 3 } }] },
  { wrappers: [{ className: 'StochasticWeightAveraging', config: { start: 2, frequency: 2 } }] },
  { wrappers: [{ className: 'Lookahead', config: { syncPeriod: 3, slowStepSize: 0.75 } }] },
  { wrappers: [{ className: 'Cautious', config: {} }], weightDecay: 0.125 },
  { wrappers: [{ className: 'GradientCentralization', config: {} }] },
  { wrappers: [{ className: 'AdaptiveClipping', config: { clipping: 0.25 } }], globalClipnorm: 1.5 },
  { wrappers: [{ className: 'GrokFast', config: { alpha: 0.75 } }], clipvalue: 0.5 },
  { wrappers: ['GrokFast', 'Lookahead', 'Cautious'], useEma: true, gradientAccumulationSteps: 2, clipnorm: 0.75 },
  { gradientAccumulationSteps: 3, globalClipnorm: 1.5, useEma: true, countMicroSteps: true },
  { dynamicLossScale: { initialScale: 8, growthSteps: 3 }, gradientAccumulationSteps: 2 },
  { groups: [{ match: ['1'], learningRate: 0.5, weightDecay: 0 }], weightDecay: 0.125, globalClipnorm: 1.5 },
];

/** Every optimizer with everything that may be around it. */
export function surrounded(): { name: string; make(): Optimizer }[] {
  const names = optimizers.OPTIMIZERS.map(({ name }) => name).filter((name) => !DRIVEN.includes(name));
  return names.flatMap((className) =>
    AROUND.map((around) => ({
      name: `${className}, ${JSON.stringify(around)}`,
      make: () => optimizers.get({ className, config: { learningRate: 0.01, lazy: false, ...around } }),
    })),
  );
}

/** All of them. Throws where a built optimizer is missing from the table. */
export function combinations(): Combination[] {
  for (const { declaration } of optimizers.OPTIMIZERS as unknown as { declaration: { name: string } }[]) {
    const { name } = declaration;
    if (!(name in OWN || name in MORE || DRIVEN.includes(name))) throw new Error(`add ${name} to the combinations`);
  }
  return [...of(OWN, SHARED), ...of(MORE, FEWER)];
}

/** Some with their state in fewer bits, of all numbers of states that rules have. */
const CODED: Readonly<Record<string, readonly Options[]>> = {
  SGD: [{ momentum: 0.875, nesterov: true }],
  Adam: [{}, { amsgrad: true }],
  AdamW: [{}],
  Lion: [{}],
  Nadam: [{}],
  Adan: [{}],
  RMSprop: [{ centered: true, momentum: 0.7 }],
  Adagrad: [{}],
  ScheduleFreeSGD: [{}],
};

/** The same as `combinations`, of those whose state is kept in fewer bits: what is said of a step in float32 is not of them. */
export function coded(): Combination[] {
  const dtypes: Options[] = [
    { stateDtype: 'bfloat16' },
    { stateDtype: 'int8' },
    { stateDtype: 'int8', globalClipnorm: 1.5, weightDecay: 0.01, lazy: true },
  ];
  return of(CODED, dtypes);
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
