// How the names of Keras, PyTorch and Optax map to ours: what a reference case is called and which options it has here.

/** A case as the reference files have it. */
export interface OptimizerCase {
  name: string;
  source: string;
  precision: string;
  optimizer: string;
  options: Record<string, unknown>;
  params: { name: string; shape: number[]; init: number[] }[];
  grads: number[][][];
  /** The loss at each step, for rules that look at it. */
  values?: number[];
  /** Of rows, instead of `grads`. */
  sparseGrads?: { indices: number[]; values: number[] }[][];
  /** Estimates of the Hessian's diagonal, by the steps (from 1) that have one. */
  hessianDiagonals?: Record<string, number[][]>;
  expect: { step: Record<string, number[][]> };
  state: Record<string, number | Record<string, number[]>>;
  /** What is worth evaluating at the end, and what the parameters become then. */
  evalParams?: number[][];
  afterFinalize?: number[][];
}

/** The same for the classes here. */
export interface Mapped {
  className: string;
  config: Record<string, unknown>;
}

type Options = Record<string, unknown>;

/** Options under other names; what has no name here is left out. */
function renamed(options: Options, names: Readonly<Record<string, string | null>>): Options {
  const entries = Object.entries(options).map(([name, value]) => [name in names ? names[name] : name, value]);
  return Object.fromEntries(entries.filter(([name]) => name !== null));
}

const TORCH: Readonly<Record<string, string>> = { NAdam: 'Nadam' };

/** float64's, where PyTorch takes the smallest number that counts. */
const EPSILON = 2 ** -52;

function torch({ optimizer, options }: OptimizerCase): Mapped {
  const { decoupledWeightDecay, etas, stepSizes, nsCoefficients, adjustLrFn, ...rest } = options;
  if (optimizer === 'SparseAdam') return { className: optimizer, config: rest };
  const names = { lrDecay: 'learningRateDecay', ...(optimizer === 'RMSprop' ? { alpha: 'rho' } : {}) };
  const config: Options = { parity: 'torch', ...renamed(rest, names) };
  if (decoupledWeightDecay) config.weightDecayMode = 'decoupled';
  if (optimizer === 'Adafactor') {
    const [epsilon1, epsilon2] = options.epsilon as [number | null, number];
    Object.assign(config, { epsilon1: epsilon1 ?? EPSILON, epsilon2, clipThreshold: options.d });
    delete config.epsilon;
    delete config.d;
  }
  if (nsCoefficients) [config.muonA, config.muonB, config.muonC] = nsCoefficients as number[];
  if (adjustLrFn === 'match_rms_adamw') config.rmsRate = 0.2;
  if (etas) [config.etaMinus, config.etaPlus] = etas as number[];
  if (stepSizes) [config.stepSizeMin, config.stepSizeMax] = stepSizes as number[];
  return { className: TORCH[optimizer] ?? optimizer, config };
}

/** Where a switch is on unless given, and so must be given when it is off. */
const LOOKS_AHEAD = ['muon', 'optimistic_adam_v2'];

/** Optax's functions whose class has another name, or options that have. */
const OPTAX: Readonly<Record<string, (options: Options) => Mapped>> = {
  adamaxw: (options) => {
    // The rule is PyTorch's but for weight decay.
    return { className: 'Adamax', config: { parity: 'torch', weightDecayMode: 'decoupled', ...options } };
  },
  radam: ({ threshold, ...options }) => {
    return { className: 'RAdam', config: { parity: 'optax', weightDecayMode: 'decoupled', ...options } };
  },
  rmsprop: (options) => {
    const names = { decay: 'rho', initialScale: null, epsInSqrt: null, biasCorrection: null };
    return { className: 'RMSprop', config: renamed(options, names) };
  },
  polyak_sgd: ({ maxLearningRate: learningRate, variant, ...options }) => {
    return { className: 'PolyakSGD', config: { learningRate, onlyDown: variant === 'sps+', ...options } };
  },
  lamb: (options) => ({ className: 'Lamb', config: { parity: 'optax', ...options } }),
  adafactor: ({ decayRate, ...options }) => {
    const names = {
      ...{ clippingThreshold: 'clipThreshold', weightDecayRate: 'weightDecay', epsilon: 'epsilon1' },
      ...{ minDimSizeToFactor: null, decayOffset: null, multiplyByParameterScale: null, factored: null },
    };
    const config = { parity: 'optax', beta2Decay: -(decayRate as number), ...renamed(options, names) };
    return { className: 'Adafactor', config };
  },
  muon: ({ nsCoeffs, ...options }) => {
    const [muonA, muonB, muonC] = nsCoeffs as number[];
    const names = {
      ...{ beta: 'momentum', consistentRms: 'rmsRate', preconditioning: null },
      ...{ adamB1: 'adamBeta1', adamB2: 'adamBeta2', adamEpsRoot: null },
    };
    return { className: 'Muon', config: { parity: 'optax', muonA, muonB, muonC, ...renamed(options, names) } };
  },
  optimistic_adam_v2: (options) => ({ className: 'OptimisticAdam', config: options }),
  schedule_free_adamw: (options) => {
    return { className: 'ScheduleFreeAdamW', config: { parity: 'optax', ...options } };
  },
};

