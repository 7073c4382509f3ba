// The table that `summary` prints: layers, the shapes they give, their numbers of weights.

import type { Layer } from '../layers/index.js';
import { classNameOf } from '../units.js';
import { countOf } from './count.js';

/** The lines of a model's summary. `shapes` are those of the layers' outputs, in order; none before it is built. */
export function summaryLines(name: string, layers: readonly Layer[], shapes: readonly (readonly number[])[]): string[] {
  const rows = layers.map((layer, i) => [
    `${layer.name} (${classNameOf(layer)})`,
    shapes[i] ? `[${['batch', ...shapes[i]].join(', ')}]` : '?',
    layer.built ? grouped(countOf(layer.weights)) : '?',
  ]);
  const weights = [...new Set(layers)].flatMap((layer) => layer.weights.map((weight) => ({ layer, weight })));
  const trained = weights.filter(({ layer, weight }) => layer.trainable && weight.trainable);
  const total = countOf(weights.map(({ weight }) => weight));
  const trainable = countOf(trained.map(({ weight }) => weight));
  return [
    `Model: ${JSON.stringify(name)}`,
    ...table(['Layer (type)', 'Output Shape', 'Param #'], rows),
    ` Total params: ${amount(total)}`,
    ` Trainable params: ${amount(trainable)}`,
    ` Non-trainable params: ${amount(total - trainable)}`,
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)));
  const rule = (left: string, middle: string, right: string, dash: string): string =>
    left + widths.map((width) => dash.repeat(width + 2)).join(middle) + right;
  const line = (cells: readonly string[], bar: string): string => {
    const padded = cells.map((cell, i) => (i === 2 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)));
    return `${bar} ${padded.join(` ${bar} `)} ${bar}`;
  };
  return [
    rule('┏', '┳', '┓', '━'),
    line(head, '┃'),
    rule('┡', '╇', '┩', '━'),
    ...rows.flatMap((row, i) => (i === 0 ? [line(row, '│')] : [rule('├', '┼', '┤', '─'), line(row, '│')])),
    rule('└', '┴', '┘', '─'),
  ];
}

function amount(count: number): string {
  return `${grouped(count)} (${bytesText(4 * count)})`;
}

function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let size = bytes;
  for (; size >= 1024 && unit < units.length - 1; unit++) size /= 1024;
  return `${size.toFixed(2)} ${units[unit]}`;
}

/** `1,234,567`, in every locale. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
