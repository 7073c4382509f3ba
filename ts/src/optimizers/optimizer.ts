// What all optimizers share: options checked when given, configurations, and their encoding for the core. The arithmetic
// is in the core; this file computes nothing of a step.

import {
  type Decay,
  type Hyper,
  type OptimizerDeclaration,
  plain,
  readOptions,
  readSwitch,
  readWord,
  type StateSpec,
} from '../declaration.js';
import { describeValue, fail, quote } from '../errors.js';
import { SHARED, type SharedOptions } from '../generated/shared.js';
import { Writer } from '../graph/writer.js';
import { Schedule } from '../schedules/schedule.js';
import { applyGradients, type GradientPair, type StepReport } from './apply.js';
import { encodeHyper, type HyperValue, readHyper } from './hyper.js';
import { type OnNonFinite, readName, readPatterns, readPolicy, withDefault } from './read.js';
import { memoryOf, type StateDict } from './state.js';

/** The options that every optimizer takes. At most one of `clipnorm`, `clipvalue`, `globalClipnorm` may be given. */
export interface OptimizerOptions extends SharedOptions {
  /** A name for the optimizer. Unless given: its class in lower case. */
  name?: string | undefined;
  /** Variables without weight decay: those whose name contains one of these texts or matches one of these patterns. */
  excludeFromWeightDecay?: readonly (string | RegExp)[] | undefined;
  /**
   * What happens when a gradient is NaN or infinite. `'throw'` refuses the step with an error that names the variable,
   * `'skip'` leaves the step out, `'propagate'` goes on as Keras does. In the first two nothing was changed.
   * Unless given: `'throw'`.
   */
  onNonFinite?: OnNonFinite | undefined;
  /** Goes up instead of down: gradients change their sign before anything else. Unless given: false. */
  maximize?: boolean | undefined;
  /**
   * What weight decay is: `'decoupled'` takes `learningRate * weightDecay` of a variable away before each update,
   * `'independent'` takes `weightDecay`, `'coupled'` adds `weightDecay * w` to the gradient, after clipping (L2
   * regularisation). Unless given: what the rule or `parity` has.
   */
  weightDecayMode?: WeightDecayMode | undefined;
}

/** What weight decay is. */
export type WeightDecayMode = 'decoupled' | 'coupled' | 'independent';

/** An optimizer's options as plain data, for JSON. */
export type OptimizerConfig = Record<string, unknown>;

const COMMON = ['name', 'excludeFromWeightDecay', 'onNonFinite', 'maximize', 'weightDecayMode', 'parity'];
const DECAYS: readonly WeightDecayMode[] = ['decoupled', 'coupled', 'independent'];
const CLIPS = ['clipnorm', 'clipvalue', 'globalClipnorm'];

/**
 * Options that Keras writes into every configuration and that do not exist here. At these values they do nothing, so
 * `fromConfig` passes over them.
 */
const KERAS_OFF: Readonly<Record<string, unknown>> = {
  useEma: false,
  emaMomentum: 0.99,
  emaOverwriteFrequency: null,
  lossScaleFactor: null,
  gradientAccumulationSteps: null,
};

/** A rule by which gradients change variables. Make one by its class, or by name with `optimizers.get('adam')`. */
export abstract class Optimizer<Options extends OptimizerOptions = OptimizerOptions> {
  /** @internal */
  static readonly declaration: OptimizerDeclaration;

  /** The name given, or the class in lower case. */
  readonly name: string;
  /** What happens when a gradient is NaN or infinite. */
  readonly onNonFinite: OnNonFinite;
  /** Whose rule and defaults it has. */
  readonly parity: string;
  /** Whether it goes up instead of down. */
  readonly maximize: boolean;
  /** @internal What becomes of weight decay. */
  readonly decay: Decay;

  readonly #declaration: OptimizerDeclaration;
  readonly #hypers: readonly Hyper[];
  #values: Map<string, HyperValue | null>;
  readonly #switches: Map<string, boolean>;
  readonly #excluded: readonly (string | RegExp)[];
  #iterations = 0;

