// What few applications use, where descend fetches it when it is met: not in Node, whose entry has all of it at hand, but in
// browsers, for which this file stands with an entry of its own.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { brought } from '../../dist/bring.js';
import * as load from '../../dist/engine/load.js';
import { instantiate } from '../../dist/engine/wasm.source.js';
import * as descend from '../../dist/index.js';
import { Compilation } from '../../dist/models/compilation.js';
import type * as Load from '../../ts/src/engine/load.js';

const part = (name: string) => readFileSync(new URL(`../../dist/wasm/${name}.wasm`, import.meta.url));
(load as unknown as typeof Load).useLoaders({
  wasm: () => instantiate([part('descend'), part('descend.more')], 'build it'),
  rest: async () => (await import('../../dist/later.js')).knowAll(),
});

const x = { data: Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)), shape: [8, 2] };
const y = Float32Array.from({ length: 8 }, (_, i) => i % 2);

function network() {
  return new descend.Sequential([new descend.Dense({ units: 1, inputShape: [2] })], { seed: 7 });
}

describe('names that are fetched', () => {
  // First of all: from then on they are here.
  it('make calls wait, on copies of what they were given', async () => {
    const [named, made, other] = [network(), network(), network()];
    named.compile({ optimizer: 'nadam', loss: 'hinge' });
    other.compile({ loss: 'hinge' });
    other.compile({ loss: 'mse' });
    const { optimizer } = other;
    expect(() => named.optimizer).toThrow(expect.objectContaining({ code: 'PART_MISSING' }));
    const [data, targets] = [x.data.slice(), y.slice()];
    const running = named.fit({ data, shape: x.shape }, targets, { verbose: 0 });
    data.fill(Number.NaN);
    targets.fill(Number.NaN);
    expect(() => named.compile({ optimizer: 'sgd', loss: 'mse' })).toThrow(/fit has not finished/);
    await running;
    made.compile({ optimizer: new descend.Nadam(), loss: new descend.losses.Hinge() });
    await made.fit(x, y, { verbose: 0 });
    expect(await named.hash()).toBe(await made.hash());
    expect(other.optimizer).toBe(optimizer);
  });

  it('train as the objects that they mean', async () => {
    const named = network();
    named.compile({ optimizer: 'lion', loss: 'log_cosh', metrics: ['R2Score'] });
    const made = network();
    const { Lion, losses, metrics } = descend;
    made.compile({
      optimizer: new Lion(),
      loss: new losses.LogCosh(),
      metrics: [new metrics.R2Score({ name: 'R2Score' })],
    });
    const [first, second] = [await named.fit(x, y, { verbose: 0 }), await made.fit(x, y, { verbose: 0 })];
    expect(first.history).toEqual(second.history);
    expect(await named.hash()).toBe(await made.hash());
    expect(named.optimizer).toBeInstanceOf(Lion);
  });

  it('are fetched again by the call behind one whose fetch failed', async () => {
    let fetches = 0;
    const bring = () =>
      brought(async () => {
        if (++fetches < 3) throw new TypeError('Failed to fetch dynamically imported module');
        return { knowNames: () => {} };
      });
    const compilation = new Compilation(bring);
    let asked = 0;
    compilation.take(() => {
      if (++asked === 1) throw new descend.DescendError('PART_MISSING', 'loss: on its way');
      return 'what was compiled' as never;
    });
    const call = () => compilation.after([], async () => compilation.known);
    // The fetch that compile began, and that of the next call.
    for (let i = 0; i < 2; i++) {
      await expect(call()).rejects.toMatchObject({
        code: 'PART_MISSING',
        message: expect.stringMatching(/^descend: expected the part .* got TypeError: Failed to fetch .*again\)$/),
      });
    }
    expect(await call()).toBe('what was compiled');
    expect([fetches, asked]).toEqual([3, 2]);
  });

  it('are refused at once where there are none such', () => {
    const model = network();
    expect(() => model.compile({ optimizer: 'leon', loss: 'mse' })).toThrow(/did you mean Lion/);
    expect(() => model.compile({ loss: 'hinje' })).toThrow(/did you mean "Hinge"/);
    expect(() => model.compile({ loss: 'mse', metrics: ['precison'] })).toThrow(/did you mean "Precision"/);
  });

  it('save what they are part of', async () => {
    const model = network();
    model.compile({ optimizer: 'adagrad', loss: 'poisson' });
    const bytes = await model.toBytes();
    const again = await descend.loadModel(bytes);
    expect(again.optimizer).toBeInstanceOf(descend.Adagrad);
  });

  it('are all that there are', async () => {
    for (const [name, Class] of Object.entries(descend.losses)) {
      if (name !== 'Loss') expect(() => tryTo({ loss: name }), `${name} ${Class}`).not.toThrow();
    }
    for (const name of Object.keys(descend.metrics)) {
      const needsOptions = /^(Metric|MeanMetric|.*IoU|.*At(Recall|Precision|Specificity|Sensitivity))$/.test(name);
      if (!needsOptions) expect(() => tryTo({ loss: 'mse', metrics: [name] }), name).not.toThrow();
    }
    for (const { declaration } of descend.optimizers.OPTIMIZERS as unknown as { declaration: { name: string } }[]) {
      expect(() => tryTo({ optimizer: declaration.name, loss: 'mse' }), declaration.name).not.toThrow();
    }
  });
});

describe('steps by hand', () => {
  it('are there once `ready` is', async () => {
    const model = network();
    const [kernel] = model.weights;
    const step = () =>
      new descend.SGD({ learningRate: 1 }).applyGradients([[new Float32Array([1, 2]), kernel as never]]);
    expect(step).toThrow(expect.objectContaining({ code: 'NOT_READY' }));
    const [before] = await model.getWeights();
    await descend.ready();
    step();
    const [after] = await model.getWeights();
    expect(after?.data).toEqual(before?.data.map((w, i) => Math.fround(w - [1, 2][i]!)));
  });
});

function tryTo(options: { optimizer?: string; loss: string; metrics?: string[] }) {
  network().compile(options);
}