function optax({ optimizer, options }: OptimizerCase): Mapped {
  const { nesterov, ...rest } = renamed(options, { epsRoot: 'epsilonRoot', weightLrPower: 'weightPower' });
  // Of these, those that are off are not options here.
  if (nesterov || LOOKS_AHEAD.includes(optimizer)) rest.nesterov = nesterov;
  if (rest.epsilonRoot === 0) delete rest.epsilonRoot;
  return OPTAX[optimizer]?.(rest) ?? { className: optimizer, config: rest };
}

/** The class and the configuration of a case. */
export function mapped(golden: OptimizerCase): Mapped {
  if (golden.source.startsWith('torch')) return torch(golden);
  if (golden.source.startsWith('optax')) return optax(golden);
  const { relativeStep, excludeEmbeddings, ...config } = golden.options;
  // Schedules and the mean of the weights count every step there.
  if (config.gradientAccumulationSteps) config.countMicroSteps = true;
  // What was None is left out there.
  const off = { weightDecay: 0, adamWeightDecay: 0, rmsRate: 0 };
  return { className: golden.optimizer, config: golden.optimizer === 'Muon' ? { ...off, ...config } : config };
}

/** Names of state there by class and name here; unless listed, they are the same. */
const STATES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  keras: { emaAverage: 'average' },
  torch: {
    momentum: 'expAvg',
    velocity: 'expAvgSq',
    velocityHat: 'maxExpAvgSq',
    norm: 'expInf',
    average: 'ax',
    accumulator: 'sum',
    previousGradient: 'prev',
    'SGD.momentum': 'momentumBuffer',
    'RMSprop.velocity': 'squareAvg',
    'RMSprop.averageGradient': 'gradAvg',
    'RMSprop.momentum': 'momentumBuffer',
    'Adadelta.accumulatedGrad': 'squareAvg',
    'Adadelta.accumulatedDeltaVar': 'accDelta',
  },
  optax: {
    momentum: 'mu',
    velocity: 'nu',
    norm: 'nu',
    previousGradient: 'previous_gradient',
    'RMSprop.momentum': 'trace',
    'Adan.momentum': 'm',
    'Adan.change': 'v',
    'Adan.velocity': 'n',
    'Adan.previousGradient': 'g',
    'AdEMAMix.momentum': 'm1',
    'AdEMAMix.slowMomentum': 'm2',
    'Signum.momentum': 'ema',
    'LARS.momentum': 'trace',
    'SM3.momentum': 'nu',
    'Prodigy.momentum': 'exp_avg',
    'Prodigy.velocity': 'exp_avg_sq',
    'Prodigy.gradients': 'grad_sum',
    'Prodigy.initial': 'params0',
    'DAdaptAdamW.momentum': 'exp_avg',
    'DAdaptAdamW.velocity': 'exp_avg_sq',
    'DAdaptAdamW.gradients': 'grad_sum',
    'MoMo.momentum': 'exp_avg',
    'MoMoAdam.momentum': 'exp_avg',
    'MoMoAdam.velocity': 'exp_avg_sq',
    'Adafactor.rows': 'v_col',
    'Adafactor.columns': 'v_row',
    'Adafactor.velocity': 'v',
    'OptimisticAdam.previousUpdate': 'previous_gradient',
    'Sophia.hessian': 'nu',
    'COCOB.initial': 'init_particles',
    'COCOB.magnitudes': 'subgradients',
    'DoWG.initial': 'init_params',
    'MADGRAD.gradSumSq': 'grad_sum_sq',
    'MADGRAD.gradSum': 's',
    'MADGRAD.initial': 'x0',
    'ScheduleFreeAdamW.momentum': 'z',
    'ScheduleFreeSGD.momentum': 'z',
  },
};

/** The name of a piece of state in the reference. */
export function stateName({ source }: OptimizerCase, className: string, state: string): string {
  const names = STATES[source.split(' ')[0] as string] ?? {};
  return names[`${className}.${state}`] ?? names[state] ?? state;
}
