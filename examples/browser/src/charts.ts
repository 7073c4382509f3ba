// Curves by epoch: training, held out, and what the run before came to, so that two ways of training can be compared.

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

const HEIGHT = 168;
/** Epochs on the axis before there are more. */
const LEAST = 60;
/** Epochs that may lie outside of the picture. */
const FIRST = 4;

/** The curves of a chart; each begins at the first epoch that is shown. */
export interface Curves {
  readonly training: readonly number[];
  readonly heldOut: readonly number[];
  readonly earlier: readonly number[];
}

/** A chart of one measure. */
export class Chart {
  readonly #box: HTMLElement;
  readonly #key: HTMLElement;
  readonly #format: (value: number) => string;
  #plot: uPlot;
  #curves: Curves = { training: [], heldOut: [], earlier: [] };
  readonly #range: (low: number, high: number) => [number, number];

  constructor(
    id: string,
    format: (value: number) => string,
    range: (low: number, high: number) => [low: number, high: number],
  ) {
    this.#box = document.getElementById(`${id}-chart`) as HTMLElement;
    this.#key = document.getElementById(`${id}-key`) as HTMLElement;
    this.#format = format;
    this.#range = range;
    this.#plot = this.#make();
    new ResizeObserver(() => this.#plot.setSize({ width: this.#box.clientWidth, height: HEIGHT })).observe(this.#box);
    // Colours are read when the plot is made.
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#plot.destroy();
      this.#plot = this.#make();
      this.show(this.#curves);
    });
  }

  show(curves: Curves): void {
    this.#curves = curves;
    const length = Math.max(LEAST, curves.heldOut.length, curves.earlier.length);
    const padded = (values: readonly number[]) => Array.from({ length }, (_, i) => values[i] ?? null);
    const epochs = Array.from({ length }, (_, i) => i + 1);
    this.#plot.setData([epochs, padded(curves.earlier), padded(curves.training), padded(curves.heldOut)]);
    this.#explain();
  }

  #make(): uPlot {
    const style = getComputedStyle(document.documentElement);
    const color = (name: string): string => style.getPropertyValue(name).trim();
    const font = '11px system-ui, sans-serif';
    const axis = {
      font,
      stroke: color('--muted'),
      ticks: { show: false },
      grid: { stroke: color('--line'), width: 1 },
    };
    const line = { width: 2, points: { show: false } };
    const options: uPlot.Options = {
      width: Math.max(1, this.#box.clientWidth),
      height: HEIGHT,
      padding: [8, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: false },
        y: { range: () => this.#limits() },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 26, space: 60, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] },
        { ...axis, size: 44, space: 32, values: (_, ticks) => ticks.map((tick) => this.#format(tick)) },
      ],
      series: [
        {},
        { ...line, width: 1.5, stroke: color('--faint'), dash: [4, 4] },
        { ...line, stroke: color('--muted') },
        { ...line, stroke: color('--accent') },
      ],
      hooks: { setCursor: [() => this.#explain()] },
    };
    return new uPlot(options, [[], [], [], []], this.#box);
  }

  // The first epochs go from chance to fair and would flatten all the rest: they enter the picture from outside.
  #limits(): [number, number] {
    const { training, heldOut, earlier } = this.#curves;
    const values = [training, heldOut, earlier].flatMap((curve) => curve.slice(Math.min(FIRST, curve.length >> 1)));
    return values.length === 0
      ? this.#range(Number.NaN, Number.NaN)
      : this.#range(Math.min(...values), Math.max(...values));
  }

  // What the curves are, with their values under the cursor or the last ones.
  #explain(): void {
    const { heldOut, training, earlier } = this.#curves;
    const index = this.#plot?.cursor.idx;
    const value = (values: readonly number[]): string => {
      const found = index == null ? values.at(-1) : values[index];
      return found === undefined ? '' : this.#format(found);
    };
    const entry = (kind: string, name: string, text: string): HTMLElement => {
      const element = document.createElement('span');
      element.className = kind;
      const number = document.createElement('b');
      number.textContent = text;
      element.append(name, ' ', number);
      return element;
    };
    const entries = [entry('held-out', 'held out', value(heldOut)), entry('training', 'training', value(training))];
    if (earlier.length > 0) entries.push(entry('earlier', 'before', value(earlier)));
    this.#key.replaceChildren(...entries);
  }
}
