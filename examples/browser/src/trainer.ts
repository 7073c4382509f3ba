// The model and how it is trained: begun, paused at the end of an epoch, gone on with. Knows nothing of the page.

import {
  Dense,
  datasets,
  engineInfo,
  Flatten,
  loadModel,
  type Network,
  optimizers,
  Rescaling,
  ready,
  Sequential,
} from 'descend';

/** Optimizers, with a rate that suits this problem. Those that the package does not have are left out. */
export const OPTIMIZERS: readonly (readonly [name: string, rate: number])[] = (
  [
    ['Adam', 0.001],
    ['AdamW', 0.001],
    ['Nadam', 0.001],
    ['RMSprop', 0.0005],
    ['Adagrad', 0.02],
    ['Momentum', 0.01],
    ['SGD', 0.05],
    ['Lion', 0.0003],
  ] as const
).filter(([name]) => name in optimizers);

/** How a model is made and trained. */
export interface Settings {
  optimizer: string;
  learningRate: number;
  hidden: readonly number[];
}

/** What an epoch came to. */
export interface Epoch {
  readonly loss: number;
  readonly accuracy: number;
  readonly heldOutLoss: number;
  readonly heldOutAccuracy: number;
  readonly samplesPerSecond: number;
}

/** Epochs in a run; a further one goes on. */
const EPOCHS = 60;
const BATCH = 32;
const SEED = 42;

// A page that is not looked at gets no frames.
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => resolve());
    setTimeout(resolve, 100);
  });
}

/** Loads the digits and an engine. */
export async function prepare(): Promise<datasets.TrainTest> {
  await ready();
  return await datasets.loadDigits({ seed: 1 });
}

/** A model in training. */
export class Trainer {
  /** Epochs done, in order; of a loaded model those since then. */
  readonly epochs: Epoch[] = [];
  /** Epochs that a loaded model has behind it. */
  before = 0;
  /** What a loaded model came to on the held-out digits. */
  measured: { readonly loss: number; readonly accuracy: number } | undefined;
  /** Called after each epoch, with the model at rest; a promise is waited for. */
  onEpoch: () => unknown = () => undefined;
  settings: Settings;
  #model: Network;
  #run: Promise<unknown> | undefined;
  #target = 0;
  #pause = false;
  readonly #data: datasets.TrainTest;

  constructor(data: datasets.TrainTest, settings: Settings) {
    this.#data = data;
    this.settings = { ...settings };
    this.#model = this.#fresh();
  }

  get running(): boolean {
    return this.#run !== undefined;
  }

  get epoch(): number {
    return this.before + this.epochs.length;
  }

  /** The epoch at which it will stop by itself. */
  get target(): number {
    return this.#target;
  }

