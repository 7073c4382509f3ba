// The progress line on a terminal, in a file and in silence, with a clock that the test turns.

import { describe, expect, test } from 'vitest';
import { Progress, type Verbosity } from '../../ts/src/progress.js';

interface Screen {
  progress: Progress;
  writes: string[];
  clock: { time: number };
}

function screen(verbose: Verbosity, terminal: { isTTY?: boolean; columns?: number } = {}): Screen {
  const writes: string[] = [];
  const clock = { time: 1000 };
  const stream = { write: (text: string) => writes.push(text), ...terminal };
  return { progress: new Progress({ verbose, stream, now: () => clock.time }), writes, clock };
}

/** What stands on a terminal after `writes`: carriage returns and clear-to-end-of-line carried out. */
function shown(writes: readonly string[]): string[] {
  return writes
    .join('')
    .split('\n')
    .map((line) => line.split('\r').reduce((old, text) => overwrite(old, text), ''));
}

function overwrite(old: string, text: string): string {
  const cleared = text.indexOf('\x1b[K');
  return cleared >= 0 ? text.slice(0, cleared) : text + old.slice(text.length);
}

const TTY = { isTTY: true, columns: 120 };

describe('on a terminal', () => {
  test('a live line with bar, speed, loss, metrics and time left', () => {
    const { progress, writes, clock } = screen(1, TTY);
    progress.begin('Epoch 2/5', 10_000);
    clock.time += 2000;
    progress.update(4500, { loss: 0.123_44, accuracy: 0.97 });
    expect(shown(writes)).toEqual([
      'Epoch 2/5  [=============>                ] 45%  2,250 samples/s  loss 0.1234  accuracy 0.9700  0:03 left',
    ]);
    clock.time += 2000;
    progress.finish({ loss: 0.1, accuracy: 0.98, val_loss: 0.2 });
    progress.end();
    expect(shown(writes)).toEqual([
      'Epoch 2/5  [==============================] 100%  2,500 samples/s  loss 0.1000  accuracy 0.9800  val_loss 0.2000  4.0 s',
      '',
    ]);
  });

  test('at most ten redraws a second', () => {
    const { progress, writes, clock } = screen(1, TTY);
    progress.begin('Epoch 1/1', 10_000);
    for (let i = 1; i <= 10_000; i++) {
      clock.time += 1;
      progress.update(i, { loss: 1 });
    }
    expect(writes.length).toBeLessThanOrEqual(100);
    expect(writes.length).toBeGreaterThanOrEqual(99);
  });

  test.each([1, 10, 20, 40, 60, 80, 200])('never wraps in %i columns', (columns) => {
    const { progress, writes, clock } = screen(1, { isTTY: true, columns });
    progress.begin('Epoch 1/100', 60_000);
    for (const done of [1, 30_000, 60_000]) {
      clock.time += 5_000_000;
      progress.update(done, { loss: 12.345_67, accuracy: 0.5, val_loss: 1e-9 });
      expect(shown(writes).at(-1)?.length).toBeLessThan(Math.max(columns, 2));
    }
    progress.finish({ loss: 1 });
    expect(shown(writes).at(-2)?.length).toBeLessThan(Math.max(columns, 2));
  });

  test('one line stays per epoch, and a shorter one leaves nothing of a longer', () => {
    const { progress, writes, clock } = screen(1, TTY);
    for (let epoch = 1; epoch <= 3; epoch++) {
      progress.begin(`Epoch ${epoch}/3`, 100);
      clock.time += 500;
      progress.update(50, { loss: 1, a_metric_with_a_long_name: 0.5 });
      clock.time += 500;
      progress.finish({ loss: 1 });
    }
    progress.end();
    const lines = shown(writes);
    expect(lines).toHaveLength(4);
    for (const line of lines.slice(0, 3)) expect(line).toMatch(/^Epoch \d\/3 {2}\[=+\] 100%.*loss 1\.0000 {2}1\.0 s$/);
  });

  test('an epoch broken off ends with a line break, once', () => {
    const { progress, writes, clock } = screen(1, TTY);
    progress.begin('Epoch 1/2', 100);
    clock.time += 500;
    progress.update(50, { loss: 1 });
    progress.end();
    progress.end();
    expect(writes.filter((text) => text === '\n')).toHaveLength(1);
  });

  test('samples are counted where their number is unknown', () => {
    const { progress, writes, clock } = screen(1, TTY);
    progress.begin('Epoch 1/1', undefined);
    clock.time += 1000;
    progress.update(1_234_567, { loss: 1 });
    expect(shown(writes)).toEqual(['Epoch 1/1  1,234,567 samples  1,234,567 samples/s  loss 1.0000']);
  });

  test('an empty epoch, no time passed and odd numbers do no harm', () => {
    const { progress, writes } = screen(1, TTY);
    progress.begin('Epoch 1/1', 0);
    progress.update(0, {});
    progress.finish({ loss: Number.NaN, a: Number.POSITIVE_INFINITY, b: 0, c: -1e-5, d: 123_456 });
    expect(shown(writes)[0]).toBe(
      'Epoch 1/1  0 samples  loss NaN  a Infinity  b 0.0000  c -1.000e-5  d 1.235e+5  0.0 s',
    );
  });

  test('names cannot steer the terminal', () => {
    const { progress, writes } = screen(1, TTY);
    progress.begin('Epoch 1/1', 10);
    progress.finish({ '\x1b[2J\rloss\n': 1 });
    expect(shown(writes)[0]).toContain('[2Jloss 1.0000');
  });
});

describe('elsewhere', () => {
  test.each([
    ['no terminal', 1, {}],
    ['verbose 2 on a terminal', 2, TTY],
  ] as const)('%s: one plain line per epoch', (_, verbose, terminal) => {
    const { progress, writes, clock } = screen(verbose, terminal);
    progress.begin('Epoch 1/2', 60_000);
    clock.time += 61_000;
    progress.update(30_000, { loss: 2 });
    clock.time += 3_600_000;
    progress.finish({ loss: 1, val_loss: 2 });
    progress.end();
    expect(writes).toEqual(['Epoch 1/2  100%  16 samples/s  loss 1.0000  val_loss 2.0000  1:01:01\n']);
  });

  test('verbose 0 writes nothing', () => {
    const { progress, writes, clock } = screen(0, TTY);
    progress.begin('Epoch 1/1', 10);
    clock.time += 1000;
    progress.update(5, { loss: 1 });
    progress.finish({ loss: 1 });
    progress.end();
    expect(writes).toEqual([]);
  });
});