  protected constructor(declaration: OptimizerDeclaration, options: Options) {
    this.#declaration = declaration;
    const what = declaration.name;
    const own = [...SHARED, ...declaration.hypers];
    const given = readOptions(what, options, [...own.map((hyper) => hyper.name), ...this.#otherNames()]);
    const { origin, parities, sharedDefaults } = declaration;
    this.parity = readWord(what, 'parity', [origin, ...Object.keys(parities)], given.get('parity'));
    const parity = parities[this.parity] ?? declaration;
    const defaults = { ...sharedDefaults, ...('defaults' in parity ? parity.defaults : {}) };
    this.#hypers = own.map((hyper) => withDefault(hyper, defaults));
    this.maximize = readSwitch(what, 'maximize', given.get('maximize'), false);
    const mode = given.get('weightDecayMode') ?? null;
    this.decay = mode === null ? parity.decay : (readWord(what, 'weightDecayMode', DECAYS, mode) as Decay);
    this.#values = this.#readHypers(given);
    const switches = Object.entries(declaration.options);
    this.#switches = new Map(switches.map(([name, off]) => [name, readSwitch(what, name, given.get(name), off)]));
    this.name = readName(what, given.get('name'));
    this.onNonFinite = readPolicy(what, given.get('onNonFinite'));
    this.#excluded = readPatterns(what, given.get('excludeFromWeightDecay'));
  }

  /** The name of the class, as it stands in configurations and files. */
  get className(): string {
    return this.#declaration.name;
  }

  /** How many steps it has made. */
  get iterations(): number {
    return this.#iterations;
  }

  /**
   * Makes one step, at once. A gradient is an array of its variable's size or a variable. Throws NON_FINITE with the
   * variable's name, SHAPE_MISMATCH, DUPLICATE_NAME, BUSY while a call uses a variable; nothing has changed then.
   */
  applyGradients(pairs: readonly GradientPair[]): StepReport {
    return applyGradients(this, pairs);
  }

  /** A copy of what it remembers, by the names of variables: with the variables, all that a later start needs. */
  stateDict(): StateDict {
    return memoryOf(this).dict();
  }

  /**
   * Takes over what `stateDict` gave; state of variables it has not met yet waits for them. With `strict` (unless given
   * false) the variables must be the same. Throws INVALID_VALUE, UNKNOWN_NAME, SHAPE_MISMATCH; nothing has changed then.
   */
  loadStateDict(saved: StateDict, options: { strict?: boolean } = {}): void {
    const what = `${this.className}.loadStateDict`;
    const given = readOptions(what, options, ['strict']);
    memoryOf(this).load(saved, readSwitch(what, 'strict', given.get('strict'), true));
  }

  /** @internal The engine's count, after a run or from a file. */
  setIterations(steps: number): void {
    this.#iterations = steps;
  }

  /** The learning rate: the number, schedule or function in use. A new one takes the place of whatever was there. */
  get learningRate(): HyperValue {
    return this.#values.get('learningRate') as HyperValue;
  }

  set learningRate(value: HyperValue) {
    this.#change(new Map([['learningRate', value]]));
  }

  /**
   * Changes numbers such as `beta1` or `weightDecay` from the next step on: all of them, or none when one is refused.
   * What decides which state there is (switches; whether there is momentum at all) stays as it was made.
   */
  set(options: Partial<Options>): void {
    const given = readOptions(`${this.className}.set`, options, this.#optionNames());
    for (const name of given.keys()) {
      if (this.#hypers.some((hyper) => hyper.name === name)) continue;
      const expected = 'options that are numbers';
      throw fail('INVALID_VALUE', `${this.className}.set`, expected, name, 'it is fixed when the optimizer is made');
    }
    this.#change(given);
  }

  /** All options, defaults filled in: plain data that `fromConfig` takes, also after JSON. */
  getConfig(): OptimizerConfig {
    const { name, onNonFinite, parity, maximize, decay } = this;
    const weightDecayMode = decay === 'inside' ? null : decay;
    const config: OptimizerConfig = { name, onNonFinite, parity, maximize, weightDecayMode };
    for (const [option, value] of this.#values) {
      if (typeof value === 'function') {
        const what = `${this.className}.getConfig`;
        const hint = 'use a schedule instead, or save the model with { includeOptimizer: false }';
        throw fail('INVALID_VALUE', what, 'numbers and schedules', `a function for ${option}`, hint);
      }
      config[option] = value instanceof Schedule ? { className: value.className, config: value.getConfig() } : value;
    }
    const excludeFromWeightDecay = this.#excluded.map((pattern) =>
      typeof pattern === 'string' ? pattern : { source: pattern.source, flags: pattern.flags },
    );
    return { ...config, ...Object.fromEntries(this.#switches), excludeFromWeightDecay };
  }

  /** @internal Whether it tells variables without weight decay by regular expressions. */
  get hasPatterns(): boolean {
    return this.#excluded.some((pattern) => pattern instanceof RegExp);
  }

  /**
   * @internal What a model's file holds: as `getConfig`, but with the names that patterns match in their place, for a
   * pattern from a file could be made to run for ever. Throws INVALID_VALUE where texts cannot say the same.
   */
  configFor(variables: readonly string[]): OptimizerConfig {
    const texts = this.#excluded.filter((pattern) => typeof pattern === 'string');
    const isIn = (names: readonly string[], variable: string) => names.some((name) => variable.includes(name));
    const matched = variables.filter((variable) => !this.decays(variable) && !isIn(texts, variable));
    const wrong = variables.find((variable) => this.decays(variable) && isIn(matched, variable));
    if (wrong === undefined) return { ...this.getConfig(), excludeFromWeightDecay: [...texts, ...matched] };
    const expected = 'patterns for names that are not part of others';
    const hint = 'rename its layer, or save with { includeOptimizer: false }';
    throw fail('INVALID_VALUE', `${this.className}: excludeFromWeightDecay`, expected, `also ${quote(wrong)}`, hint);
  }

  /** An optimizer from what `getConfig` returned. Keras's configurations, in snake_case, are understood. */
  static fromConfig<T>(this: new (options: never) => T, config: object): T {
    const known = Object.entries(config ?? {}).filter(([key, value]) => {
      const off = Object.keys(KERAS_OFF).find((name) => plain(name) === plain(key));
      return off === undefined || KERAS_OFF[off] !== value;
    });
    return new this(Object.fromEntries(known) as never);
  }

  /** @internal The state tensors that each variable needs, in order. */
  states(): StateSpec[] {
    return this.#declaration.states.filter(({ onlyIf }) => onlyIf === undefined || this.#isOn(onlyIf));
  }

  /** @internal What the elements of a piece of state start with. Throws INVALID_VALUE where that changes with the step. */
  initialOf({ from }: StateSpec): number {
    if (from === undefined) return 0;
    const value = this.#values.get(from);
    if (typeof value === 'number') return value;
    throw fail(
      'INVALID_VALUE',
      `${this.className}: ${from}`,
      'a number, for state starts with it',
      describeValue(value),
    );
  }

  /** @internal Whether weight decay applies to the variable of this name. */
  decays(variable: string): boolean {
    return !this.#excluded.some((pattern) =>
      typeof pattern === 'string' ? variable.includes(pattern) : variable.search(pattern) >= 0,
    );
  }

  /** @internal What is fixed: name, number of flags, flags (the switches, then the numbers on which a state depends). */
  encode(): Uint8Array {
    const writer = new Writer().str(this.className);
    const { hypers, states } = this.#declaration;
    const conditions = hypers.filter(({ name }) => states.some(({ onlyIf }) => onlyIf === name));
    const switches = [...this.#switches.values()];
    const rules = Object.keys(this.#declaration.parities).map((name) => name === this.parity);
    const flags = [...switches, ...rules, ...conditions.map(({ name }) => this.#isOn(name))];
    writer.varuint(flags.length);
    for (const flag of flags) writer.u8(flag ? 1 : 0);
    return writer.finish();
  }

  /** @internal The numbers of the steps `firstStep` (from 0) to `firstStep + count − 1`: the shared ones, then its own. */
  encodeHypers(firstStep: number, count: number): Uint8Array {
    const writer = new Writer();
    for (const hyper of this.#hypers) {
      encodeHyper(writer, this.className, hyper, this.#values.get(hyper.name) ?? null, firstStep, count);
    }
    return writer.finish();
  }

  #optionNames(): string[] {
    return [...this.#hypers.map((hyper) => hyper.name), ...this.#otherNames()];
  }

  #otherNames(): string[] {
    return [...Object.keys(this.#declaration.options), ...COMMON];
  }

  #readHypers(given: Map<string, unknown>): Map<string, HyperValue | null> {
    const what = this.#declaration.name;
    const values = new Map(this.#hypers.map((hyper) => [hyper.name, readHyper(what, hyper, given.get(hyper.name))]));
    const clips = CLIPS.filter((clip) => values.get(clip) !== null);
    if (clips.length > 1) throw fail('INVALID_VALUE', what, `at most one of ${CLIPS.join(', ')}`, clips.join(' and '));
    return values;
  }

  #change(given: Map<string, unknown>): void {
    const values = this.#readHypers(new Map([...this.#values, ...given]));
    for (const { onlyIf } of this.#declaration.states) {
      if (onlyIf === undefined || !values.has(onlyIf)) continue;
      if (this.#isOn(onlyIf) === (values.get(onlyIf) !== 0)) continue;
      const expected = this.#isOn(onlyIf) ? 'above 0 as before' : '0 as before';
      const hint = 'whether its state exists is fixed when the optimizer is made';
      throw fail('INVALID_VALUE', `${this.className}: ${onlyIf}`, expected, describeValue(given.get(onlyIf)), hint);
    }
    this.#values = values;
  }

  // A number is on unless it is the constant 0.
  #isOn(name: string): boolean {
    return this.#switches.get(name) ?? this.#values.get(name) !== 0;
  }
}
