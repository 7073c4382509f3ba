// The numbers and switches of an optimizer: read when it is made, held to their ranges, changed all or none, and written
// for the core. The rest of its options are not known here.

import {
  type Decay,
  type Hyper,
  type OptimizerDeclaration,
  readOptions,
  readSwitch,
  readWord,
  type StateSpec,
} from '../declaration.js';
import { describeValue, fail } from '../errors.js';
import { SHARED } from '../generated/shared.js';
import type { Writer } from '../graph/writer.js';
import { numberData } from './config.js';
import { encodeHyper, type HyperValue } from './hyper.js';
import { otherNames, readHypers, readNumbers } from './numbers.js';
import type { WeightDecayMode } from './options.js';
import { withDefault } from './read.js';

const DECAYS: readonly WeightDecayMode[] = ['decoupled', 'coupled', 'independent'];

/** The options given to an optimizer, by their known names. Throws UNKNOWN_OPTION, DUPLICATE_NAME, INVALID_VALUE. */
export function readGiven(declaration: OptimizerDeclaration, options: object): Map<string, unknown> {
  const numbers = [...SHARED, ...declaration.hypers].map(({ name }) => name);
  return readOptions(declaration.name, options, [...numbers, ...otherNames(declaration)]);
}

/** What an optimizer computes with. */
export class Settings {
  readonly declaration: OptimizerDeclaration;
  /** Whose rule and defaults. */
  readonly parity: string;
  /** What becomes of weight decay. */
  readonly decay: Decay;
  /** All numbers, in the order in which the core wants them. */
  readonly #hypers: readonly Hyper[];
  #values: Map<string, HyperValue | null>;
  #changes = 0;
  #isConstant: boolean;
  readonly #switches: ReadonlyMap<string, boolean>;

  constructor(declaration: OptimizerDeclaration, given: ReadonlyMap<string, unknown>) {
    const { name: what, origin, parities, sharedDefaults } = declaration;
    this.declaration = declaration;
    this.parity = readWord(what, 'parity', [origin, ...Object.keys(parities)], given.get('parity'));
    const parity = parities[this.parity] ?? declaration;
    const mode = given.get('weightDecayMode') ?? null;
    this.decay = mode === null ? parity.decay : (readWord(what, 'weightDecayMode', DECAYS, mode) as Decay);
    const defaults = { ...sharedDefaults, ...('defaults' in parity ? parity.defaults : {}) };
    this.#hypers = [...SHARED, ...declaration.hypers].map((hyper) => withDefault(hyper, defaults));
    this.#values = readHypers(declaration, this.#hypers, given);
    this.#isConstant = areConstant(this.#values);
    const switches = Object.entries(declaration.options);
    this.#switches = new Map(switches.map(([name, off]) => [name, readSwitch(what, name, given.get(name), off)]));
    for (const { shape } of declaration.states) if (typeof shape === 'object') this.countOf(shape.times);
  }

  /** A number, as it was given. */
  get(name: string): HyperValue {
    return this.#values.get(name) as HyperValue;
  }

  /** How often numbers were changed. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether the numbers are the same at every step. */
  get isConstant(): boolean {
    return this.#isConstant;
  }

  /** Whether there is such a switch and it is on. */
  has(option: string): boolean {
    return this.#switches.get(option) === true;
  }

  /** Whether a switch is on, or a number anything but the constant 0. */
  isOn(name: string): boolean {
    return this.#switches.get(name) ?? this.#values.get(name) !== 0;
  }

  /** A whole number that is fixed when the optimizer is made, for its state is as many times a parameter. */
  countOf(name: string): number {
    const value = this.#values.get(name);
    if (Number.isSafeInteger(value)) return value as number;
    throw fail('INVALID_VALUE', `${this.declaration.name}: ${name}`, 'a whole number', describeValue(value));
  }

