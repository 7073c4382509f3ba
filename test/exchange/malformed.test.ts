// Files that are made to harm: bombs, loops, links that lead away. Each is refused by name, and none takes memory that
// its size does not account for. Damaged files are in test/fuzz.

import { readFileSync } from 'node:fs';
import { Dense, Sequential } from 'descend';
import { importKeras, importKerasWeights } from 'descend/exchange';
import { describe, expect, it } from 'vitest';
import { interopPath } from './cases.js';
import { zipOf } from './zip.mjs';

const model = (inputs: number, units: number): Sequential =>
  new Sequential([new Dense({ units, inputShape: [inputs], name: 'hidden' })]);

describe('HDF5', () => {
  const refused: Record<string, [reason: RegExp, inputs?: number, units?: number]> = {
    'bad-soft-link': [/got a link \(links are not followed\)/],
    'bad-external-link': [/got a link \(links are not followed\)/],
    'bad-external-data': [/got one in other files/],
    'bad-loop': [/an array with its shape, type and layout/],
    'bad-shape': [/weights of shape \[4, 5\], got \[1073741824, 256\]/],
    // A model as large as the file says: nothing of it is in the file.
    'bad-zeros': [/at most \d+ bytes of contents/, 2 ** 14, 2 ** 10],
    'bad-text': [/numbers of 1 to 8 bytes, got text/],
    'bad-complex': [/numbers of 1 to 8 bytes, got something else/],
  };
  for (const [name, [reason, inputs = 4, units = 5]] of Object.entries(refused)) {
    it(`refuses ${name}`, async () => {
      const before = process.memoryUsage().arrayBuffers;
      const call = importKerasWeights(model(inputs, units), interopPath(`${name}.h5`));
      await expect(call).rejects.toMatchObject({ code: 'FILE_FORMAT' });
      await expect(call).rejects.toThrow(reason);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
    });
  }

  it('refuses a tree that is its own branch', async () => {
    const bytes = new Uint8Array(readFileSync(interopPath('mlp.h5')));
    const at = Buffer.from(bytes).indexOf('TREE');
    const view = new DataView(bytes.buffer, at);
    // One level above leaves, and its child is itself.
    view.setUint8(5, 1);
    view.setBigUint64(32, BigInt(at), true);
    await expect(importKeras(bytes)).rejects.toThrow(/an index of names, got a loop/);
  });

  it('refuses every beginning of a file', async () => {
    const bytes = new Uint8Array(readFileSync(interopPath('mlp.h5')));
    for (let length = 0; length < bytes.length; length = Math.ceil(length * 1.3) + 1) {
      await expect(importKeras(bytes.slice(0, length))).rejects.toMatchObject({ code: 'FILE_FORMAT' });
    }
  });
});

describe('zip', () => {
  const zeros = new Uint8Array(2 ** 26);

  it('refuses bombs, honest and dishonest ones', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const honest = zipOf({ 'config.json': zeros, 'model.weights.h5': '' }, { deflate: true });
    await expect(importKeras(honest)).rejects.toThrow(/at most \d+ bytes of contents, got 67108864/);
    const liar = zipOf({ 'config.json': zeros, 'model.weights.h5': '' }, { deflate: true, size: 1000 });
    await expect(importKeras(liar)).rejects.toThrow(/1000 bytes, as its header says, got more/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
  });

  it('refuses damage, names twice and what is missing', async () => {
    const config = JSON.stringify({ class_name: 'Sequential', config: { layers: [] } });
    const archive = zipOf({ 'config.json': config });
    await expect(importKeras(archive)).rejects.toThrow(/a file model.weights.h5, got none/);
    const damaged = archive.slice();
    damaged[60] = (damaged[60] as number) ^ 1;
    await expect(importKeras(damaged)).rejects.toThrow(/checksum of config.json/);
    await expect(importKeras(archive.slice(0, -1))).rejects.toThrow(/a directory at its end/);
    const twice = Buffer.from(zipOf({ 'config.json': config, 'config.jsom': config }));
    for (let at = twice.indexOf('jsom'); at >= 0; at = twice.indexOf('jsom')) twice.write('json', at);
    await expect(importKeras(twice)).rejects.toThrow(/each name once/);
  });

  it('changes no prototype', async () => {
    const config = '{"class_name":"Sequential","config":{"__proto__":{"polluted":1},"layers":[],"name":"__proto__"}}';
    const archive = zipOf({
      'config.json': config,
      'model.weights.h5': readFileSync(interopPath('latest.weights.h5')),
    });
    await importKeras(archive).catch(() => undefined);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('refuses JSON without end', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    await expect(importKeras(zipOf({ 'config.json': deep }))).rejects.toMatchObject({ code: 'FILE_FORMAT' });
    const long = `[${'[],'.repeat(2_000_000)}0]`;
    await expect(importKeras(zipOf({ 'config.json': long }))).rejects.toThrow(/at most 4194304 bytes of JSON/);
  });
});
