// A CSV file as rows of fields: its bytes as text, the text as rows, the first row as names. Holds no more than a piece.

import { describeValue, fail, nearest, quote } from '../errors.js';
import type { CsvRow, CsvSplitter } from './csv-rows.js';
import { type Cursor, END, type Pulled } from './flow.js';
import { cursorOf } from './sources.js';

/** The rows of text in pieces; without the first one, where that is a header. */
export class RowReader implements Cursor<CsvRow> {
  readonly #pieces: Cursor<string>;
  readonly #splitter: CsvSplitter;
  #skipHeader: boolean;
  #finished = false;

  constructor(pieces: Iterator<string> | AsyncIterator<string>, splitter: CsvSplitter, header: boolean) {
    this.#pieces = cursorOf<string>(pieces);
    this.#splitter = splitter;
    this.#skipHeader = header;
  }

  /** The first row, header or not. */
  first(): Pulled<CsvRow> | Promise<Pulled<CsvRow>> {
    this.#skipHeader = false;
    return this.next();
  }

  next(): Pulled<CsvRow> | Promise<Pulled<CsvRow>> {
    for (;;) {
      const row = this.#splitter.next();
      if (row !== undefined) {
        if (!this.#skipHeader) return row;
        this.#skipHeader = false;
        continue;
      }
      if (this.#finished) return END;
      const piece = this.#pieces.next();
      if (piece instanceof Promise) return piece.then((late) => this.#take(late));
      this.#push(piece);
    }
  }

  close(): unknown {
    return this.#pieces.close();
  }

  #take(piece: Pulled<string>): Pulled<CsvRow> | Promise<Pulled<CsvRow>> {
    this.#push(piece);
    return this.next();
  }

  #push(piece: Pulled<string>): void {
    this.#finished = piece === END;
    if (piece === END) this.#splitter.finish();
    else this.#splitter.push(piece);
  }
}

/** The names of a table's columns. Throws FILE_FORMAT, DUPLICATE_NAME. */
export async function namesIn(rows: RowReader, header: boolean, name: string): Promise<string[]> {
  try {
    const first = await rows.first();
    if (header) return headerNames(first === END ? undefined : first, name);
    // The first row says how many columns there are.
    return first === END ? [] : first.fields.map((_, i) => String(i));
  } finally {
    await rows.close();
  }
}

/** Bytes as text in UTF-8, without a byte order mark. Throws FILE_FORMAT. */
export async function* textOf(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decoded = (chunk?: Uint8Array): string => {
    try {
      return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
    } catch {
      throw fail('FILE_FORMAT', `reading ${name}`, 'text in UTF-8', 'other bytes');
    }
  };
  for await (const chunk of chunks) yield decoded(chunk);
  yield decoded();
}

/** The names in a header row. Throws FILE_FORMAT, DUPLICATE_NAME. */
export function headerNames(row: CsvRow | undefined, name: string): string[] {
  if (row === undefined) throw fail('FILE_FORMAT', `reading ${name}`, 'a header row', 'an empty file');
  const names = row.fields.map((field) => field.trim());
  const twice = names.find((column, i) => names.indexOf(column) !== i);
  if (twice === undefined) return names;
  const what = `reading ${name}, line ${row.line}`;
  throw fail('DUPLICATE_NAME', what, 'columns of different names', `${quote(twice)} twice`);
}

/** Where a column stands. Throws UNKNOWN_NAME. */
export function placeOf(column: string, names: readonly string[], name: string): number {
  const place = names.indexOf(column);
  if (place >= 0) return place;
  const meant = nearest(String(column), names);
  const hint = meant === undefined ? undefined : `did you mean ${quote(meant)}?`;
  throw fail('UNKNOWN_NAME', `reading ${name}`, 'a column of the table', describeValue(column), hint);
}
