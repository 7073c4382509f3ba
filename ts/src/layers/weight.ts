// A variable of a layer. Its first values come from an initializer, the model's seed and its name, and are computed by
// the engine that first needs them: declaring a weight needs no engine, and the order of use changes no bit.

import type { Engine, LocalEngine } from '../engine/engine.js';
import { isLocal } from '../engine/engine.js';
import { defaultEngine, localEngine } from '../engine/load.js';
import type { Captured } from '../graph/tensor.js';
import type { Initializer } from '../initializers/index.js';
import type { Regularizer } from '../regularizers/index.js';
import { defaultSeed } from '../seed.js';
import { Variable } from '../variable.js';
import { fillFrom, fillFromNow } from './filling.js';

/** What a weight is declared with. */
export interface WeightDeclaration {
  /** Unique in a model: `dense/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer<object>;
  readonly trainable: boolean;
  readonly regularizer?: Regularizer<object> | undefined;
}

/** A variable that a layer declared with `addWeight`. */
export class Weight extends Variable<'float32'> {
  readonly initializer: Initializer<object>;
  /** What its values cost in a loss. */
  readonly regularizer: Regularizer<object> | undefined;
  #seed: number | undefined;
  #begun = false;
  #beginning: Promise<unknown> | undefined;

  constructor({ name, shape, initializer, trainable, regularizer }: WeightDeclaration) {
    super(0, shape, { name, dtype: 'float32', trainable });
    this.initializer = initializer;
    this.regularizer = regularizer;
  }

  /** @internal Gives it the seed of its model, unless it has one. */
  giveSeed(seed: number): void {
    this.#seed ??= seed;
  }

  override get data(): Float32Array {
    if (!this.#begun) this.placeNow(localEngine());
    return super.data;
  }

  override async read(): Promise<Float32Array> {
    if (!this.#begun) await this.place(await defaultEngine());
    return await super.read();
  }

  override assign(values: Captured): void {
    super.assign(values);
    this.#begun = true;
  }

  override async write(values: Captured): Promise<void> {
    await super.write(values);
    this.#begun = true;
  }

  /** @internal */
  override async place(engine: Engine): Promise<number> {
    if (isLocal(engine)) return this.placeNow(engine);
    const id = await super.place(engine);
    if (this.#begun) return id;
    this.#beginning ??= fillFrom(engine, id, this, this.#drawSeed()).finally(() => {
      this.#beginning = undefined;
    });
    await this.#beginning;
    this.#begun = true;
    return id;
  }

  /** @internal */
  override placeNow(engine: LocalEngine): number {
    const id = super.placeNow(engine);
    if (this.#begun) return id;
    fillFromNow(engine, id, this, this.#drawSeed());
    this.#begun = true;
    return id;
  }

  #drawSeed(): number {
    this.#seed ??= defaultSeed();
    return this.#seed;
  }
}
