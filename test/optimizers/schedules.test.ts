// Schedules against the numbers of Keras, PyTorch and Optax (test/golden/schedules.json), one by one, in one another, and
// for other numbers than the learning rate.

import { SGD, schedules, variable } from 'descend';
import { describe, expect, test } from 'vitest';
import { cases } from '../golden.js';

interface ScheduleCase {
  name: string;
  source: string;
  schedule: string;
  options: Record<string, unknown>;
  optimizerLearningRate?: number;
  steps: number[];
  values: number[];
  momentum?: number[];
}

interface Serialized {
  className: string;
  config: Record<string, unknown>;
}

/** What is not a function of the step. */
const NOT_A_SCHEDULE = 'ReduceLROnPlateau';

/** Optax's functions by the classes that do the same. */
const OPTAX: Readonly<Record<string, (o: never) => Serialized>> = {
  linear_schedule: (config) => ({ className: 'Linear', config }),
  polynomial_schedule: (config) => ({ className: 'Polynomial', config }),
  warmup_constant_schedule: (config) => ({ className: 'WarmupConstant', config }),
  warmup_cosine_decay_schedule: (config) => ({ className: 'WarmupCosineDecay', config }),
  warmup_exponential_decay_schedule: (config) => ({ className: 'WarmupExponentialDecay', config }),
  exponential_decay: ({ initValue, ...rest }: Record<string, number>) => {
    const config = { initValue, peakValue: initValue, warmupSteps: 0, ...rest };
    return { className: 'WarmupExponentialDecay', config };
  },
  cosine_decay_schedule: ({ initValue, ...rest }: Record<string, number>) => {
    return { className: 'CosineDecay', config: { initialLearningRate: initValue, ...rest } };
  },
  linear_onecycle_schedule: (config) => ({ className: 'LinearOnecycle', config }),
  cosine_onecycle_schedule: (config) => ({ className: 'CosineOnecycle', config }),
  sgdr_schedule: (config) => ({ className: 'SGDR', config }),
  piecewise_interpolate_schedule: (config) => ({ className: 'PiecewiseInterpolate', config }),
};

/** PyTorch's schedulers change the rate that lies in the optimizer; ours are told of it. */
function torch(className: string, options: Record<string, unknown>, rate: number): schedules.Schedule {
  const { baseMomentum, maxMomentum, cycleMomentum, schedulers, ...own } = options;
  const config: Record<string, unknown> = { ...own };
  if (Array.isArray(schedulers)) {
    const shared = className === 'ChainedScheduler';
    config.schedulers = schedulers.map((s: Serialized, i) => torch(s.className, s.config, shared && i > 0 ? 1 : rate));
  } else if (!['CyclicLR', 'OneCycleLR'].includes(className)) {
    config.initialLearningRate = rate;
  }
  if (className === 'MultiplicativeLR') config.lrLambda = (epoch: number) => 0.9 + 0.1 * Math.cos(epoch);
  return schedules.deserialize({ className, config });
}

function make({ source, schedule, options, optimizerLearningRate }: ScheduleCase): schedules.Schedule {
  if (source.startsWith('keras')) return schedules.deserialize({ className: schedule, config: options });
  if (source.startsWith('torch')) return torch(schedule, options, optimizerLearningRate as number);
  return schedules.deserialize(OPTAX[schedule]!(options as never));
}

/** The rates of the first steps, as steps report them. */
function ratesOf(learningRate: schedules.Schedule, count: number): number[] {
  const sgd = new SGD({ learningRate });
  const w = variable([0]);
  return Array.from({ length: count }, () => sgd.applyGradients([[[0], w]]).learningRate);
}

/** The rates are f64 throughout, so bounds are of f64: a few ulp of the largest value, for the last are differences. */
function check(
  learningRate: schedules.Schedule,
  steps: readonly number[],
  values: readonly number[],
  ulps: number,
): void {
  const got = ratesOf(learningRate, Math.max(...steps) + 1);
  const bound = ulps * Number.EPSILON * Math.max(...values);
  for (const [i, step] of steps.entries())
    expect(Math.abs(got[step]! - values[i]!), `step ${step}`).toBeLessThanOrEqual(bound);
}

const all = cases<ScheduleCase>('schedules.json').filter(({ schedule }) => schedule !== NOT_A_SCHEDULE);

describe('as in Keras, PyTorch and Optax', () => {
  for (const golden of all) {
    // PyTorch goes from each step to the next and rounds at every one.
    const ulps = golden.source.startsWith('torch') ? golden.steps.length : 4;
    test(golden.name, () => check(make(golden), golden.steps, golden.values, ulps));
  }

  test.each(all.filter(({ momentum }) => momentum !== undefined))('momentum of $name', (golden) => {
    const { baseMomentum, maxMomentum } = golden.options as Record<string, number>;
    const cycle = make(golden) as schedules.CyclicLR;
    check(cycle.momentum(baseMomentum, maxMomentum), golden.steps, golden.momentum!, golden.steps.length);
  });

  test('also after JSON', () => {
    for (const golden of all.filter(({ schedule }) => schedule !== 'MultiplicativeLR')) {
      const schedule = make(golden);
      const config = JSON.parse(JSON.stringify(schedule.getConfig()));
      const again = schedules.deserialize({ className: schedule.className, config });
      expect(again).toBeInstanceOf(schedule.constructor);
      expect(ratesOf(again, 60)).toEqual(ratesOf(schedule, 60));
    }
  });
});

