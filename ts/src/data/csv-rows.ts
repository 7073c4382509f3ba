// Splits CSV text into rows of equally many fields, after RFC 4180, without looking at what the fields mean.
// Refuses stray quotes, an unclosed quote, blank lines in the middle, and rows of another length than the first.

import { type DescendError, fail } from '../errors.js';

/** The fields of one row, and the line of the text on which it begins (from 1). */
export interface CsvRow {
  fields: string[];
  line: number;
}

/** The rows of `text`. `name` is how messages call it. Throws FILE_FORMAT. */
export function parseCsv(text: string, name: string): CsvRow[] {
  const split = new Split(text.startsWith('\ufeff') ? text.slice(1) : text, name);
  const rows: CsvRow[] = [];
  while (!split.done()) {
    const row = split.row();
    const width = rows[0]?.fields.length ?? row.fields.length;
    if (row.fields.length !== width)
      throw split.error(row.line, `${width} fields, as in the first row`, `${row.fields.length}`);
    rows.push(row);
  }
  return rows;
}

class Split {
  private at = 0;
  private line = 1;
  private readonly text: string;
  private readonly name: string;

  constructor(text: string, name: string) {
    this.text = text;
    this.name = name;
  }

  done(): boolean {
    return this.at >= this.text.length;
  }

  row(): CsvRow {
    const line = this.line;
    const start = this.at;
    const fields: string[] = [];
    do fields.push(this.text[this.at] === '"' ? this.quoted() : this.plain());
    while (this.comma());
    if (this.at === start) throw this.error(line, 'a row', 'a blank line');
    this.lineBreak();
    return { fields, line };
  }

  error(line: number, expected: string, got: string): DescendError {
    return fail('FILE_FORMAT', `reading ${this.name}, line ${line}`, expected, got);
  }

  private plain(): string {
    const start = this.at;
    for (; this.at < this.text.length; this.at++) {
      const character = this.text[this.at];
      if (character === ',' || character === '\n' || character === '\r') break;
      if (character === '"') throw this.error(this.line, 'quotes around a whole field', 'a quote inside one');
    }
    return this.text.slice(start, this.at);
  }

  private quoted(): string {
    const line = this.line;
    let field = '';
    for (;;) {
      const close = this.text.indexOf('"', this.at + 1);
      if (close < 0) throw this.error(line, 'a closing quote', 'the end of the text');
      field += this.text.slice(this.at + 1, close);
      this.at = close + 1;
      if (this.text[this.at] !== '"') break;
      field += '"';
    }
    this.line += field.split('\n').length - 1;
    return field;
  }

  private comma(): boolean {
    if (this.text[this.at] !== ',') return false;
    this.at++;
    return true;
  }

  private lineBreak(): void {
    if (this.done()) return;
    if (this.text[this.at] === '\r') this.at++;
    if (this.text[this.at] !== '\n') throw this.error(this.line, 'a comma or a line break', 'other text after a field');
    this.at++;
    this.line++;
  }
}
