// What `precision: 'fast'` changes, and what not. It is for the whole process, so each case runs in one of its own.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const entry = fileURLToPath(new URL('../../dist/whole/index.js', import.meta.url));
const native = process.env.DESCEND_ENGINE === 'native';

/** A convolution, a dense layer and Adam for three epochs: what `ready` said, the hash and the weights, for each of the options. */
async function trained(...options: object[]): Promise<{ precision: string; hash: string; weights: number[] }[]> {
  const code = `import { Conv2D, Dense, Flatten, Sequential, ready } from ${JSON.stringify(`file://${entry}`)};
    const x = { data: Float32Array.from({ length: 48 * 81 }, (_, i) => Math.sin(i * i)), shape: [48, 9, 9, 1] };
    const y = Uint8Array.from({ length: 48 }, (_, i) => i % 3);
    const results = [];
    for (const options of ${JSON.stringify(options)}) {
      const { precision } = await ready(options);
      const model = new Sequential([
        new Conv2D({ filters: 20, kernelSize: 3, activation: 'relu', inputShape: [9, 9, 1] }),
        new Flatten(), new Dense({ units: 3, activation: 'softmax' })], { seed: 1 });
      model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' });
      await model.fit(x, y, { epochs: 3, batchSize: 16, verbose: 0 });
      const weights = (await model.getWeights()).flatMap(({ data }) => [...data]);
      results.push({ precision, hash: await model.hash(), weights });
    }
    console.log(JSON.stringify(results));`;
  return JSON.parse((await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code])).stdout);
}

test('fast products: other bits where the processor fuses, the same on any number of threads, and there is a way back', async () => {
  const [plain, fast, more, back] = await trained(
    {},
    { precision: 'fast', threads: 1 },
    { threads: 3 },
    {
      precision: 'reproducible',
    },
  );
  expect(plain!.precision).toBe('reproducible');
  expect(back).toEqual(plain);
  expect(more).toEqual(fast);
  if (fast!.precision === 'reproducible') {
    // WASM, and processors without the instruction.
    expect(fast!.hash).toBe(plain!.hash);
    return;
  }
  expect(native).toBe(true);
  expect(fast!.hash).not.toBe(plain!.hash);
  // Adam's first steps are ± the learning rate whatever the gradient, so one in doubt may turn: most must be close.
  const apart = fast!.weights.map((weight, i) => Math.abs(weight - plain!.weights[i]!)).sort((a, b) => a - b);
  expect(apart[Math.floor(apart.length * 0.99)]).toBeLessThan(1e-5);
});
