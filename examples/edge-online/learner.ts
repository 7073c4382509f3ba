// A small model that learns from one event at a time, and the snapshots it survives by. Knows nothing of requests, nor what
// the storage is: a KV namespace, a Durable Object's storage, a Map.

import { Dense, loadModel, type Network, Rescaling, Sequential, SGD } from 'descend';
import { RESCALING } from './features.ts';

/** Where snapshots are kept. */
export interface Storage {
  get(name: string): Promise<ArrayBuffer | null | undefined>;
  put(name: string, bytes: Uint8Array): Promise<unknown>;
}

const SNAPSHOT = 'model.safetensors';

/** The model, and how it is used: one call at a time, in the order of the calls. */
export class Learner {
  readonly #model: Network;
  readonly #storage: Storage;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(model: Network, storage: Storage) {
    this.#model = model;
    this.#storage = storage;
  }

  /** The learner of the last snapshot, or one that has learned nothing yet. */
  static async open(storage: Storage): Promise<Learner> {
    const saved = await storage.get(SNAPSHOT);
    return new Learner(saved ? await loadModel(saved) : untrained(), storage);
  }

  /** Events learned from. */
  get learned(): number {
    return this.#model.optimizer.iterations;
  }

  /** The probability of a click. */
  predict(row: readonly number[]): Promise<number> {
    return this.#inTurn(async () => (await this.#model.predict([row])).data[0] as number);
  }

  /** Makes one step; gives the loss before it. */
  learn(row: readonly number[], label: 0 | 1): Promise<number> {
    return this.#inTurn(async () => (await this.#model.trainOnBatch([row], [label])).loss as number);
  }

  /** The model as a safetensors file, and the SHA-256 of its weights. */
  weights(): Promise<{ bytes: Uint8Array<ArrayBuffer>; hash: string }> {
    return this.#inTurn(async () => ({ bytes: await this.#model.toBytes(), hash: await this.#model.hash() }));
  }

  /** Keeps the model as it is now. */
  async snapshot(): Promise<void> {
    const { bytes } = await this.weights();
    await this.#storage.put(SNAPSHOT, bytes);
  }

  // The model refuses a second call while one is under way: here it waits.
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

function untrained(): Network {
  const layers = [
    new Rescaling(RESCALING),
    new Dense({ units: 32, activation: 'relu' }),
    new Dense({ units: 1, activation: 'sigmoid' }),
  ];
  const model = new Sequential(layers, { seed: 1 });
  model.compile({ optimizer: new SGD({ learningRate: 0.05 }), loss: 'binaryCrossentropy' });
  return model;
}
