// What the public namespace `datasets` holds.

export type { ArrayData, DType } from './arrays.js';
export { type CsvOptions, readCsv, type Table } from './csv.js';
export { readIdx } from './idx.js';
export { loadDigits, loadHousePrices, loadMnist } from './sets.js';
export type { Samples, SplitOptions, TrainTest } from './split.js';
