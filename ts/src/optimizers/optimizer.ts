// What all optimizers share: options checked when given, configurations, and their encoding for the core. The arithmetic
// is in the core; this file computes nothing of a step.

import {
  type Decay,
  type Hyper,
  type Needs,
  type OptimizerDeclaration,
  readOptions,
  readSwitch,
  readWord,
  type StateSpec,
} from '../declaration.js';
import { describeValue, fail } from '../errors.js';
import { SHARED } from '../generated/shared.js';
import { Writer } from '../graph/writer.js';
import type { Variable } from '../variable.js';
import { type ApplyOptions, applyGradients, type GradientPair, type StepReport } from './apply.js';
import { Around } from './around.js';
import { averages, evaluatedValues, swapAverages, takeAverages, type Values } from './averages.js';
import { readKeeping, type StateDtype } from './coded.js';
import { type Group, groupConfig, numberData } from './config.js';
import { type GivenGroup, isIn, readGroups } from './groups.js';
import { type AfterStep, type BeforeStep, Hooks } from './hooks.js';
import { encodeHyper, type HyperValue } from './hyper.js';
import { unitOf } from './named.js';
import { otherNames, readHypers, readNumbers, shapeNames } from './numbers.js';
import type { NamePattern, OptimizerConfig, OptimizerOptions, WeightDecayMode } from './options.js';
import {
  matches,
  type OnNonFinite,
  patternData,
  readName,
  readPatterns,
  readPolicy,
  textsFor,
  withDefault,
} from './read.js';
import { memoryOf, type StateDict } from './state.js';

