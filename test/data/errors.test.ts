// The error class, its message form, suggestions and descriptions of values.

import { describe, expect, test } from 'vitest';
import { CODES, checkOptionNames, DescendError, describeValue, fail, nearest } from '../../ts/src/errors.js';

describe('fail', () => {
  test('says what failed, what was expected, what came and a hint', () => {
    const error = fail('SHAPE_MISMATCH', 'dense_2', 'input of 784 values', '28x28', 'add Flatten before it');
    expect(error).toBeInstanceOf(DescendError);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('DescendError');
    expect(error.code).toBe('SHAPE_MISMATCH');
    expect(error.message).toBe('dense_2: expected input of 784 values, got 28x28 (add Flatten before it)');
    expect('cause' in error).toBe(false);
  });

  test('keeps a cause', () => {
    const cause = new TypeError('why');
    expect(fail('FILE_IO', 'a', 'b', 'c', undefined, cause).cause).toBe(cause);
  });
});

test('every code is an upper-case name with a sentence', () => {
  for (const [code, meaning] of Object.entries(CODES)) {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(meaning).toMatch(/^[A-Z].*\.$/);
  }
});

describe('nearest', () => {
  const known = ['learningRate', 'momentum', 'nesterov', 'weightDecay', 'clipnorm'];
  test.each([
    ['learning_rate', 'learningRate'],
    ['LEARNINGRATE', 'learningRate'],
    ['lerningRate', 'learningRate'],
    ['momentun', 'momentum'],
    ['lable', undefined],
    ['nestreov', 'nesterov'],
    ['clipNorm', 'clipnorm'],
    ['zzz', undefined],
    ['', undefined],
    ['lr', 'learningRate'],
  ])('%s -> %s', (word, expected) => expect(nearest(word, known)).toBe(expected));

  test.each([
    ['mae', undefined],
    ['gelu', undefined],
    ['lr', undefined],
    ['sdg', 'sgd'],
    ['rellu', 'relu'],
    ['adm', 'adam'],
    ['sead', 'seed'],
    ['axes', 'axis'],
  ])('among short names: %s -> %s', (word, expected) => {
    expect(nearest(word, ['mse', 'relu', 'sgd', 'adam', 'seed', 'axis'])).toBe(expected);
  });

  test('stays fast and silent for a huge word', () => {
    expect(nearest('x'.repeat(1e6), known)).toBeUndefined();
  });
});

describe('describeValue', () => {
  test.each([
    [-1, '-1'],
    [-0, '-0'],
    [Number.NaN, 'NaN'],
    [5n, '5n'],
    ['adamm', '"adamm"'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
    [[2, Number.NaN], '[2, NaN]'],
    [new Array(1000), 'an array of 1000 values'],
    [new Float32Array(784), 'Float32Array(784)'],
    [{}, '{}'],
    [{ data: 1, shape: 2 }, '{ data, shape }'],
    [new Date(0), 'an object of class Date'],
    [Math.max, 'function max'],
  ])('case %#', (value, expected) => expect(describeValue(value)).toBe(expected));

  test('never throws and never runs long', () => {
    const hostile = new Proxy({}, { get: () => fail('BUSY', '', '', ''), ownKeys: () => [Symbol.iterator] });
    const revoked = Proxy.revocable([], {});
    revoked.revoke();
    const throwing = {
      get constructor(): never {
        throw new Error('no');
      },
    };
    const values = [hostile, revoked.proxy, throwing, Object.create(null), 'x'.repeat(1e6), 10n ** 1000n];
    for (const value of values) expect(describeValue(value).length).toBeLessThan(100);
  });
});

test('checkOptionNames names the nearest known option', () => {
  const check = (options: object): void => checkOptionNames(options, ['label', 'header'], 'readCsv');
  expect(() => check({ label: 1 })).not.toThrow();
  expect(() => check({ label: 1, lable: 2 })).toThrow(
    'readCsv: expected label, header, got "lable" (did you mean label?)',
  );
  expect(() => check(JSON.parse('{"__proto__":1}') as object)).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_OPTION' }),
  );
});