  /** What the elements of a piece of state start with. Throws INVALID_VALUE where that changes with the step. */
  initialOf({ from }: StateSpec): number {
    if (from === undefined || typeof from === 'number') return from ?? 0;
    if (from === 'unset') return Number.NaN;
    const value = this.#values.get(from);
    if (typeof value === 'number') return value;
    const expected = 'a number, for state starts with it';
    throw fail('INVALID_VALUE', `${this.declaration.name}: ${from}`, expected, describeValue(value));
  }

  /** How the learning rule places variables, see `OptimizerDeclaration.between`: the state, and β now. */
  get between(): { state: string; share: HyperValue } | undefined {
    const { between } = this.declaration;
    return between && { state: between[0], share: this.get(between[1]) };
  }

  /** How many copies of the parameters a step works in, at most, besides what its plan has. */
  get workingCopies(): number {
    const { work } = this.declaration;
    if (work === undefined) return 0;
    const times = this.#values.get(work.times);
    return work.rows + work.each * (typeof times === 'number' ? Math.floor(times) : 0);
  }

  /** The rule's own state. */
  states(): StateSpec[] {
    return this.declaration.states.filter(({ onlyIf }) => onlyIf === undefined || this.isOn(onlyIf));
  }

  /** The options given for `what`, all of which must be numbers. */
  read(what: string, options: object): Map<string, unknown> {
    return readNumbers(what, this.#hypers, this.declaration, options);
  }

  /** What takes over the numbers given: all of them, or none where one is refused now. */
  changed(given: ReadonlyMap<string, unknown>): () => void {
    const { declaration } = this;
    const values = readHypers(declaration, this.#hypers, new Map([...this.#values, ...given]));
    const refuse = (name: string, expected: string, hint?: string): never => {
      throw fail('INVALID_VALUE', `${declaration.name}: ${name}`, expected, describeValue(given.get(name)), hint);
    };
    for (const { onlyIf, shape } of declaration.states) {
      if (typeof shape === 'object' && values.get(shape.times) !== this.#values.get(shape.times)) {
        refuse(shape.times, 'that it was made with');
      }
      if (onlyIf === undefined || !values.has(onlyIf)) continue;
      if (this.isOn(onlyIf) === (values.get(onlyIf) !== 0)) continue;
      const hint = 'whether its state exists is fixed when the optimizer is made';
      refuse(onlyIf, this.isOn(onlyIf) ? 'above 0 as before' : '0 as before', hint);
    }
    return () => {
      this.#values = values;
      this.#isConstant = areConstant(values);
      this.#changes++;
    };
  }

  /** All of it as plain data. Throws INVALID_VALUE for functions. */
  config(): Record<string, unknown> {
    const what = this.declaration.name;
    const values = [...this.#values].map(([name, value]) => [name, numberData(what, name, value)] as const);
    return Object.fromEntries([...values, ...this.#switches]);
  }

  /** Those that are numbers at present. */
  numbers(): Record<string, number> {
    const numbers = [...this.#values].filter(([, value]) => typeof value === 'number');
    return Object.fromEntries(numbers) as Record<string, number>;
  }

  /** Writes what is fixed: name, number of flags, flags (the switches, the parities, the numbers on which a state depends). */
  encode(writer: Writer): void {
    const { name, hypers, states, parities } = this.declaration;
    const conditions = hypers.filter((hyper) => states.some(({ onlyIf }) => onlyIf === hyper.name));
    const rules = Object.keys(parities).map((parity) => parity === this.parity);
    const flags = [...this.#switches.values(), ...rules, ...conditions.map((hyper) => this.isOn(hyper.name))];
    writer.str(name).varuint(flags.length);
    for (const flag of flags) writer.u8(flag ? 1 : 0);
  }

  /** Writes the numbers of the `count` updates from the `first`. */
  encodeHypers(writer: Writer, first: number, count: number): void {
    for (const hyper of this.#hypers) {
      encodeHyper(writer, this.declaration.name, hyper, this.#values.get(hyper.name) ?? null, first, count);
    }
  }
}

function areConstant(values: ReadonlyMap<string, HyperValue | null>): boolean {
  return [...values.values()].every((value) => value === null || typeof value === 'number');
}