  /** Trains until the target or a pause; from the target on, as long again. Resolves when it has stopped. */
  async start(): Promise<void> {
    if (this.#run) return;
    if (this.epoch >= this.#target) this.#target = this.epoch + EPOCHS;
    this.#pause = false;
    this.#run = this.#fit();
    try {
      await this.#run;
    } finally {
      this.#run = undefined;
    }
  }

  /** Stops at the end of the epoch under way. */
  async pause(): Promise<void> {
    this.#pause = true;
    await this.#run;
  }

  /** A new model of new layers. */
  async reset(settings: Settings): Promise<void> {
    await this.pause();
    this.settings = { ...settings };
    this.#replace(this.#fresh(), 0);
    this.#target = 0;
  }

  /** Trains the same weights in another way from here on; another optimizer ends a run. */
  async retune(optimizer: string, learningRate: number): Promise<void> {
    const other = optimizer !== this.settings.optimizer;
    this.settings = { ...this.settings, optimizer, learningRate };
    if (!other) {
      this.#model.optimizer.learningRate = learningRate;
      return;
    }
    await this.pause();
    this.#compile(this.#model);
  }

  /** Goes on with a saved model. */
  async load(bytes: ArrayBuffer): Promise<void> {
    const model = await loadModel(bytes);
    const [input, output] = [model.inputShape.join('x'), model.outputShapes.at(-1)?.join('x')];
    if (input !== '8x8' || output !== '10') {
      model.dispose();
      throw new Error(
        `This page wants a model from 8x8 pixels to 10 digits; the file has one from ${input} to ${output}.`,
      );
    }
    await this.pause();
    const hidden = model.layers.filter((layer) => layer instanceof Dense).map(({ units }) => units);
    this.settings = { ...this.settings, hidden: hidden.slice(0, -1) };
    const { optimizer } = this.#hasOptimizer(model) ? model : this.#compile(model);
    const { className, learningRate, iterations } = optimizer;
    this.settings.optimizer = className;
    if (typeof learningRate === 'number') this.settings.learningRate = learningRate;
    this.#replace(model, Math.round(iterations / this.#stepsPerEpoch));
    const { test } = this.#data;
    const { loss = Number.NaN, accuracy = Number.NaN } = await model.evaluate(test.x, test.y, { batchSize: 512 });
    this.measured = { loss, accuracy };
    this.#target = 0;
  }

  /** Moves the model to an engine in a Worker, or back to this page. Throws where there is none; all is then as before. */
  async moveTo(worker: boolean): Promise<void> {
    await this.pause();
    await ready({ worker });
    const model = await loadModel(await this.#model.toBytes());
    this.#model.dispose();
    this.#model = model;
  }

  /** The model as a file, for Node and everywhere else. */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    await this.pause();
    return await this.#model.toBytes();
  }

  /** SHA-256 of the weights. */
  async hash(): Promise<string> {
    return await this.#model.hash();
  }

  /** Probabilities of the ten digits. While it trains, only from within `onEpoch`. */
  async predict(pixels: Uint8Array): Promise<Float32Array> {
    return (await this.#model.predict({ data: pixels, shape: [1, 8, 8] })).data;
  }

  /** One of the held-out digits: its pixels and what it is. */
  heldOut(i: number): { pixels: Uint8Array; label: number } {
    const { x, y } = this.#data.test;
    const at = i % y.data.length;
    return { pixels: Uint8Array.from(x.data.subarray(64 * at, 64 * at + 64)), label: y.data[at] as number };
  }

  get engine(): string {
    const { name, simd, worker } = engineInfo();
    return `${name} · ${simd} · ${worker ? 'in a Worker' : 'in this page'}`;
  }

  async #fit(): Promise<void> {
    const { train, test } = this.#data;
    let begun = performance.now();
    await this.#model.fit(train.x, train.y, {
      epochs: this.#target,
      initialEpoch: this.epoch,
      batchSize: BATCH,
      validationData: [test.x, test.y],
      verbose: 0,
      callbacks: [
        {
          onEpochEnd: async (_, logs) => {
            const seconds = (performance.now() - begun) / 1000;
            this.epochs.push({
              loss: logs.loss as number,
              accuracy: logs.accuracy as number,
              heldOutLoss: logs.val_loss as number,
              heldOutAccuracy: logs.val_accuracy as number,
              samplesPerSecond: (train.x.shape[0] as number) / seconds,
            });
            await this.onEpoch();
            // An epoch takes some milliseconds: at one in two frames the eye can follow, and a pause comes in time.
            await nextFrame();
            await nextFrame();
            if (this.#pause) this.#model.stopTraining = true;
            begun = performance.now();
          },
        },
      ],
    });
  }

  get #stepsPerEpoch(): number {
    return Math.ceil((this.#data.train.x.shape[0] as number) / BATCH);
  }

  #fresh(): Network {
    const hidden = this.settings.hidden.map((units) => new Dense({ units, activation: 'relu' }));
    const first = [new Rescaling({ scale: 1 / 16, inputShape: [8, 8] }), new Flatten()];
    const model = new Sequential([...first, ...hidden, new Dense({ units: 10, activation: 'softmax' })], {
      seed: SEED,
    });
    return this.#compile(model);
  }

  #compile(model: Network): Network {
    const { optimizer: className, learningRate } = this.settings;
    const optimizer = optimizers.get({ className, config: { learningRate } });
    model.compile({ optimizer, loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    return model;
  }

  #hasOptimizer(model: Network): boolean {
    try {
      return model.optimizer !== undefined;
    } catch {
      return false;
    }
  }

  #replace(model: Network, before: number): void {
    this.#model.dispose();
    this.#model = model;
    this.epochs.length = 0;
    this.measured = undefined;
    this.before = before;
  }
}