describe('from their formulas', () => {
  const steps = Array.from({ length: 100 }, (_, step) => step);

  test('WarmupStableDecay', () => {
    const options = { peakLearningRate: 0.3, warmupSteps: 10, stableSteps: 20, decaySteps: 40, endLearningRate: 0.01 };
    const formula = (fall: (x: number) => number) => (step: number) =>
      step < 10 ? (0.3 * step) / 10 : 0.3 - 0.29 * fall(Math.min(1, Math.max(0, (step - 30) / 40)));
    check(new schedules.WarmupStableDecay(options), steps, steps.map(formula(Math.sqrt)), 4);
    const cosine = steps.map(formula((x) => (1 - Math.cos(Math.PI * x)) / 2));
    check(new schedules.WarmupStableDecay({ ...options, cosine: true }), steps, cosine, 4);
  });

  test('Noam', () => {
    const noam = new schedules.Noam({ modelSize: 512, warmupSteps: 40, factor: 2 });
    const values = steps.map((step) => 2 * 512 ** -0.5 * Math.min((step + 1) ** -0.5, (step + 1) * 40 ** -1.5));
    check(noam, steps, values, 4);
  });

  test('LambdaLR, in another schedule too', () => {
    const lambda = new schedules.LambdaLR({ initialLearningRate: 0.5, lrLambda: (epoch) => 0.5 ** epoch });
    check(lambda, [0, 1, 2, 3], [0.5, 0.25, 0.125, 0.0625], 0);
    const joined = new schedules.Join({
      schedules: [1, lambda, new schedules.Product({ schedules: [2, lambda] })],
      boundaries: [2, 4],
    });
    check(joined, [0, 1, 2, 3, 4, 5], [1, 1, 0.5, 0.25, 1, 0.5], 0);
    expect(() => joined.getConfig()).toThrow(/function/);
  });
});

describe('of any number', () => {
  test('momentum, weight decay and clipping follow theirs', () => {
    const momentum = new schedules.Points({ steps: [0, 2], values: [0, 1] });
    const sgd = new SGD({
      learningRate: 1,
      momentum,
      weightDecay: new schedules.Join({ schedules: [0, 0.5], boundaries: [2] }),
    });
    const w = variable([8]);
    const seen = [1, 0, 0].map((g) => {
      sgd.applyGradients([[[g], w]]);
      return w.data[0];
    });
    // u = −1, w = 7; u = −1/2, w = 6.5; decayed to 3.25, u = −1/2.
    expect(seen).toEqual([7, 6.5, 2.75]);
  });

  test('a schedule that leaves the range is refused before anything changes', () => {
    const momentum = new schedules.Points({ steps: [0, 2], values: [0.5, 2.5] });
    const sgd = new SGD({ learningRate: 1, momentum });
    const w = variable([8]);
    sgd.applyGradients([[[1], w]]);
    expect(() => sgd.applyGradients([[[1], w]])).toThrow(/momentum.*\[0, 1\]/);
    expect([w.data[0], sgd.iterations]).toEqual([7, 1]);
  });
});

describe('what is refused', () => {
  const refused: [string, () => unknown, RegExp][] = [
    ['boundaries that fall', () => new schedules.Join({ schedules: [1, 2, 3], boundaries: [5, 4] }), /rise/],
    ['too few boundaries', () => new schedules.Join({ schedules: [1, 2, 3], boundaries: [5] }), /2 boundaries/],
    ['part of a step', () => new schedules.MultiStepLR({ initialLearningRate: 1, milestones: [1.5] }), /whole/],
    ['no schedules', () => new schedules.Product({ schedules: [] }), /list of schedules/],
    [
      'a mode that is none',
      () => new schedules.CyclicLR({ baseLr: 0, maxLr: 1, mode: 'square' as never }),
      /exp_range/,
    ],
    ['NaN', () => new schedules.Noam({ modelSize: Number.NaN, warmupSteps: 1 }), /modelSize/],
    ['no function', () => new schedules.LambdaLR({ initialLearningRate: 1, lrLambda: 3 as never }), /function/],
  ];
  test.each(refused)('%s', (_, work, message) => expect(work).toThrow(message));

  test('nesting without end', () => {
    let part: schedules.Schedule = new schedules.Noam({ modelSize: 1, warmupSteps: 1 });
    const nest = () => {
      for (let i = 0; i < 20; i++) part = new schedules.Product({ schedules: [part] });
    };
    expect(nest).toThrow(/at most 8 deep/);
    expect(ratesOf(part, 2)).toHaveLength(2);
  });
});
