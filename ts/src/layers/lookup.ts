// Words and numbers of tables as whole numbers, before a model sees them: by a vocabulary, or by a hash. They run here, on
// whole columns; strings never reach an engine.

import { describeValue, fail } from '../errors.js';
import { hash } from '../graph/trace.js';
import { wholeNumber } from '../numbers.js';
import { assertOptions, type Config, type Unit } from '../units.js';

/** Options of StringLookup and IntegerLookup. */
export interface LookupOptions<T> {
  /** What is known, in order. Without it `adapt` finds it. */
  vocabulary?: readonly T[];
  /** How many numbers what is not known shares, at least 0. Default 1. */
  numOovIndices?: number;
  /** Most entries, the most frequent ones, with those for what is not known. Default: all. */
  maxTokens?: number | null;
  /** What gets the number 0, such as '' for no word: what an Embedding with maskZero leaves out. Default: nothing. */
  maskToken?: T | null;
}

/** Entries of a vocabulary as their numbers. */
abstract class Lookup<T extends string | number> implements Unit {
  readonly numOovIndices: number;
  readonly maxTokens: number | null;
  readonly maskToken: T | null;
  #vocabulary: readonly T[] | undefined;
  #numbers = new Map<T, number>();

  constructor(what: string, options: LookupOptions<T>) {
    assertOptions(what, options, ['vocabulary', 'numOovIndices', 'maxTokens', 'maskToken']);
    const { vocabulary, numOovIndices = 1, maxTokens = null, maskToken = null } = options;
    this.numOovIndices = wholeNumber(numOovIndices, `${what} numOovIndices`, 0);
    this.maxTokens = maxTokens === null ? null : wholeNumber(maxTokens, `${what} maxTokens`, 1);
    this.maskToken = maskToken === null ? null : this.check(maskToken);
    if (vocabulary !== undefined) this.#know(vocabulary.map((entry) => this.check(entry)));
  }

  /** `entry`, if it is of the kind that can be looked up. Throws INVALID_VALUE. */
  protected abstract check(entry: unknown): T;

  /** The vocabulary: where what is not known has numbers, behind them. Throws NOT_BUILT. */
  get vocabulary(): readonly T[] {
    if (this.#vocabulary) return this.#vocabulary;
    throw fail('NOT_BUILT', 'lookup', 'a vocabulary', 'none', 'give one, or call adapt(values)');
  }

  /** How many numbers there are: `inputDim` of an Embedding behind it, `numTokens` of a CategoryEncoding. */
  get vocabularySize(): number {
    return this.#offset + this.vocabulary.length;
  }

  /** Takes as vocabulary what `values` hold, the most frequent first, of equally frequent ones the larger, as in Keras. */
  adapt(values: Iterable<T>): void {
    const counts = new Map<T, number>();
    for (const value of values) {
      const entry = this.check(value);
      if (entry !== this.maskToken) counts.set(entry, (counts.get(entry) ?? 0) + 1);
    }
    const ordered = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? 1 : -1)).map(([entry]) => entry);
    this.#know(this.maxTokens === null ? ordered : ordered.slice(0, Math.max(0, this.maxTokens - this.#offset)));
  }

  /** The number of each value. Throws INVALID_VALUE for one not known where such have no numbers. */
  call(values: Iterable<T>): Int32Array {
    const numbers = this.vocabulary && this.#numbers;
    return Int32Array.from(values, (value) => {
      const entry = this.check(value);
      if (entry === this.maskToken) return 0;
      return numbers.get(entry) ?? this.#unknown(entry);
    });
  }

  getConfig(): Config {
    const { numOovIndices, maxTokens, maskToken } = this;
    return { numOovIndices, maxTokens, maskToken, ...(this.#vocabulary && { vocabulary: [...this.#vocabulary] }) };
  }

  /** One made with the options of another. */
  static fromConfig<L>(this: new (options: never) => L, config: Config): L {
    return new this(config as never);
  }

  get #offset(): number {
    return this.numOovIndices + (this.maskToken === null ? 0 : 1);
  }

  #unknown(entry: T): number {
    if (this.numOovIndices === 0) {
      throw fail(
        'INVALID_VALUE',
        'lookup',
        'a value of the vocabulary',
        describeValue(entry),
        'set numOovIndices to 1',
      );
    }
    return this.#offset - this.numOovIndices + (hash(String(entry)) % this.numOovIndices);
  }

  #know(vocabulary: readonly T[]): void {
    const twice = vocabulary.find((entry, i) => vocabulary.indexOf(entry, i + 1) >= 0 && vocabulary.length < 1000);
    this.#numbers = new Map(vocabulary.map((entry, i) => [entry, this.#offset + i]));
    if (this.#numbers.size < vocabulary.length) {
      throw fail('DUPLICATE_NAME', 'vocabulary', 'each entry once', `${describeValue(twice)} twice`);
    }
    this.#vocabulary = vocabulary;
  }
}

/** Words as numbers: 0 for the mask token if there is one, then what is not known, then the vocabulary. */
export class StringLookup extends Lookup<string> {
  static readonly className: string = 'StringLookup';

  constructor(options: LookupOptions<string> = {}) {
    super('StringLookup', options);
  }

  protected override check(entry: unknown): string {
    if (typeof entry === 'string') return entry;
    throw fail('INVALID_VALUE', 'StringLookup', 'texts', describeValue(entry));
  }
}

/** Whole numbers of any kind, such as identifiers, as numbers from 0 on. */
export class IntegerLookup extends Lookup<number> {
  static readonly className: string = 'IntegerLookup';

  constructor(options: LookupOptions<number> = {}) {
    super('IntegerLookup', options);
  }

  protected override check(entry: unknown): number {
    if (Number.isSafeInteger(entry)) return entry as number;
    throw fail('INVALID_VALUE', 'IntegerLookup', 'whole numbers', describeValue(entry));
  }
}

/** Options of Hashing. */
export interface HashingOptions {
  /** How many numbers there are. */
  numBins: number;
  /** What gets the number 0, which nothing else then gets. Default: nothing. */
  maskValue?: string | number | null;
}

/**
 * Texts and numbers as numbers below `numBins`, by the FNV-1a hash of what they are written as: no vocabulary, but two may
 * get one number. Keras takes another hash, so its numbers differ.
 */
export class Hashing implements Unit {
  static readonly className: string = 'Hashing';
  readonly numBins: number;
  readonly maskValue: string | number | null;

  constructor(options: HashingOptions) {
    assertOptions('Hashing', options, ['numBins', 'maskValue']);
    const { numBins, maskValue = null } = options;
    this.maskValue = maskValue;
    this.numBins = wholeNumber(numBins, 'Hashing numBins', maskValue === null ? 1 : 2);
  }

  /** The number of each value. */
  call(values: Iterable<string | number>): Int32Array {
    const first = this.maskValue === null ? 0 : 1;
    const bins = this.numBins - first;
    return Int32Array.from(values, (value) =>
      first === 1 && value === this.maskValue ? 0 : first + (hash(String(value)) % bins),
    );
  }

  getConfig(): Config {
    return { numBins: this.numBins, maskValue: this.maskValue };
  }

  /** One made with the options of another. */
  static fromConfig(config: Config): Hashing {
    return new Hashing(config as unknown as HashingOptions);
  }
}
