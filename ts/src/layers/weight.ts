// A variable of a layer. Its first values come from an initializer, the model's seed and its name, and are computed by
// the engine that first needs them: declaring a weight needs no engine, and the order of use changes no bit.

import type { Constraint } from '../constraints/index.js';
import type { Engine, LocalEngine } from '../engine/engine.js';
import { isLocal } from '../engine/engine.js';
import { defaultEngine, localEngine } from '../engine/load.js';
import type { Captured, Tensor } from '../graph/tensor.js';
import type { Initializer } from '../initializers/index.js';
import type { Regularizer } from '../regularizers/index.js';
import { defaultSeed } from '../seed.js';
import { Variable } from '../variable.js';
import { fillFrom, fillFromNow } from './filling.js';

/** What a weight is declared with. */
export interface WeightDeclaration {
  /** With that of its layer: `dense/kernel`. */
  readonly name: string;
  /** Unique in its layer: `kernel`. */
  readonly ownName: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer<object>;
  readonly trainable: boolean;
  readonly regularizer?: Regularizer<object> | undefined;
  readonly constraint?: Constraint<object> | undefined;
}

/** A variable that a layer declared with `addWeight`. */
export class Weight extends Variable<'float32'> {
  /** Its name in its layer: `kernel`. */
  readonly ownName: string;
  readonly initializer: Initializer<object>;
  /** What its values cost in a loss. */
  readonly regularizer: Regularizer<object> | undefined;
  readonly #constraint: Constraint<object> | undefined;
  #seed: number | undefined;
  #stream: string | undefined;
  #chosen = false;
  #begun = false;
  #beginning: Promise<unknown> | undefined;

  constructor({ name, ownName, shape, initializer, trainable, regularizer, constraint }: WeightDeclaration) {
    super(0, shape, { name, dtype: 'float32', trainable });
    this.ownName = ownName;
    this.initializer = initializer;
    this.regularizer = regularizer;
    this.#constraint = constraint;
  }

  /** @internal */
  override get constraint(): ((x: Tensor) => Tensor) | undefined {
    return this.#constraint && ((x) => (this.#constraint as Constraint<object>).call(x));
  }

  /** @internal Takes over the name that its layer was given. */
  rename(name: string): void {
    (this as { name: string }).name = name;
  }

  /**
   * @internal Says what its first values depend on: the seed of its model and its name there. Stays with what it was told
   * first, unless that was by chance.
   */
  giveSeed(seed: number, stream: string, chosen: boolean): void {
    if (this.#chosen) return;
    this.#seed = seed;
    this.#stream = stream;
    this.#chosen = chosen;
  }

  /** @internal The name of its random numbers. */
  get stream(): string {
    return this.#stream ?? this.name;
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
