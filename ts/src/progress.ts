// The progress of a training run on a terminal: one line per epoch, redrawn in place while the epoch runs.
// Where output is no terminal there is one plain line per epoch, in a browser one console line. Keeps no timer.

/** Where lines go; `process.stdout` is one. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** 0 silent; 1 a live line, or plain lines where there is no terminal; 2 always plain lines. */
export type Verbosity = 0 | 1 | 2;

/** Options of `Progress`. */
export interface ProgressOptions {
  verbose: Verbosity;
  /** Default: `process.stdout`, or the console where there is none. */
  stream?: ProgressStream;
  /** A clock in milliseconds. Default: `performance.now`. */
  now?: () => number;
}

const REDRAW_MS = 100;
const MAX_BAR = 30;
const MIN_BAR = 10;
const DEFAULT_COLUMNS = 80;

/** Shows a run: `begin`, any number of `update`s and `finish` for each epoch, and `end` however the run ends. */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  readonly #live: boolean;
  readonly #silent: boolean;
  #title = '';
  #total: number | undefined;
  #started = 0;
  #lastDraw = 0;
  #done = 0;
  #lineOpen = false;

  constructor({ verbose, stream, now = () => performance.now() }: ProgressOptions) {
    // A process that prints nothing is not made to load its streams, which takes some milliseconds.
    stream ??= verbose === 0 ? { write() {} } : defaultStream();
    this.#stream = stream;
    this.#now = now;
    this.#silent = verbose === 0;
    this.#live = verbose === 1 && stream.isTTY === true;
  }

  /** Begins what `title` says, such as an epoch. `totalSamples` may be unknown, for streams of data. */
  begin(title: string, totalSamples: number | undefined): void {
    this.#title = title;
    this.#total = totalSamples;
    this.#done = 0;
    this.#started = this.#now();
    this.#lastDraw = this.#started;
  }

  /** Samples done so far, and the running loss and metrics. Draws at most ten times a second. */
  update(samplesDone: number, logs: Readonly<Record<string, number>>): void {
    this.#done = samplesDone;
    if (this.#silent || !this.#live) return;
    const time = this.#now();
    if (time - this.#lastDraw < REDRAW_MS) return;
    this.#lastDraw = time;
    this.#redraw(this.#fitted(this.#speed(time), formatLogs(logs), this.#timeLeft(time)));
  }

  /** Ends it with the final loss and metrics; this line stays. */
  finish(logs: Readonly<Record<string, number>>): void {
    if (this.#silent) return;
    const time = this.#now();
    if (this.#total !== undefined) this.#done = this.#total;
    const elapsed = formatElapsed(time - this.#started);
    if (this.#live) {
      this.#redraw(this.#fitted(this.#speed(time), formatLogs(logs), elapsed));
      this.#stream.write('\n');
    } else {
      this.#stream.write(`${join([this.#title, this.#count(), this.#speed(time), formatLogs(logs), elapsed])}\n`);
    }
    this.#lineOpen = false;
  }

  /** Leaves the terminal at the start of a line, also when an epoch was broken off. */
  end(): void {
    if (this.#lineOpen) this.#stream.write('\n');
    this.#lineOpen = false;
  }

  #redraw(line: string): void {
    // Return to the first column, write, clear what an earlier, longer line left behind.
    this.#stream.write(`\r${line}\x1b[K`);
    this.#lineOpen = true;
  }

  // The line in the terminal's width less one (a full line would wrap); the bar takes what is left over.
  #fitted(speed: string, logs: string, time: string): string {
    const width = Math.max(1, (this.#stream.columns || DEFAULT_COLUMNS) - 1);
    const line = (bar: string): string => join([this.#title, bar + this.#count(), speed, logs, time]);
    const room = width - line('').length - 3;
    const bar = this.#total && room >= MIN_BAR ? `${this.#bar(Math.min(room, MAX_BAR))} ` : '';
    return line(bar).slice(0, width);
  }

  #share(): number {
    return this.#total ? Math.min(1, this.#done / this.#total) : 0;
  }

  #bar(width: number): string {
    const filled = Math.floor(this.#share() * width);
    const head = filled < width ? '>' : '';
    return `[${'='.repeat(filled)}${head}`.padEnd(width + 1).concat(']');
  }

  #count(): string {
    return this.#total ? `${Math.floor(this.#share() * 100)}%` : `${groupThousands(this.#done)} samples`;
  }

  #speed(time: number): string {
    const seconds = (time - this.#started) / 1000;
    return seconds > 0 && this.#done > 0 ? `${groupThousands(Math.round(this.#done / seconds))} samples/s` : '';
  }

  #timeLeft(time: number): string {
    if (!this.#total || this.#done === 0) return '';
    return `${formatDuration(((time - this.#started) * (this.#total - this.#done)) / this.#done)} left`;
  }
}

function join(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('  ');
}

function formatLogs(logs: Readonly<Record<string, number>>): string {
  // A name may come from a user: nothing in it may steer the terminal.
  const clean = (name: string): string => name.replace(/\p{Cc}/gu, '');
  return join(Object.entries(logs).map(([name, value]) => `${clean(name)} ${formatNumber(value)}`));
}

function formatNumber(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && Number.isFinite(size) && (size < 1e-3 || size >= 1e5) ? value.toExponential(3) : plain(value);
}

function plain(value: number): string {
  return Number.isFinite(value) ? value.toFixed(4) : String(value);
}

/** `1,234,567`, in every locale. */
function groupThousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `3.2 s`, from a minute on `12:34`. */
function formatElapsed(milliseconds: number): string {
  return milliseconds < 59_950 ? `${(milliseconds / 1000).toFixed(1)} s` : formatDuration(milliseconds);
}

/** `0:03`, `12:34`, `1:02:03`, rounded up so that the last second is not shown as none. */
function formatDuration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

function defaultStream(): ProgressStream {
  const { process } = globalThis as { process?: { stdout?: ProgressStream } };
  if (typeof process?.stdout?.write === 'function') return process.stdout;
  return { write: (text) => console.log(text.trimEnd()) };
}
