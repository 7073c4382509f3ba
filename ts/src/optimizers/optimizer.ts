// What all optimizers share: options checked when given, configurations, and their encoding for the core. The arithmetic
// is in the core; this file computes nothing of a step.

import { later } from '../bring.js';
import {
  type Decay,
  type Needs,
  type OptimizerDeclaration,
  readOptions,
  readSwitch,
  type StateSpec,
} from '../declaration.js';
import { fail } from '../errors.js';
import { Writer } from '../graph/writer.js';
import { unitOf } from '../known.js';
import type { Variable } from '../variable.js';
import type { ApplyOptions, GradientPair, StepReport } from './apply.js';
import { Around } from './around.js';
import type { Values } from './averages.js';
import { readKeeping, type StateDtype } from './coded.js';
import { type Group, groupConfig } from './config.js';
import { averages } from './evaluated.js';
import { type GivenGroup, isIn, readGroups } from './groups.js';
import { type AfterStep, type BeforeStep, Hooks } from './hooks.js';
import type { HyperValue } from './hyper.js';
import { shapeNames } from './numbers.js';
import type { NamePattern, OptimizerConfig, OptimizerOptions } from './options.js';
import { matches, type OnNonFinite, patternData, readName, readPatterns, readPolicy, textsFor } from './read.js';
import { readGiven, Settings } from './settings.js';
import { memoryOf, type StateDict } from './state.js';
import { steps } from './steps.js';

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
  /** @internal Its numbers and switches. */
  readonly settings: Settings;
  /** @internal What is around its steps. */
  readonly around: Around;
  /** @internal Itself, then the optimizers of its groups: first those that it joins, for these are to stand side by side. */
  readonly parts: readonly Optimizer[];
  /** @internal What its rules and wrappers look at besides gradients. */
  readonly needs: ReadonlySet<Needs | undefined>;
  /** @internal What users want to happen around its steps. */
  readonly hooks: Hooks = new Hooks();

  /** Those without weight decay; and, for rules to which matrices are more than vectors, those that are none. */
  readonly #excluded: ReadonlyMap<string, readonly NamePattern[]>;
  readonly #groups: readonly Group[];
  #steps = 0;

  protected constructor(declaration: OptimizerDeclaration, options: Options) {
    const what = declaration.name;
    const given = readGiven(declaration, options);
    this.settings = new Settings(declaration, given);
    ({ parity: this.parity, decay: this.decay } = this.settings);
    this.maximize = readSwitch(what, 'maximize', given.get('maximize'), false);
    ({ stateDtype: this.stateDtype, lazy: this.lazy } = readKeeping(declaration, given));
    this.name = readName(what, given.get('name'));
    this.onNonFinite = readPolicy(what, given.get('onNonFinite'));
    const lists = ['excludeFromWeightDecay', ...shapeNames(declaration)];
    this.#excluded = new Map(lists.map((list) => [list, readPatterns(`${what}: ${list}`, given.get(list))]));
    this.around = new Around(what, given);
    this.#groups = readGroups(what, given.get('groups')).map((group) => this.#group(group, given));
    const others = this.#groups.flatMap(({ part }) => part ?? []);
    // An optimizer may be given for several groups.
    this.parts = [...new Set([this, ...others.filter((part) => this.joins(part)), ...others])];
    this.needs = new Set(this.parts.flatMap((part) => [part.settings.declaration.needs, ...part.around.needs]));
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
    const own = this.settings.read(what, group.options);
    const options = Object.fromEntries([...given, ...own, ['groups', undefined]]);
    const part = new (this.constructor as new (options: object) => Optimizer)(options);
    return { ...group, options: Object.fromEntries(own), part };
  }

  /** The name of the class, as it stands in configurations and files. */
  get className(): string {
    return this.settings.declaration.name;
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
  applyGradients(pairs: readonly GradientPair[], options?: ApplyOptions): StepReport {
    return steps()(this, pairs, options);
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
    return await (await later()).evaluatedValues(this, variables);
  }

  /** Whether it keeps a mean of the variables that may take their place. */
  get averages(): boolean {
    return averages(this);
  }

  /** Exchanges the variables and the means of them that `useEma` keeps. Throws INVALID_VALUE without. */
  async swapAverages(variables: readonly Variable[]): Promise<void> {
    await (await later()).swapAverages(this, variables);
  }

  /** Gives the variables the values of their means, as `fit` does at its end with `useEma`. Throws INVALID_VALUE without. */
  async finalizeVariableValues(variables: readonly Variable[]): Promise<void> {
    await (await later()).takeAverages(this, variables);
  }

  /** The learning rate: the number, schedule or function in use. A new one takes the place of whatever was there. */
  get learningRate(): HyperValue {
    return this.settings.get('learningRate');
  }

  set learningRate(value: HyperValue) {
    this.#change(new Map([['learningRate', value]]));
  }

  /**
   * Changes numbers such as `beta1` or `weightDecay` from the next step on: all of them, or none when one is refused.
   * What decides which state there is (switches; whether there is momentum at all) stays as it was made.
   */
  set(options: Partial<Options>): void {
    this.#change(this.settings.read(`${this.className}.set`, options));
  }

  /** All options, defaults filled in: plain data that `fromConfig` takes, also after JSON. */
  getConfig(): OptimizerConfig {
    return this.#config((_, patterns) => patternData(this.className, patterns));
  }

  /** @internal What a model's file holds: as `getConfig`, but with names that patterns match in their place. */
  configFor(variables: readonly string[]): OptimizerConfig {
    return this.#config((list, patterns) => textsFor(`${this.className}: ${list}`, patterns, variables));
  }

  // `data` makes plain data of the patterns of a list.
  #config(data: (list: string, patterns: readonly NamePattern[]) => unknown[]): OptimizerConfig {
    const { name, onNonFinite, parity, maximize, decay, stateDtype, lazy } = this;
    const weightDecayMode = decay === 'inside' ? null : decay;
    const common = { name, onNonFinite, parity, maximize, weightDecayMode, stateDtype, lazy };
    const excluded = [...this.#excluded].map(([list, patterns]) => [list, data(list, patterns)]);
    const own = { ...common, ...this.settings.config(), ...Object.fromEntries(excluded), ...this.around.getConfig() };
    const groups = this.#groups.map((group) => groupConfig(group, data('groups', group.patterns)));
    return { ...own, groups };
  }

  /** @internal Whether it tells variables apart by what no file may hold: regular expressions and functions. */
  get hasPatterns(): boolean {
    const lists = [...this.#excluded.values(), ...this.#groups.map(({ patterns }) => patterns)];
    return lists.some((patterns) => patterns.some((pattern) => typeof pattern !== 'string'));
  }

  /** An optimizer from what `getConfig` returned. Keras's configurations, in snake_case, are understood. */
  static fromConfig<T>(this: new (options: never) => T, config: object): T {
    return new this((config ?? {}) as never);
  }

  /** @internal The state tensors that each variable needs, in order; `around`: that of the optimizer it is a part of. */
  states(around = this.around): StateSpec[] {
    const all = this.settings.states();
    const { stateDtype: dtype } = this;
    const own = dtype === 'float32' ? all : all.map((spec) => (spec.shape === undefined ? { ...spec, dtype } : spec));
    return [...own, ...around.sharedStates(), ...this.around.wrapperStates()];
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

  /** @internal Whether weight decay applies to the variable of this name. */
  decays(variable: string): boolean {
    return !matches(this.#excluded.get('excludeFromWeightDecay') ?? [], variable);
  }

  /** @internal Whether its rule is to take the variable of this name for a vector, whatever its shape. */
  asVector(variable: string): boolean {
    const embedding = this.settings.has('excludeEmbeddings') && /embedding/i.test(variable);
    return embedding || matches(this.#excluded.get('excludeLayers') ?? [], variable);
  }

  /**
   * @internal What is fixed: name, number of flags, flags (the switches, then the numbers on which a state depends); the
   * wrappers, likewise.
   */
  encode(): Uint8Array {
    const writer = new Writer();
    this.settings.encode(writer);
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
    for (const part of this.parts) {
      part.settings.encodeHypers(writer, first, updates);
      for (const wrapper of part.around.wrappers) wrapper.encodeHypers(writer, first, updates);
    }
    return writer.finish();
  }

  #change(given: ReadonlyMap<string, unknown>): void {
    for (const change of this.#changes(given)) change();
  }

  // A group keeps the numbers that are its own. Nothing changes unless all of it can.
  #changes(given: ReadonlyMap<string, unknown>): (() => void)[] {
    const groups = this.#groups.flatMap(({ part, optimizer, options }) => {
      if (!part || optimizer !== undefined) return [];
      return part.#changes(new Map([...given].filter(([name]) => !(name in options))));
    });
    return [this.settings.changed(given), ...groups];
  }

  /** @internal What stays as long as its numbers do; undefined where they depend on the step. */
  get constancy(): number | undefined {
    const constant = this.parts.every(({ settings, around }) => {
      return settings.isConstant && around.wrappers.every((wrapper) => wrapper.isConstant);
    });
    return constant ? this.parts.reduce((changes, { settings }) => changes + settings.changes, 0) : undefined;
  }
}
