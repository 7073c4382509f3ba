// What the public namespace `datasets` holds.

export type { ArrayData, DType } from './arrays.js';
export { readCsv, type Table } from './csv.js';
export type { CategoryColumn, CsvColumn, KnownColumn, MissingNumber, NumberColumn } from './csv-columns.js';
export type { CsvOptions, CsvSchema } from './csv-table.js';
export {
  type ArraySource,
  type Batched,
  type BatchOptions,
  type CsvDataset,
  type CsvElement,
  Dataset,
  type ShuffleOptions,
} from './dataset.js';
export { readIdx } from './idx.js';
export { loadDigits, loadHousePrices, loadMnist } from './sets.js';
export type { Elements } from './sources.js';
export type { Samples, SplitOptions, TrainTest } from './split.js';
