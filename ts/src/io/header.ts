// Parses the JSON header of a safetensors file by its grammar instead of as free JSON: every key and type is known
// beforehand, so nesting, duplicate names, fractions and unknown fields are refused while reading, in linear time.
// Names live in maps; no object of the header ever exists, so no name can reach a prototype.

/** What the header says of one tensor, checked for form but not yet against the data. */
export interface TensorEntry {
  name: string;
  dtype: string;
  shape: number[];
  begin: number;
  end: number;
}

/** A whole header. */
export interface Header {
  entries: TensorEntry[];
  metadata: Map<string, string>;
}

/** Why a header is refused; the caller turns it into the error a user sees. */
export class HeaderError {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    this.expected = expected;
    this.got = got;
  }
}

/** Parses header text. Throws HeaderError. */
export function parseHeader(text: string): Header {
  const scan = new Scan(text);
  // The format wants the brace first; only spaces may follow the object.
  if (text[0] !== '{') throw new HeaderError('a header that begins with {', scan.here());
  const entries: TensorEntry[] = [];
  const names = new Set<string>();
  let metadata = new Map<string, string>();
  scan.object((name) => {
    if (names.has(name)) throw twice(name);
    names.add(name);
    if (name === '__metadata__') metadata = parseMetadata(scan);
    else entries.push(parseEntry(scan, name));
  });
  scan.end();
  return { entries, metadata };
}

function parseMetadata(scan: Scan): Map<string, string> {
  const metadata = new Map<string, string>();
  scan.object((key) => {
    if (metadata.has(key)) throw twice(key);
    metadata.set(key, scan.string());
  });
  return metadata;
}

function parseEntry(scan: Scan, name: string): TensorEntry {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scan.object((field) => {
    if (field === 'dtype' && dtype === undefined) dtype = scan.string();
    else if (field === 'shape' && shape === undefined) shape = scan.integers();
    else if (field === 'data_offsets' && offsets === undefined) offsets = scan.integers();
    else throw new HeaderError('the fields dtype, shape and data_offsets, each once', `field ${excerpt(field)}`);
  });
  if (dtype === undefined || shape === undefined || offsets === undefined) {
    throw new HeaderError('dtype, shape and data_offsets for every tensor', 'an entry without one of them');
  }
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2) {
    throw new HeaderError('two data_offsets', String(offsets.length));
  }
  return { name, dtype, shape, begin, end };
}

function twice(name: string): HeaderError {
  return new HeaderError('every name once', `${excerpt(name)} twice`);
}

function excerpt(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

const QUOTE = 0x22;
const SPACE = 0x20;
const BACKSLASH = 0x5c;
const ZERO = 0x30;

class Scan {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Calls `member` with each key of an object, to take the value. Keys are the caller's to compare. */
  object(member: (key: string) => void): void {
    this.take('{');
    if (this.peek() === '}') {
      this.at++;
      return;
    }
    do {
      const key = this.string();
      this.take(':');
      member(key);
    } while (this.more('}'));
  }

  /** A list of whole numbers from 0 to 2^53 - 1. */
  integers(): number[] {
    const values: number[] = [];
    this.take('[');
    if (this.peek() === ']') {
      this.at++;
      return values;
    }
    do values.push(this.integer());
    while (this.more(']'));
    return values;
  }

  string(): string {
    this.take('"');
    const start = this.at;
    let plain = true;
    let code = this.text.charCodeAt(this.at);
    while (code !== QUOTE) {
      if (Number.isNaN(code)) throw new HeaderError('a closing quote', 'the end of the header');
      plain &&= code >= SPACE && code !== BACKSLASH;
      this.at += code === BACKSLASH ? 2 : 1;
      code = this.text.charCodeAt(this.at);
    }
    this.at++;
    // Most strings stand for themselves; JSON knows the rules for all others.
    return plain ? this.text.slice(start, this.at - 1) : unescaped(this.text.slice(start - 1, this.at));
  }

  end(): void {
    if (this.peek() !== undefined) throw new HeaderError('nothing but spaces after the header', this.here());
  }

  /** The next few characters, for a message. */
  here(): string {
    return this.at >= this.text.length
      ? 'the end of the header'
      : JSON.stringify(this.text.slice(this.at, this.at + 12));
  }

  private integer(): number {
    this.peek();
    const start = this.at;
    let value = 0;
    for (;;) {
      const digit = this.text.charCodeAt(this.at) - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      this.at++;
      if (value > Number.MAX_SAFE_INTEGER) throw new HeaderError('whole numbers below 2^53', 'a larger one');
    }
    const digits = this.at - start;
    const next = this.text[this.at];
    const leadingZero = digits > 1 && this.text.charCodeAt(start) === ZERO;
    if (digits === 0 || leadingZero || next === '.' || next === 'e' || next === 'E') {
      this.at = start;
      throw new HeaderError('a whole number of at least 0', this.here());
    }
    return value;
  }

  // True after a comma, false after the closing bracket.
  private more(close: string): boolean {
    const next = this.peek();
    if (next !== ',' && next !== close) throw new HeaderError(`a comma or ${close}`, this.here());
    this.at++;
    return next === ',';
  }

  private take(character: string): void {
    if (this.peek() !== character) throw new HeaderError(character, this.here());
    this.at++;
  }

  // The next character that is not JSON whitespace, left in place.
  private peek(): string | undefined {
    for (;;) {
      const next = this.text[this.at];
      if (next !== ' ' && next !== '\n' && next !== '\t' && next !== '\r') return next;
      this.at++;
    }
  }
}

function unescaped(literal: string): string {
  let value: string;
  try {
    value = JSON.parse(literal) as string;
  } catch {
    throw new HeaderError('a JSON string', excerpt(literal));
  }
  // Half a surrogate pair has no UTF-8 form, so the name could not be written back.
  if (/\p{Surrogate}/u.test(value)) throw new HeaderError('well-formed text', excerpt(literal));
  return value;
}
