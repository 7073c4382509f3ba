// Splits CSV text into rows of equally many fields, after RFC 4180, without looking at what the fields mean. The text may
// come in pieces that end anywhere.
// Refuses stray quotes, an unclosed quote, blank lines in the middle, and rows of another length than the first.

import { type DescendError, fail, quote } from '../errors.js';

/** The fields of one row, and the line of the text on which it begins (from 1). */
export interface CsvRow {
  fields: string[];
  line: number;
}

/** Most characters of a row in text that comes in pieces: an unclosed quote must not fill the memory. */
const MOST = 2 ** 24;
const QUOTE = 34;
const LINE_FEED = 10;
const RETURN = 13;

/** The rows of `text`. `name` is how messages call it. Throws FILE_FORMAT. */
export function parseCsv(text: string, name: string): CsvRow[] {
  const split = new CsvSplitter(name);
  split.push(text);
  split.finish();
  const rows: CsvRow[] = [];
  for (let row = split.next(); row; row = split.next()) rows.push(row);
  return rows;
}

/** Text in, rows out. */
export class CsvSplitter {
  readonly #name: string;
  readonly #delimiter: string;
  readonly #delimiterCode: number;
  #text = '';
  #at = 0;
  #line = 1;
  #begun = false;
  #finished = false;
  #width: number | undefined;
  /** Characters that are to be there before a row that broke off is tried again: linear time, however long it is. */
  #wanted = 0;

  /** `delimiter` is one character. */
  constructor(name: string, delimiter = ',') {
    this.#name = name;
    this.#delimiter = delimiter;
    this.#delimiterCode = delimiter.charCodeAt(0);
  }

  /** More text. */
  push(text: string): void {
    const own = this.#begun || !text.startsWith('\ufeff') ? text : text.slice(1);
    this.#begun ||= text !== '';
    this.#text = this.#text.slice(this.#at) + own;
    this.#at = 0;
  }

  /** There is no more. */
  finish(): void {
    this.#finished = true;
  }

  /** The next row, or undefined until there is more text, or at the end. Throws FILE_FORMAT. */
  next(): CsvRow | undefined {
    const left = this.#text.length - this.#at;
    if (left === 0 || (!this.#finished && left < this.#wanted)) return undefined;
    const [at, line] = [this.#at, this.#line];
    const fields = this.#row();
    if (fields === undefined) {
      if (left > MOST) throw this.#error(line, `a row of at most ${MOST} characters`, 'a longer one, or an open quote');
      this.#wanted = Math.min(2 * left, MOST + 1);
      this.#at = at;
      this.#line = line;
      return undefined;
    }
    this.#wanted = 0;
    this.#width ??= fields.length;
    if (fields.length === this.#width) return { fields, line };
    throw this.#error(line, `${this.#width} fields, as in the first row`, `${fields.length}`);
  }

  // The fields up to a line break, or undefined where the text breaks off before it.
  #row(): string[] | undefined {
    const start = this.#at;
    const fields: string[] = [];
    for (;;) {
      const field = this.#text.charCodeAt(this.#at) === QUOTE ? this.#quoted() : this.#plain();
      if (field === undefined) return undefined;
      fields.push(field);
      if (this.#text.charCodeAt(this.#at) !== this.#delimiterCode) break;
      this.#at++;
    }
    if (this.#at === start) throw this.#error(this.#line, 'a row', 'a blank line');
    return this.#lineBreak() ? fields : undefined;
  }

  #error(line: number, expected: string, got: string): DescendError {
    return fail('FILE_FORMAT', `reading ${this.#name}, line ${line}`, expected, got);
  }

  #plain(): string | undefined {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === this.#delimiterCode || code === LINE_FEED || code === RETURN) break;
      if (code === QUOTE) throw this.#error(this.#line, 'quotes around a whole field', 'a quote inside one');
    }
    this.#at = at;
    return at < text.length || this.#finished ? text.slice(start, at) : undefined;
  }

  #quoted(): string | undefined {
    const line = this.#line;
    let field = '';
    for (;;) {
      const close = this.#text.indexOf('"', this.#at + 1);
      if (close < 0) {
        if (this.#finished) throw this.#error(line, 'a closing quote', 'the end of the text');
        return undefined;
      }
      field += this.#text.slice(this.#at + 1, close);
      this.#at = close + 1;
      if (this.#text.charCodeAt(this.#at) !== QUOTE) break;
      field += '"';
    }
    // Of a quote at the end it is not known whether it closes.
    if (this.#at >= this.#text.length && !this.#finished) return undefined;
    for (let at = field.indexOf('\n'); at >= 0; at = field.indexOf('\n', at + 1)) this.#line++;
    return field;
  }

  // Passes over a line break, or the end; false where the text breaks off in one.
  #lineBreak(): boolean {
    if (this.#at >= this.#text.length) return this.#finished;
    if (this.#text.charCodeAt(this.#at) === RETURN) {
      this.#at++;
      if (this.#at >= this.#text.length && !this.#finished) return false;
    }
    if (this.#text.charCodeAt(this.#at) !== LINE_FEED) {
      const delimiter = this.#delimiter === ',' ? 'a comma' : quote(this.#delimiter);
      throw this.#error(this.#line, `${delimiter} or a line break`, 'other text after a field');
    }
    this.#at++;
    this.#line++;
    return true;
  }
}