const DECAYS: readonly WeightDecayMode[] = ['decoupled', 'coupled', 'independent'];

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
  /** How the rule's state of a variable's size is kept. */
  readonly stateDtype: StateDtype;
  /** Whether rows without a gradient stay as they are. */
  readonly lazy: boolean;
  /** @internal What becomes of weight decay. */
  readonly decay: Decay;
  /** @internal What is around its steps. */
  readonly around: Around;
  /** @internal Itself, then the optimizers of its groups: first those that it joins, for these are to stand side by side. */
  readonly parts: readonly Optimizer[];
  /** @internal What users want to happen around its steps. */
  readonly hooks: Hooks = new Hooks();

  readonly #declaration: OptimizerDeclaration;
  readonly #hypers: readonly Hyper[];
  #values: Map<string, HyperValue | null>;
  readonly #switches: Map<string, boolean>;
  /** Those without weight decay; and, for rules to which matrices are more than vectors, those that are none. */
  readonly #excluded: ReadonlyMap<string, readonly NamePattern[]>;
  readonly #groups: readonly Group[];
  readonly #needs: ReadonlySet<Needs | undefined>;
  #steps = 0;

  protected constructor(declaration: OptimizerDeclaration, options: Options) {
    this.#declaration = declaration;
    const what = declaration.name;
    const own = [...SHARED, ...declaration.hypers];
    const given = readOptions(what, options, [...own.map((hyper) => hyper.name), ...otherNames(declaration)]);
    const { origin, parities, sharedDefaults } = declaration;
    this.parity = readWord(what, 'parity', [origin, ...Object.keys(parities)], given.get('parity'));
    const parity = parities[this.parity] ?? declaration;
    const defaults = { ...sharedDefaults, ...('defaults' in parity ? parity.defaults : {}) };
    this.#hypers = own.map((hyper) => withDefault(hyper, defaults));
    this.maximize = readSwitch(what, 'maximize', given.get('maximize'), false);
    ({ stateDtype: this.stateDtype, lazy: this.lazy } = readKeeping(declaration, given));
    const mode = given.get('weightDecayMode') ?? null;
    this.decay = mode === null ? parity.decay : (readWord(what, 'weightDecayMode', DECAYS, mode) as Decay);
    this.#values = readHypers(declaration, this.#hypers, given);
    const switches = Object.entries(declaration.options);
    this.#switches = new Map(switches.map(([name, off]) => [name, readSwitch(what, name, given.get(name), off)]));
    for (const { shape } of declaration.states) if (typeof shape === 'object') this.countOf(shape.times);
    this.name = readName(what, given.get('name'));
    this.onNonFinite = readPolicy(what, given.get('onNonFinite'));
    const lists = ['excludeFromWeightDecay', ...shapeNames(declaration)];
    this.#excluded = new Map(lists.map((list) => [list, readPatterns(`${what}: ${list}`, given.get(list))]));
    this.around = new Around(what, given);
    this.#groups = readGroups(what, given.get('groups')).map((group) => this.#group(group, given));
    const others = this.#groups.flatMap(({ part }) => part ?? []);
    // An optimizer may be given for several groups.
    this.parts = [...new Set([this, ...others.filter((part) => this.joins(part)), ...others])];
    this.#needs = new Set(this.parts.flatMap((part) => [part.#declaration.needs, ...part.around.needs]));
    const { accumulate, lossScale } = this.around;
    if (declaration.needs === 'evaluations' && (accumulate > 1 || lossScale !== 1 || this.#groups.length > 0)) {
      const got = accumulate > 1 ? 'sums of gradients' : lossScale !== 1 ? 'a loss scale' : 'groups';
      throw fail('INVALID_VALUE', what, 'the gradients of all variables as they come', got);
    }
  }

  /** A group with the optimizer of its variables: the one given, or another of this class with other numbers. */
  #group(group: GivenGroup, given: ReadonlyMap<string, unknown>): Group {
    if (group.frozen) return { ...group, part: undefined };
    const what = `${this.className}: groups`;
    const { optimizer } = group;
    if (optimizer !== undefined) {
      return { ...group, part: optimizer instanceof Optimizer ? optimizer : unitOf('optimizer', optimizer, what) };
    }
    const own = readNumbers(what, this.#hypers, this.#declaration, group.options);
    const options = Object.fromEntries([...given, ...own, ['groups', undefined]]);
    const part = new (this.constructor as new (options: object) => Optimizer)(options);
    return { ...group, options: Object.fromEntries(own), part };
  }

  /** The name of the class, as it stands in configurations and files. */
  get className(): string {
    return this.#declaration.name;
  }

  /** How many updates it has made. */
  get iterations(): number {
    return Math.floor(this.#steps / this.around.accumulate);
  }

  /** @internal How many steps it has made, those that only add up gradients included. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Makes one step, at once. A gradient is an array of its variable's size, a variable, or rows of one by index
   * (`{ indices, values }`, see `lazy`). Rules that look at the loss want it in `options`. Throws NEEDS_LOSS without it,
   * NON_FINITE with the variable's name, SHAPE_MISMATCH, DUPLICATE_NAME, BUSY while a call uses a variable; nothing has
   * changed then.
   */
  applyGradients(pairs: readonly GradientPair[], options: ApplyOptions = {}): StepReport {
    return applyGradients(this, pairs, options);
  }

  /** @internal Whether its own rule looks at an estimate of the Hessian's diagonal. */
  get looksAtCurvature(): boolean {
    return this.#declaration.needs === 'curvature';
  }

  /** @internal What its rules and wrappers look at besides gradients. */
  get needs(): ReadonlySet<Needs | undefined> {
    return this.#needs;
  }

  /**
   * Calls `hook` before every step, with the number of steps made so far, when the variables are free to read and write;
   * in `fit` and `minimize` it is awaited. Returns what takes the hook away again.
   */
  beforeStep(hook: BeforeStep): () => void {
    return this.hooks.addBefore(hook, `${this.className}.beforeStep`);
  }

  /** The same after every step, with what it did. */
  afterStep(hook: AfterStep): () => void {
    return this.hooks.addAfter(hook, `${this.className}.afterStep`);
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
  setSteps(steps: number): void {
    this.#steps = steps;
  }

  /**
   * What is worth evaluating in the place of the variables, as `evaluate`, `predict` and `save` of models do: of
   * schedule-free rules their averages, else the variables themselves.
   */
  async evaluatedValues(variables: readonly Variable[]): Promise<Values[]> {
    return await evaluatedValues(this, variables);
  }

  /** Whether it keeps a mean of the variables that may take their place. */
  get averages(): boolean {
    return averages(this);
  }

  /** Exchanges the variables and the means of them that `useEma` keeps. Throws INVALID_VALUE without. */
  async swapAverages(variables: readonly Variable[]): Promise<void> {
    await swapAverages(this, variables);
  }

  /** Gives the variables the values of their means, as `fit` does at its end with `useEma`. Throws INVALID_VALUE without. */
  async finalizeVariableValues(variables: readonly Variable[]): Promise<void> {
    await takeAverages(this, variables);
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
    this.#change(readNumbers(`${this.className}.set`, this.#hypers, this.#declaration, options));
  }

  /** All options, defaults filled in: plain data that `fromConfig` takes, also after JSON. */
  getConfig(): OptimizerConfig {
    const excluded = [...this.#excluded].map(([list, patterns]) => [list, patternData(this.className, patterns)]);
    return this.#config(
      Object.fromEntries(excluded),
      this.#groups.map((group) => groupConfig(this.className, group)),
    );
  }

  #config(excluded: object, groups: unknown[]): OptimizerConfig {
    const { name, onNonFinite, parity, maximize, decay, stateDtype, lazy } = this;
    const weightDecayMode = decay === 'inside' ? null : decay;
    const values = [...this.#values].map(([option, value]) => [option, numberData(this.className, option, value)]);
    const numbers = Object.fromEntries([...values, ...this.#switches]);
    const common = { name, onNonFinite, parity, maximize, weightDecayMode, stateDtype, lazy };
    return { ...common, ...numbers, ...excluded, ...this.around.getConfig(), groups };
  }

  /** @internal Its options that are numbers at present, for `set`. */
  numbers(): Record<string, number> {
    return Object.fromEntries([...this.#values].filter(([, value]) => typeof value === 'number')) as Record<
      string,
      number
    >;
  }

  /** @internal Whether it tells variables apart by what no file may hold: regular expressions and functions. */
  get hasPatterns(): boolean {
    const lists = [...this.#excluded.values(), ...this.#groups.map(({ patterns }) => patterns)];
    return lists.some((patterns) => patterns.some((pattern) => typeof pattern !== 'string'));
  }

  /** @internal What a model's file holds: as `getConfig`, but with names that patterns match in their place. */
  configFor(variables: readonly string[]): OptimizerConfig {
    const texts = (what: string, patterns: readonly NamePattern[]) =>
      textsFor(`${this.className}: ${what}`, patterns, variables);
    const groups = this.#groups.map((group) => ({ ...group, patterns: texts('groups', group.patterns) }));
    const excluded = [...this.#excluded].map(([list, patterns]) => [list, texts(list, patterns)]);
    return this.#config(
      Object.fromEntries(excluded),
      groups.map((group) => groupConfig(this.className, group)),
    );
  }

  /** An optimizer from what `getConfig` returned. Keras's configurations, in snake_case, are understood. */
  static fromConfig<T>(this: new (options: never) => T, config: object): T {
    return new this((config ?? {}) as never);
  }

  /** @internal The state tensors that each variable needs, in order; `around`: that of the optimizer it is a part of. */
  states(around = this.around): StateSpec[] {
    const all = this.#declaration.states.filter(({ onlyIf }) => onlyIf === undefined || this.#isOn(onlyIf));
    const { stateDtype: dtype } = this;
    const own = dtype === 'float32' ? all : all.map((spec) => (spec.shape === undefined ? { ...spec, dtype } : spec));
    return [...own, ...around.sharedStates(), ...this.around.wrapperStates()];
  }

  /** @internal What the elements of a piece of state start with. Throws INVALID_VALUE where that changes with the step. */
  initialOf({ from }: StateSpec): number {
    if (from === undefined || typeof from === 'number') return from ?? 0;
    if (from === 'unset') return Number.NaN;
    const value = this.#values.get(from);
    if (typeof value === 'number') return value;
    const expected = 'a number, for state starts with it';
    throw fail('INVALID_VALUE', `${this.className}: ${from}`, expected, describeValue(value));
  }

  /** @internal Whether a part's gradients are clipped together with its own: those of groups without an optimizer of their own. */
  joins(part: Optimizer): boolean {
    return this.#groups.some((group) => group.part === part && group.optimizer === undefined);
  }

  /** @internal Which of `parts` has the variable of this name; undefined: it is frozen. */
  partOf(variable: string): Optimizer | undefined {
    const group = this.#groups.find((group) => isIn(group, variable));
    return group ? group.part : this;
  }

  /** @internal How the learning rule places variables, see `OptimizerDeclaration.between`: the state, and β now. */
  get between(): { state: string; share: HyperValue } | undefined {
    const { between } = this.#declaration;
    return between && { state: between[0], share: this.#values.get(between[1]) as HyperValue };
  }

  /** @internal A whole number that is fixed when the optimizer is made, for its state is as many times a parameter. */
  countOf(name: string): number {
    const value = this.#values.get(name);
    if (Number.isSafeInteger(value)) return value as number;
    throw fail('INVALID_VALUE', `${this.className}: ${name}`, 'a whole number', describeValue(value));
  }

  /** @internal Whether weight decay applies to the variable of this name. */
  decays(variable: string): boolean {
    return !matches(this.#excluded.get('excludeFromWeightDecay') ?? [], variable);
  }

  /** @internal Whether its rule is to take the variable of this name for a vector, whatever its shape. */
  asVector(variable: string): boolean {
    const embedding = this.#switches.get('excludeEmbeddings') && /embedding/i.test(variable);
    return embedding === true || matches(this.#excluded.get('excludeLayers') ?? [], variable);
  }

  /**
   * @internal What is fixed: name, number of flags, flags (the switches, then the numbers on which a state depends); the
   * wrappers, likewise.
   */
  encode(): Uint8Array {
    const writer = new Writer().str(this.className);
    const { hypers, states } = this.#declaration;
    const conditions = hypers.filter(({ name }) => states.some(({ onlyIf }) => onlyIf === name));
    const switches = [...this.#switches.values()];
    const rules = Object.keys(this.#declaration.parities).map((name) => name === this.parity);
    const flags = [...switches, ...rules, ...conditions.map(({ name }) => this.#isOn(name))];
    writer.varuint(flags.length);
    for (const flag of flags) writer.u8(flag ? 1 : 0);
    writer.varuint(this.around.wrappers.length);
    for (const wrapper of this.around.wrappers) wrapper.encode(writer);
    return writer.finish();
  }

  /** @internal The numbers of the `count` steps after `firstStep` others: those of each part. */
  encodeHypers(firstStep: number, count: number): Uint8Array {
    const { accumulate, countsMicroSteps } = this.around;
    const every = countsMicroSteps ? 1 : accumulate;
    const first = Math.floor(firstStep / every);
    const updates = Math.floor((firstStep + count - 1) / every) - first + 1;
    const writer = new Writer();
    for (const part of this.parts) part.#writeHypers(writer, first, updates);
    return writer.finish();
  }

  #writeHypers(writer: Writer, first: number, count: number): void {
    for (const hyper of this.#hypers) {
      encodeHyper(writer, this.className, hyper, this.#values.get(hyper.name) ?? null, first, count);
    }
    for (const wrapper of this.around.wrappers) wrapper.encodeHypers(writer, first, count);
  }

  #change(given: Map<string, unknown>): void {
    const values = readHypers(this.#declaration, this.#hypers, new Map([...this.#values, ...given]));
    for (const { onlyIf, shape } of this.#declaration.states) {
      if (typeof shape === 'object' && values.get(shape.times) !== this.#values.get(shape.times)) {
        const got = describeValue(given.get(shape.times));
        throw fail('INVALID_VALUE', `${this.className}: ${shape.times}`, 'that it was made with', got);
      }
      if (onlyIf === undefined || !values.has(onlyIf)) continue;
      if (this.#isOn(onlyIf) === (values.get(onlyIf) !== 0)) continue;
      const expected = this.#isOn(onlyIf) ? 'above 0 as before' : '0 as before';
      const hint = 'whether its state exists is fixed when the optimizer is made';
      throw fail('INVALID_VALUE', `${this.className}: ${onlyIf}`, expected, describeValue(given.get(onlyIf)), hint);
    }
    for (const { part, optimizer, options } of this.#groups) {
      // A group keeps the numbers that are its own.
      if (part && optimizer === undefined) part.#change(new Map([...given].filter(([name]) => !(name in options))));
    }
    this.#values = values;
  }

  // A number is on unless it is the constant 0.
  #isOn(name: string): boolean {
    return this.#switches.get(name) ?? this.#values.get(name) !== 0;
  }
}
