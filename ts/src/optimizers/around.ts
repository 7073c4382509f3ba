// What is around the steps of an optimizer: several steps for one update, a scaled loss, wrappers.

import { inRange, type Needs, readOptions, readSwitch, type StateSpec } from '../declaration.js';
import { describeValue, fail, quote } from '../errors.js';
import { ExponentialMovingAverage } from '../generated/wrappers.js';
import type { Writer } from '../graph/writer.js';
import { unitOf } from '../known.js';
import { Wrapper } from '../wrappers/wrapper.js';

/** Names of the options read here. */
export const AROUND: readonly string[] = [
  'useEma',
  'emaMomentum',
  'emaOverwriteFrequency',
  'gradientAccumulationSteps',
  'countMicroSteps',
  'lossScaleFactor',
  'dynamicLossScale',
  'measureUpdates',
  'wrappers',
];

/** How a scale of the loss adapts, complete. */
export interface Scale {
  readonly initialScale: number;
  readonly growthSteps: number;
  readonly growth: number;
  readonly backoff: number;
  readonly minimum: number;
  readonly maximum: number;
}

const SCALE: Scale = {
  initialScale: 32768,
  growthSteps: 2000,
  growth: 2,
  backoff: 0.5,
  minimum: 1,
  maximum: 2 ** 24,
};

/** What is around the steps. */
export class Around {
  /** Steps that make one update. */
  readonly accumulate: number;
  readonly countsMicroSteps: boolean;
  /** The constant factor of the loss, or how it adapts. */
  readonly lossScale: number | Scale;
  readonly measures: boolean;
  readonly wrappers: readonly Wrapper[];
  /** The mean of the weights that `useEma` asked for. */
  readonly ema: Wrapper | undefined;

  constructor(what: string, given: ReadonlyMap<string, unknown>) {
    const isOn = (name: string): boolean => readSwitch(what, name, given.get(name), false);
    this.accumulate = readCount(what, 'gradientAccumulationSteps', given.get('gradientAccumulationSteps'));
    this.countsMicroSteps = isOn('countMicroSteps');
    this.measures = isOn('measureUpdates');
    this.lossScale = readScale(what, given.get('lossScaleFactor') ?? null, given.get('dynamicLossScale') ?? false);
    const momentum = given.get('emaMomentum') as number | undefined;
    const overwriteFrequency = given.get('emaOverwriteFrequency') as number | null | undefined;
    // Made even where it is off, so that its numbers are checked.
    const ema = new ExponentialMovingAverage({ momentum, overwriteFrequency });
    this.ema = isOn('useEma') ? ema : undefined;
    this.wrappers = readWrappers(what, given.get('wrappers'), this.ema);
  }

  /** State that each variable has besides the rule's, whichever part of the optimizer it belongs to. */
  sharedStates(): StateSpec[] {
    const own: StateSpec[] = [];
    if (this.accumulate > 1) own.push({ name: 'gradientAccumulator' });
    if (typeof this.lossScale === 'object')
      own.push({ name: 'lossScale', shape: 2, from: this.lossScale.initialScale });
    return own;
  }

  /** What the wrappers look at besides gradients. */
  get needs(): (Needs | undefined)[] {
    return this.wrappers.map((wrapper) => wrapper.needs);
  }

  /** State that the wrappers need. */
  wrapperStates(): StateSpec[] {
    return this.wrappers.flatMap((wrapper) => wrapper.states());
  }

  /** What of it is fixed with a plan, after the targets. */
  encode(writer: Writer): void {
    const { lossScale: scale } = this;
    writer.varuint(this.accumulate).u8(this.countsMicroSteps ? 1 : 0);
    if (scale === 1) writer.u8(0);
    else if (typeof scale === 'number') writer.u8(1).f64(scale);
    else {
      writer.u8(2).f64(scale.growthSteps).f64(scale.growth).f64(scale.backoff);
      writer.f64(scale.minimum).f64(scale.maximum);
    }
  }

  /** As plain data. */
  getConfig(): Record<string, unknown> {
    const { ema, lossScale, accumulate } = this;
    const { momentum, overwriteFrequency } = (ema ?? new ExponentialMovingAverage()).getConfig();
    return {
      useEma: ema !== undefined,
      emaMomentum: momentum,
      emaOverwriteFrequency: overwriteFrequency,
      gradientAccumulationSteps: accumulate > 1 ? accumulate : null,
      countMicroSteps: this.countsMicroSteps,
      lossScaleFactor: typeof lossScale === 'number' && lossScale !== 1 ? lossScale : null,
      dynamicLossScale: typeof lossScale === 'object' ? { ...lossScale } : null,
      measureUpdates: this.measures,
      wrappers: this.wrappers
        .filter((wrapper) => wrapper !== ema)
        .map((wrapper) => ({ className: wrapper.className, config: wrapper.getConfig() })),
    };
  }
}

function readCount(what: string, name: string, given: unknown): number {
  if (given === undefined || given === null) return 1;
  if (Number.isSafeInteger(given) && (given as number) >= 2) return given as number;
  throw fail('INVALID_VALUE', `${what}: ${name}`, 'a whole number from 2 or null', describeValue(given));
}

function readScale(what: string, factor: unknown, dynamic: unknown): number | Scale {
  if (dynamic === false) {
    if (factor === null) return 1;
    if (isPositive(factor)) return factor;
    throw fail('INVALID_VALUE', `${what}: lossScaleFactor`, 'a number in (0, Infinity)', describeValue(factor));
  }
  if (factor !== null) {
    throw fail('INVALID_VALUE', what, 'lossScaleFactor or dynamicLossScale', 'both');
  }
  if (dynamic === true) return SCALE;
  const given = readOptions(`${what}: dynamicLossScale`, dynamic, Object.keys(SCALE));
  const scale: Scale = { ...SCALE, ...(Object.fromEntries(given) as Partial<Scale>) };
  for (const [name, value] of Object.entries(scale)) {
    const range = { growth: '[1, Infinity)', growthSteps: '[1, Infinity)', backoff: '(0, 1)' }[name] ?? '(0, Infinity)';
    if (typeof value === 'number' && inRange(range, value)) continue;
    const where = `${what}: dynamicLossScale.${name}`;
    throw fail('INVALID_VALUE', where, `a number in ${range}`, describeValue(value));
  }
  const { minimum, initialScale, maximum } = scale;
  if (minimum <= initialScale && initialScale <= maximum) return scale;
  const where = `${what}: dynamicLossScale.initialScale`;
  throw fail('INVALID_VALUE', where, `a number in [${minimum}, ${maximum}]`, describeValue(initialScale));
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && inRange('(0, Infinity)', value);
}

function readWrappers(what: string, given: unknown, ema: Wrapper | undefined): Wrapper[] {
  if (given !== undefined && given !== null && !Array.isArray(given)) {
    throw fail('INVALID_VALUE', `${what}: wrappers`, 'a list of wrappers', describeValue(given));
  }
  const wrappers = [...((given ?? []) as unknown[])].map((wrapper) =>
    wrapper instanceof Wrapper ? wrapper : unitOf('wrapper', wrapper, `${what}: wrappers`),
  );
  if (ema) wrappers.push(ema);
  const names = wrappers.map(({ className }) => className);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return wrappers;
  throw fail('DUPLICATE_NAME', `${what}: wrappers`, 'each at most once', `${quote(twice)} twice`);
}
